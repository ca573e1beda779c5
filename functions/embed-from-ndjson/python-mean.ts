/**
 * Python's `sum(values) / len(values)`, to the last bit: since 3.12 its sum is compensated (Neumaier's), so that a
 * plain one may differ (RECORDS section 3). Of no values 0.
 */
export function pythonMean(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return values.length === 0 ? 0 : (sum + lost) / values.length;
}
