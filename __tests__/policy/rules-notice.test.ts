import { Synthesized } from '../../stacks/synthesized/synthesized';
import { mutations } from './mutations';
import { title } from './rule';
import { RULES } from './rules';
import { shipped } from './shipped-environments';

/**
 * A rule that nothing can break proves nothing. Each that prod keeps must be broken by some stack that is
 * worse than prod by one mistake.
 */
describe('a rule notices a mistake', () => {
  const prod = shipped('prod');
  const kept = RULES.filter((rule) =>
    prod.resources(rule.type).every((resource) => rule.holds(resource, prod)),
  );

  const notices = (rule: (typeof RULES)[number]): boolean => {
    for (const json of mutations(prod.json, rule.type)) {
      const worse = new Synthesized(json);
      if (worse.resources(rule.type).some((resource) => !rule.holds(resource, worse))) return true;
    }
    return false;
  };

  it.each(kept.map((rule) => [`${rule.type} ${title(rule)}`, rule] as const))('%s', (_title, rule) => {
    expect(notices(rule)).toBe(true);
  });
});
