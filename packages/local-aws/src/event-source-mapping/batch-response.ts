/**
 * Reads the answer of a function with ReportBatchItemFailures, as Lambda does: an empty or absent list is a
 * full success; a list that it cannot understand, or that names a record which was not in the batch, fails all.
 *
 * @param ids - the batch's message ids, or sequence numbers.
 * @returns the ids that failed, in the order of the batch.
 */
export function failedItems(answer: unknown, ids: readonly string[]): readonly string[] {
  if (answer === null || answer === undefined) return [];
  if (typeof answer !== 'object') return ids;
  const { batchItemFailures } = answer as { batchItemFailures?: unknown };
  if (batchItemFailures === null || batchItemFailures === undefined) return [];
  if (!Array.isArray(batchItemFailures)) return ids;
  const named = batchItemFailures.map(
    (failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier,
  );
  if (named.some((id) => typeof id !== 'string' || !ids.includes(id))) return ids;
  return ids.filter((id) => named.includes(id));
}
