import type { ChromaCollection, WrittenVector } from '../chroma/collection';
import { hiddenAmong, mendHidden, squaredLength, TOLERANCE } from './hidden-vectors';
import { MergeNotProven } from './merge-not-proven';

/**
 * Read back: all of a receipt, so that a vector that is lost or wrong is seen. An equal vector of another record may
 * answer a search for a lost one. Of a large merge these miss what is wrong in one record of fifty once in 13 times.
 */
const MOST_READ = 128;
/**
 * Searched for: an eighth within these bounds, since a search takes three quarters of the time of an addition. Of what was
 * written into an index of ours none was hidden in 30,000, into one of Chroma's defaults one in 400; what is hidden
 * and not asked for here is looked for before a checkpoint (`index-health.ts`), which follows each large merge.
 */
const SEARCHED_SHARE = 1 / 8;
const FEWEST_SEARCHED = 8;
const MOST_SEARCHED = 64;

/**
 * Asks for the vectors themselves: `count()` and `get()` of texts answer rightly even where vectors are lost or wrong. They
 * are read back, and some are searched for. Those that are not found are written again, so that the index links them anew.
 *
 * @returns of how many the vector is right, but not found by a search for it even then. An approximate index may have
 *   some, so that is no reason to throw a merge away.
 * @throws {MergeNotProven} when a vector is not what was written, or the index finds nothing at all.
 */
export async function probe(chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<number> {
  const [hidden] = await Promise.all([
    hiddenAmong(chroma, evenly(written, searchedOf(written.length))),
    proveVectors(chroma, evenly(written, MOST_READ)),
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

const searchedOf = (written: number): number =>
  Math.min(MOST_SEARCHED, Math.max(FEWEST_SEARCHED, written * SEARCHED_SHARE));

/** At most about `count` of a list, from its first to its last. */
function evenly<Each>(list: readonly Each[], count: number): Each[] {
  const step = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, index) => index % step === 0 || index === list.length - 1);
}

const squaredDistance = (written: Float32Array, stored: Float32Array): number =>
  written.reduce((sum, value, index) => sum + (value - (stored[index] ?? Number.NaN)) ** 2, 0);
