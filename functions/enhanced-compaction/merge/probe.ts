import type { HashedRecord } from '../../../contracts/delta';
import type { ChromaCollection } from '../chroma/collection';

/** A collection does not hold what was written to it. */
export class MergeNotProven extends Error {
  override readonly name = 'MergeNotProven';
}

type WrittenVector = Pick<HashedRecord, 'id' | 'embedding'>;

/** Where one record in fifty cannot be found, this many miss it once in 176 times. */
const SEARCHED = 256;
/** Whatever a search says, these are read back: an equal vector of another record may have answered for a lost one. */
const READ = 8;
/** Float32 arithmetic over 1536 dimensions; distances of different texts are a hundred times as large. */
const TOLERANCE = 1e-3;

/**
 * Asks the vector index itself for some of the records: `count()` and `get()` of texts answer rightly even where
 * vectors are lost or wrong. Each of them is searched for by its own vector, and read where it is not found.
 *
 * @returns of how many the vector is right, but not found by a search for it. An approximate index may have some, and
 *   merging them again would not help, so that is no reason to throw a merge away.
 * @throws {MergeNotProven} when a vector is not what was written, or the index finds nothing at all.
 */
export async function probe(chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<number> {
  const hidden = await notFound(chroma, evenly(written, SEARCHED));
  await proveVectors(chroma, [...hidden, ...evenly(written, READ)]);
  return hidden.length;
}

async function notFound(
  chroma: ChromaCollection,
  searched: readonly WrittenVector[],
): Promise<WrittenVector[]> {
  const found = await chroma.nearest(
    searched.map(({ embedding }) => embedding),
    1,
  );
  return searched.filter(({ id, embedding }, index) => {
    const distance = found[index]?.[0]?.distance;
    if (distance === undefined) {
      throw new MergeNotProven(
        `The index of the collection ${chroma.name} finds nothing near the vector of ${id}.`,
      );
    }
    // Inner products know no smallest distance, so nothing can be told from them.
    return chroma.space !== 'ip' && distance > TOLERANCE * scaleOf(chroma, embedding);
  });
}

const scaleOf = ({ space }: ChromaCollection, embedding: Float32Array): number =>
  space === 'l2' ? Math.max(1, squaredLength(embedding)) : 1;

async function proveVectors(chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<void> {
  const stored = await chroma.vectors(written.map(({ id }) => id));
  for (const { id, embedding } of written) {
    const vector = stored.get(id);
    const off = vector === undefined ? Number.POSITIVE_INFINITY : squaredDistance(embedding, vector);
    if (!(off <= TOLERANCE * Math.max(1, squaredLength(embedding)))) {
      throw new MergeNotProven(`The collection ${chroma.name} does not hold the vector of ${id}.`);
    }
  }
}

/** At most about `count` of a list, from its first to its last. */
function evenly<Each>(list: readonly Each[], count: number): Each[] {
  const step = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, index) => index % step === 0 || index === list.length - 1);
}

const squaredLength = (vector: Float32Array): number => vector.reduce((sum, value) => sum + value * value, 0);

const squaredDistance = (written: Float32Array, stored: Float32Array): number =>
  written.reduce((sum, value, index) => sum + (value - (stored[index] ?? Number.NaN)) ** 2, 0);
