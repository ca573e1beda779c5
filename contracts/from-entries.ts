/** `Object.fromEntries` that keeps the keys' names: there must be an entry for each of them. */
export const fromEntries = <Key extends string, Value>(
  entries: Iterable<readonly [Key, Value]>,
): Record<Key, Value> => Object.fromEntries(entries) as Record<Key, Value>;
