import { freezeGate } from '../../../../cli/migrate-buckets/retirement/freeze-gate';
import type { State } from '../../../../contracts/migrate-buckets/plan';

interface Facts {
  readonly noFreeze?: boolean;
  readonly phase?: State['phase'];
  readonly notFrozen?: string | null;
}

/** What is said of the gate, where nothing but what was verified can be deleted, or not even that was shown. */
const freeze = ({ noFreeze = false, phase = 'verified', notFrozen = null }: Facts, isSafe = true) => {
  const state = { no_freeze: noFreeze, phase } as State;
  const { name, passed, overridden, evidence } = freezeGate({ source: 'old', state, notFrozen }, isSafe);
  expect(name).toBe('freeze');
  return [passed, overridden, evidence];
};
const notFrozen = 'old is not frozen.';

it.each([true, false])('holds where the source is frozen by this plan at this moment, safe: %p', (isSafe) => {
  expect(freeze({}, isSafe)).toEqual([true, false, 'old denies writes to everybody else, by this plan.']);
});

it('fails where somebody took it back, however safe deletions are, and apply is the way on', () => {
  const refused = [
    false,
    false,
    'old is not frozen. Run apply: it freezes it, and verifies what it holds then.',
  ];
  expect(freeze({ notFrozen })).toEqual(refused);
  expect(freeze({ notFrozen }, false)).toEqual(refused);
  const { passed } = freezeGate({ source: 'old', state: undefined, notFrozen }, true);
  expect(passed).toBe(false);
});

it.each<[string, Facts, string]>([
  ['there never was one', { noFreeze: true }, 'old was never frozen (--no-freeze).'],
  ['there never was one, and none is', { noFreeze: true, notFrozen }, 'old was never frozen (--no-freeze).'],
  ['the retirement began', { notFrozen, phase: 'retiring' }, 'old is not frozen.'],
])('where %s, it holds only where deletion is safe', (_when, facts, why) => {
  const evidence = `${why} Others may have written to it. Only what was verified is deleted.`;
  expect(freeze(facts)).toEqual([true, true, evidence]);
  expect(freeze(facts, false)).toEqual([false, false, evidence]);
});
