/** An event filter: an object whose leaves are lists of what is allowed, as in Lambda's filter criteria. */
export type FilterPattern = { readonly [field: string]: FilterPattern | readonly Rule[] };
type Rule = string | number | boolean | null | Readonly<Record<string, unknown>>;

/**
 * Whether a record passes a filter pattern: every field of the pattern must match.
 *
 * @throws {Error} naming an operator that is not built here; nothing is let through on a guess.
 */
export function matchesPattern(pattern: FilterPattern, record: unknown): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const value = (record as Record<string, unknown> | null | undefined)?.[field];
    if (isRules(expected)) return expected.some((rule) => matchesRule(rule, value));
    return typeof value === 'object' && value !== null && matchesPattern(expected, value);
  });
}

const isRules = (expected: FilterPattern | readonly Rule[]): expected is readonly Rule[] =>
  Array.isArray(expected);

function matchesRule(rule: Rule, value: unknown): boolean {
  // A list matches when one of its values does.
  if (Array.isArray(value)) return value.some((each) => matchesRule(rule, each));
  if (typeof rule !== 'object' || rule === null) return value === rule;
  return Object.entries(rule).every(([operator, operand]) => {
    const text = typeof value === 'string' ? value : undefined;
    switch (operator) {
      case 'exists':
        return (value !== undefined) === operand;
      case 'prefix':
        return text?.startsWith(String(operand)) ?? false;
      case 'suffix':
        return text?.endsWith(String(operand)) ?? false;
      case 'equals-ignore-case':
        return text?.toLowerCase() === String(operand).toLowerCase();
      case 'anything-but':
        return value !== undefined && ![operand].flat().includes(value as Rule);
      default:
        throw new Error(
          `The local mapping does not know the filter operator "${operator}". Filter in the function instead.`,
        );
    }
  });
}
