/** Letters for buckets whose names would make a table too wide. */
export interface ShortNames {
  /** One line for each. */
  readonly legend: readonly string[];
  readonly of: (bucket: string) => string;
}

const LETTERS = 26;

/** A, B, …; after Z comes A1. */
export function shortNames(buckets: readonly string[]): ShortNames {
  const names = new Map(
    buckets.map((bucket, index) => {
      const round = Math.floor(index / LETTERS);
      return [bucket, `${String.fromCharCode(65 + (index % LETTERS))}${round === 0 ? '' : round}`];
    }),
  );
  return {
    legend: [...names].map(([bucket, name]) => `  ${name} is ${bucket}`),
    of: (bucket) => names.get(bucket) ?? bucket,
  };
}
