/**
 * Compares keys as S3 orders them: by their UTF-8 bytes. JavaScript's own order differs: it compares UTF-16
 * units, where the surrogates of the higher planes sort before U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Lifts surrogates above the rest of the basic plane, where UTF-8 puts them. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
