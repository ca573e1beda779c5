import type { ChromaCollection, WrittenVector } from '../chroma/collection';
import { hiddenAmong, MergeNotProven, mendHidden, squaredLength, TOLERANCE } from './hidden-vectors';

/** Where one record in fifty cannot be found, this many miss it once in 176 times. */
const SEARCHED = 256;
/** Whatever a search says, these are read back: an equal vector of another record may have answered for a lost one. */
const READ = 8;

/**
 * Asks the vector index itself for some of the records: `count()` and `get()` of texts answer rightly even where
 * vectors are lost or wrong. Each of them is searched for by its own vector. Where it is not found it is read, and
 * written again, so that the index links it anew.
 *
 * @returns of how many the vector is right, but not found by a search for it even then. An approximate index may have
 *   some, so that is no reason to throw a merge away.
 * @throws {MergeNotProven} when a vector is not what was written, or the index finds nothing at all.
 */
export async function probe(chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<number> {
  const [hidden] = await Promise.all([
    hiddenAmong(chroma, evenly(written, SEARCHED)),
    proveVectors(chroma, evenly(written, READ)),
  ]);
  await proveVectors(chroma, hidden);
  return (await mendHidden(chroma, hidden)).length;
}

async function proveVectors(chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<void> {
  if (written.length === 0) return;
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

const squaredDistance = (written: Float32Array, stored: Float32Array): number =>
  written.reduce((sum, value, index) => sum + (value - (stored[index] ?? Number.NaN)) ** 2, 0);
