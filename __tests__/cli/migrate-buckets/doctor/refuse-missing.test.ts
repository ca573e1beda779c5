import fc from 'fast-check';
import { refuseMissing, refuseUnlistable } from '../../../../cli/migrate-buckets/doctor/refuse-missing';
import type { Check } from '../../../../contracts/migrate-buckets/capabilities';
import {
  ACCEPTABLE_CAPABILITIES,
  CAPABILITIES,
  type Capability,
} from '../../../../contracts/migrate-buckets/words';

const check = (capability: Capability, result: Check['result'], bucket = 'new'): Check => ({
  capability,
  bucket,
  result,
  evidence: `${capability} is ${result}.`,
});
/** The exit code and the sentence of a refusal, or what is accepted. */
function outcomeOf(...given: Parameters<typeof refuseMissing>) {
  try {
    return refuseMissing(...given);
  } catch (error) {
    const { exitCode, message } = error as { exitCode: number; message: string };
    return { exitCode, message };
  }
}

it('goes on with all that is proven or was not checked', () => {
  const checks = CAPABILITIES.flatMap((each) => [check(each, 'proven'), check(each, 'unchecked')]);
  expect(outcomeOf(checks, [...CAPABILITIES], false)).toEqual([]);
});

it.each(CAPABILITIES)('refuses by its name that %s is missing, and tells the way round it', (capability) => {
  const ways = outcomeOf([check('tags', 'proven'), check(capability, 'missing')], [], true);
  const isAcceptable = ACCEPTABLE_CAPABILITIES.some((each) => each === capability);
  const remedy = isAcceptable
    ? `To go on all the same, pass --accept-missing ${capability}.`
    : capability.startsWith('freeze')
      ? 'If nobody writes to the source any more, pass --no-freeze.'
      : 'There is no way round it.';
  expect(ways).toEqual({
    exitCode: 6,
    message: expect.stringMatching(/^new lacks .* is missing\. Without it .*\. /),
  });
  expect(ways).toMatchObject({ message: expect.stringContaining(remedy) });
});

it('goes on without what is accepted by name, each told once, and without nothing else', () => {
  const checks = [
    check('tags', 'missing'),
    check('expected-owner', 'missing', 'old'),
    check('expected-owner', 'missing', 'new'),
  ];
  expect(outcomeOf(checks, ['expected-owner', 'tags', 'conditional-put'], false)).toEqual([
    'tags',
    'expected-owner',
  ]);
  expect(outcomeOf(checks, ['tags'], false)).toEqual({
    exitCode: 6,
    message: expect.stringMatching(/^old lacks expected-owner: .*\nnew lacks expected-owner: .*$/),
  });
});

it.each(['listing', 'versions', 'freeze', 'freeze-denial'] as const)(
  'never goes on without %s, whatever is accepted',
  (capability) => {
    expect(outcomeOf([check(capability, 'missing')], [...CAPABILITIES], true)).toMatchObject({ exitCode: 6 });
  },
);

it.each(['conditional-copy', 'conditional-part-copy'] as const)(
  'goes on without %s only towards a destination that is frozen against everybody else',
  (capability) => {
    const checks = [check(capability, 'missing')];
    expect(outcomeOf(checks, [capability], true)).toEqual([capability]);
    expect(outcomeOf(checks, [capability], false)).toEqual({
      exitCode: 6,
      message: expect.stringContaining(
        `Without ${capability} the only allowed destination is one that is frozen against everybody else.`,
      ),
    });
  },
);

it('tells every permission that is lacking, each once, before anything else', () => {
  const checks = [
    check('tags', 'missing'),
    check('freeze', 'denied'),
    { ...check('versions', 'denied'), evidence: 'freeze is denied.' },
    check('listing', 'denied'),
  ];
  expect(outcomeOf(checks, ['tags'], true)).toEqual({
    exitCode: 1,
    message: 'freeze is denied.\nlisting is denied.',
  });
});

it('never goes on when anything is missing that was not accepted, or denied', () => {
  const result = fc.constantFrom<Check['result']>('proven', 'missing', 'denied', 'unchecked');
  const checks = fc.array(fc.tuple(fc.constantFrom(...CAPABILITIES), result).map((each) => check(...each)));
  fc.assert(
    fc.property(checks, fc.subarray([...CAPABILITIES]), fc.boolean(), (found, accepted, frozen) => {
      const outcome = outcomeOf(found, accepted, frozen);
      if (!Array.isArray(outcome)) return;
      for (const each of found) {
        expect(each.result).not.toBe('denied');
        if (each.result !== 'missing') continue;
        expect(accepted).toContain(each.capability);
        expect(outcome).toContain(each.capability);
        expect(ACCEPTABLE_CAPABILITIES).toContain(each.capability);
      }
    }),
  );
});

it('refuses to plan by listings that cannot be trusted, and by nothing else', () => {
  for (const capability of CAPABILITIES) {
    const plan = () => refuseUnlistable([check(capability, 'missing'), check('listing', 'denied')]);
    if (capability === 'listing' || capability === 'versions')
      expect(plan).toThrow(`new lacks ${capability}`);
    else expect(plan).not.toThrow();
  }
});
