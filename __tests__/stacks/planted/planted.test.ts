import { GUARDS } from '../../../stacks/guards';
import { reviewedType } from '../../../stacks/guards/reviewed/reviewed';
import { reviewedTypes } from '../../../stacks/guards/reviewed-types';
import { Synthesized } from '../../../stacks/synthesized/synthesized';
import { findings } from '../../support/guard-findings';
import { draft, findingsIn, type Planted } from './draft';
import { plantedGaps } from './missing';
import { plantedProperties, unreviewedAttributes } from './properties';
import { isReal, providerData, providerTypes } from './provider';
import { plantedSettings } from './settings';
import { plantedStatements } from './statements';
import { AWS_TYPES, plantedTypes } from './types';

const PLANTED: readonly Planted[] = [
  ...plantedTypes,
  ...plantedSettings,
  ...plantedProperties,
  ...plantedStatements,
  ...plantedGaps,
];

/** What the guard that has to refuse a change says about the whole stack with it. */
function refusals({ guard, plant, config }: Planted): string[] {
  const changed = draft(config);
  plant(changed);
  return findingsIn(changed, config)
    .filter((finding) => finding.guard === guard)
    .map(({ what, remedy }) => `${what} ${remedy}`);
}

it.each([...new Set(PLANTED.map(({ config }) => JSON.stringify(config ?? {})))])(
  'no guard finds anything in what nobody changed, with %s',
  (config) => {
    expect(findingsIn(draft(JSON.parse(config)), JSON.parse(config))).toEqual([]);
  },
);

describe.each([...new Set(PLANTED.map(({ guard }) => guard))])('%s refuses', (guard) => {
  const changes = PLANTED.filter((planted) => planted.guard === guard);
  it.each(changes.map((planted) => [planted.what, planted] as const))('%s', (_what, planted) => {
    expect(refusals(planted)).toContainEqual(expect.stringMatching(planted.says));
  });
});

describe('a type', () => {
  it.each(AWS_TYPES)('that is planted is one that the provider has: %s', (type) => {
    expect(isReal(type)).toBe(true);
  });

  it('that the provider has and nobody reviewed is refused, whichever it is', () => {
    const all = [...providerTypes(), ...providerData()];
    const addresses = all.map((type) => `${type}.planted`);
    const found = findings(reviewedTypes, Object.fromEntries(addresses.map((address) => [address, {}])));
    const refused = addresses.filter((address) =>
      found.some((finding) => finding.startsWith(`${address}: `) && finding.includes('nobody has reviewed')),
    );
    const reviewed = addresses.filter((address) => !refused.includes(address));
    expect(refused.length).toBeGreaterThan(2000);
    expect(reviewed.length).toBeLessThan(60);
    generated.set('reviewedTypes, all that the provider has', refused.length);
  });
});

describe('an attribute that the provider has and nobody reviewed is refused, of', () => {
  const config = { alarms: { email: 'someone@example.com' } };
  const stack = new Synthesized(draft(config).json);
  const types = [...new Set(stack.managed.map(({ type }) => type))].filter((type) => type.startsWith('aws_'));

  it.each(types)('%s', (type) => {
    const [first] = stack.resources(type);
    if (first === undefined) throw new Error(`There is no ${type}.`);
    const reviewed = Object.keys(reviewedType(first)?.properties ?? {}).map(
      (path) => path.split('.')[0] ?? '',
    );
    const changes = unreviewedAttributes(type, first.name, reviewed);
    const changed = draft(config);
    for (const { plant } of changes) plant(changed);
    const found = findingsIn(changed, config).map(({ what }) => what);
    for (const { says } of changes) expect(found).toContainEqual(expect.stringMatching(says));
    generated.set(`reviewedProperties of ${type}`, changes.length);
  });
});

const generated = new Map<string, number>();

afterAll(() => {
  const written = Object.keys(GUARDS).flatMap((guard) => {
    const count = PLANTED.filter((planted) => planted.guard === guard).length;
    return count === 0 ? [] : [`  ${guard}: ${count}`];
  });
  const attributes = [...generated]
    .filter(([what]) => what.includes(' of '))
    .reduce((sum, [, count]) => sum + count, 0);
  process.stdout.write(
    `Planted: ${PLANTED.length} changes by hand, each refused by the guard that is named\n${written.join('\n')}\nGenerated from the provider's bindings:\n  reviewedTypes: ${generated.get('reviewedTypes, all that the provider has')} types and data sources\n  reviewedProperties: ${attributes} attributes\n`,
  );
});
