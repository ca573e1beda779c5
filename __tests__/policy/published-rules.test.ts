import { EXEMPTIONS, type Exemption } from './exemptions';
import { type Rule, title } from './rule';
import { RULES } from './rules';
import { ENVIRONMENTS, type Environment, shipped } from './shipped-environments';

const STACKS = new Map(ENVIRONMENTS.map((environment) => [environment, shipped(environment)]));

function violations(rule: Rule, environment: Environment): string[] {
  const stack = STACKS.get(environment);
  if (stack === undefined) throw new Error(`${environment} was not synthesized.`);
  return stack
    .resources(rule.type)
    .filter((resource) => !rule.holds(resource, stack))
    .map(({ name }) => name);
}

const exemptionOf = ({ type, ids }: Rule, environment: Environment): Exemption | undefined =>
  EXEMPTIONS.find(
    (exemption) =>
      exemption.type === type && exemption.id === ids[0] && exemption.environments.includes(environment),
  );

const isExempt = (name: string, { resources }: Exemption): boolean =>
  resources === undefined || resources.some((exempt) => name.includes(exempt));

describe.each(ENVIRONMENTS)('the shipped environment %s', (environment) => {
  describe.each([...new Set(RULES.map(({ type }) => type))])('every %s', (type) => {
    it.each(RULES.filter((rule) => rule.type === type).map((rule) => [title(rule), rule] as const))(
      '%s',
      (_title, rule) => {
        const exemption = exemptionOf(rule, environment);
        const broken = violations(rule, environment);
        expect(broken.filter((name) => exemption === undefined || !isExempt(name, exemption))).toEqual([]);
      },
    );
  });

  it('uses no resource type without a row in the table', () => {
    const known = new Set(RULES.map(({ type }) => type));
    const resources = STACKS.get(environment)?.managed;
    expect(resources?.filter(({ type }) => !known.has(type))).toEqual([]);
  });
});

describe('an exemption', () => {
  it.each(EXEMPTIONS.map((exemption) => [`${exemption.id} of ${exemption.type}`, exemption] as const))(
    'is still needed, in each environment and for each resource that it names: %s',
    (_title, exemption) => {
      const rule = RULES.find(({ type, ids }) => type === exemption.type && ids[0] === exemption.id);
      if (rule === undefined) throw new Error(`No rule of ${exemption.type} begins with ${exemption.id}.`);
      for (const environment of exemption.environments) {
        const broken = violations(rule, environment);
        expect(broken).not.toEqual([]);
        for (const resource of exemption.resources ?? []) {
          expect(broken.some((name) => name.includes(resource))).toBe(true);
        }
      }
    },
  );

  it('gives a reason of a sentence or more', () => {
    expect(EXEMPTIONS.filter(({ reason }) => reason.split(' ').length < 8)).toEqual([]);
  });
});

afterAll(() => {
  const count = (type: string) => {
    const rows = RULES.filter((rule) => rule.type === type);
    const published = rows.filter(({ ids }) => ids.length > 0).length;
    return `  ${type}: ${published} published, ${rows.length - published} ours`;
  };
  const types = [...new Set(RULES.map(({ type }) => type))].sort();
  const ids = new Set(RULES.flatMap((rule) => rule.ids));
  process.stdout.write(
    `Policy: ${RULES.length} rules (${ids.size} published ids) over ${types.length} resource types, ${EXEMPTIONS.length} exemptions\n${types.map(count).join('\n')}\n`,
  );
});
