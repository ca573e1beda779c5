const NGRAM = 3;
/** A shared word says more than a shared run of letters, which alone would find only look-alikes. */
const WORD_WEIGHT = 1;
const NGRAM_WEIGHT = 0.25;
/** The pipeline's mark for "no neighbour": shared by nearly all texts, so it must not make them alike. */
const EDGE_MARK = /<EDGE>/g;

/**
 * A stand-in for an embedding model: hashes words and runs of letters into a vector, so that texts which share
 * words are near to each other. The same text always gives the same vector. It knows nothing of meaning.
 *
 * @returns `dimensions` numbers, of length 1 (L2).
 */
export function embedText(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const add = (feature: string, weight: number) => {
    const hash = fnv1a(feature);
    const index = hash % dimensions;
    // The sign lets features that fall on one place cancel out instead of adding up to likeness.
    vector[index] = (vector[index] ?? 0) + (hash & 0x80000000 ? -weight : weight);
  };
  const words = text
    .replace(EDGE_MARK, ' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+(?:[.,][\p{N}]+)*/gu);
  for (const word of words ?? [text]) {
    add(`word ${word}`, WORD_WEIGHT);
    const padded = `^${word}$`;
    for (let start = 0; start + NGRAM <= padded.length; start += 1) {
      add(`ngram ${padded.slice(start, start + NGRAM)}`, NGRAM_WEIGHT);
    }
  }
  return normalised(vector);
}

function normalised(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  if (length === 0) {
    vector[0] = 1;
    return vector;
  }
  return vector.map((value) => value / length);
}

/** FNV-1a over UTF-16 units, finished with a mix, since its low bits alone are poorly spread. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
