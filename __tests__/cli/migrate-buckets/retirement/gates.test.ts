import fc from 'fast-check';
import { REFERENCE_KINDS, type ReferenceKind } from '../../../../cli/migrate-buckets/discovery/references';
import type { State } from '../../../../cli/migrate-buckets/plan-files/state';
import { allPass, evaluateGates, type RetireFacts } from '../../../../cli/migrate-buckets/retirement/gates';
import type { Verification } from '../../../../cli/migrate-buckets/verification/verify';

const VERIFIED_AT = Date.parse('2026-01-01T00:00:00Z');
const NO_OBJECTS = { objects: 0, bytes: 0 };

const state = fc
  .record({
    phase: fc.constantFrom<State['phase']>(
      'copying',
      'freezing',
      'frozen',
      'verified',
      'retiring',
      'retired',
    ),
    isVerified: fc.boolean(),
  })
  .map(
    ({ phase, isVerified }): State => ({
      version: 1,
      digest: 'd',
      phase,
      started_at: new Date(VERIFIED_AT).toISOString(),
      saved: null,
      verified: isVerified
        ? {
            at: new Date(VERIFIED_AT).toISOString(),
            digest: 'd',
            objects: 1,
            bytes: 1,
            levels: {},
            snapshots: [],
          }
        : null,
      overrides: [],
    }),
  );

const verification = fc.nat(2).map(
  (problemCount): Verification => ({
    digest: 'd',
    objects: 2,
    bytes: 2,
    levels: { P4: NO_OBJECTS, P3: NO_OBJECTS, P2: NO_OBJECTS, P1: NO_OBJECTS, P0: NO_OBJECTS },
    decoys: 0,
    extra: 0,
    problems: Array.from({ length: problemCount }, () => ({ key: 'k', level: 'P0', why: 'It is missing.' })),
    problemCount,
    proven: problemCount === 0,
    snapshots: [],
  }),
);

const someKinds = fc.subarray<ReferenceKind>([...REFERENCE_KINDS]);

/** Mostly facts that hold, so that every condition is also met as the only one that fails. */
const facts: fc.Arbitrary<RetireFacts> = fc.record({
  source: fc.constant('old'),
  destination: fc.constant('new'),
  state: fc.oneof({ weight: 9, arbitrary: state }, { weight: 1, arbitrary: fc.constant(undefined) }),
  unchanged: fc.record({ holds: fc.boolean(), evidence: fc.constant('as listed') }),
  verification: fc.option(verification),
  survey: fc.record({
    texts: fc.constant([]),
    unchecked: someKinds.map((kinds) => kinds.map((kind) => ({ kind, why: 'Nobody answered.' }))),
  }),
  references: fc.oneof(
    fc.constant([]),
    someKinds.map((kinds) => kinds.map((kind) => ({ kind, where: 'somewhere', text: 'old' }))),
  ),
  now: fc.integer({ min: -10, max: 10 }).map((seconds) => VERIFIED_AT + seconds * 1000),
  soak: fc.nat(10),
  writtenSince: fc.option(fc.constant({ key: 'k', at: VERIFIED_AT + 1000 })),
  lock: fc.option(fc.constant('old has object lock.')),
  owner: fc.option(fc.constant('111122223333')),
  overrides: fc.subarray<string>([
    ...REFERENCE_KINDS,
    'in-use',
    // What may not be overridden, in case that somebody finds a way to ask for it.
    ...['verified', 'unchanged', 'proven', 'soak', 'object-lock', 'owner'],
  ]),
});

/** What deletion demands, told once more and apart from the gates: each must hold, whatever else does. */
const DEMANDS: readonly (readonly [string, (facts: RetireFacts) => boolean])[] = [
  ['verified', ({ state: s }) => s?.verified != null && ['verified', 'retiring'].includes(s.phase)],
  ['unchanged', ({ unchanged }) => unchanged.holds],
  ['proven', ({ verification: v }) => v !== null && v.problemCount === 0],
  ...REFERENCE_KINDS.map(
    (kind) =>
      [
        kind,
        ({ references, survey, overrides }: RetireFacts) =>
          !references.some((each) => each.kind === kind) &&
          (overrides.includes(kind) || !survey.unchecked.some((each) => each.kind === kind)),
      ] as const,
  ),
  ['soak', ({ state: s, now, soak }) => s?.verified != null && now - VERIFIED_AT >= soak * 1000],
  ['in-use', ({ writtenSince, overrides }) => writtenSince !== null || overrides.includes('in-use')],
  ['object-lock', ({ lock }) => lock === null],
  ['owner', ({ owner }) => owner !== null],
];

/** Facts under which everything may go. */
const sound = (): RetireFacts => ({
  source: 'old',
  destination: 'new',
  state: fc.sample(
    state.filter(({ phase, verified }) => phase === 'verified' && verified !== null),
    1,
  )[0],
  unchanged: { holds: true, evidence: 'as listed' },
  verification:
    fc.sample(
      verification.filter(({ proven }) => proven),
      1,
    )[0] ?? null,
  survey: { texts: [], unchecked: [] },
  references: [],
  now: VERIFIED_AT + 10_000,
  soak: 10,
  writtenSince: { key: 'k', at: VERIFIED_AT + 1000 },
  lock: null,
  owner: '111122223333',
  overrides: [],
});

describe('the gates before a retirement', () => {
  it('never all pass when anything that deletion demands fails, and each failure has its own gate', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const gates = evaluateGates(each);
        const failed = gates.filter(({ passed }) => !passed).map(({ name }) => name);
        expect(failed).toEqual(DEMANDS.filter(([, holds]) => !holds(each)).map(([name]) => name));
        expect(allPass(gates)).toBe(failed.length === 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('fall to a single failure among facts that otherwise all hold, whatever is overridden', () => {
    expect(allPass(evaluateGates(sound()))).toBe(true);
    // One part of sound facts is replaced by whatever it may be.
    const part = fc.constantFrom(...(Object.keys(sound()) as (keyof RetireFacts)[]));
    fc.assert(
      fc.property(facts, part, (other, name) => {
        const mixed = { ...sound(), overrides: other.overrides, [name]: other[name] };
        expect(allPass(evaluateGates(mixed))).toBe(DEMANDS.every(([, holds]) => holds(mixed)));
      }),
      { numRuns: 1000 },
    );
  });

  it('say of every gate what was found, and mark one as overridden only where nothing was found', () => {
    fc.assert(
      fc.property(facts, (each) => {
        for (const { name, evidence, overridden, passed } of evaluateGates(each)) {
          expect(evidence).toMatch(/\S/);
          if (!overridden) continue;
          expect({ name, passed }).toEqual({ name, passed: true });
          expect([...REFERENCE_KINDS, 'in-use']).toContain(name);
          expect(each.overrides).toContain(name);
          expect(each.references.some(({ kind }) => kind === name)).toBe(false);
        }
      }),
    );
  });
});
