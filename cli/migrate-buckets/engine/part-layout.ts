export interface Part {
  /** From 1. */
  readonly number: number;
  /** First and last byte, both included. */
  readonly first: number;
  readonly last: number;
}

/** S3 takes at most this many parts. */
const MAXIMUM_PARTS = 10_000;
/** 5 MiB: no part but the last may be smaller. */
const MINIMUM_PART = 5 * 1024 * 1024;

/** Cuts an object into parts of one size, as nearly every uploader does. An empty object is one empty part. */
export function evenParts(size: number, partSize: number): Part[] {
  const count = Math.max(1, Math.ceil(size / partSize));
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    first: index * partSize,
    last: Math.min(size, (index + 1) * partSize) - 1,
  }));
}

/** Cuts an object at the given part sizes. */
export function unevenParts(sizes: readonly number[]): Part[] {
  let first = 0;
  return sizes.map((size, index) => {
    const part = { number: index + 1, first, last: first + size - 1 };
    first += size;
    return part;
  });
}

/** A part size for an object whose original cut is unknown: the wanted one, raised until S3's limits hold. */
export const choosePartSize = (size: number, wanted: number): number =>
  Math.max(MINIMUM_PART, wanted, Math.ceil(size / MAXIMUM_PARTS));
