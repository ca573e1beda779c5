/** A collection does not hold what was written to it. */
export class MergeNotProven extends Error {
  override readonly name = 'MergeNotProven';
}
