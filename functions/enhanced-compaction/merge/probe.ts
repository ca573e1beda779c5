import type { ChromaCollection, WrittenVector } from '../chroma/collection';
import { hiddenAmong, mendHidden, squaredLength, TOLERANCE } from './hidden-vectors';
import { MergeNotProven } from './merge-not-proven';

/**
 * Read back: all of a receipt, so that a vector that is lost or wrong is seen. An equal vector of another record may
 * answer a search for a lost one. Of a large merge these miss what is wrong in one record of fifty once in 13 times.
 */
const MOST_READ = 128;
/**
 * Searched for: a sixteenth within these bounds, since a search takes three quarters of the time of an addition. Of what was
 * written into an index of ours none was hidden in 30,000, into one of Chroma's defaults one in 400; what is hidden
 * and not asked for here is looked for before a checkpoint (`index-health.ts`), which follows each large merge.
 */
const SEARCHED_SHARE = 1 / 16;
const FEWEST_SEARCHED = 4;
const MOST_SEARCHED = 64;

/** Of what was written, what a search is to find. */
export const soughtAmong = (written: readonly WrittenVector[]): WrittenVector[] =>
  evenly(
    written,
    Math.min(MOST_SEARCHED, Math.max(FEWEST_SEARCHED, Math.ceil(written.length * SEARCHED_SHARE))),
  );

/**
 * Searches for vectors. Those that are not found are read back, and written again, so that the index links them anew.
 *
 * @returns of how many the vector is right, but not found by a search for it even then. An approximate index may have
 *   some, so that is no reason to throw a merge away.
 * @throws {MergeNotProven} when a vector is not what was written, or the index finds nothing at all.
 */
export async function searchFor(chroma: ChromaCollection, sought: readonly WrittenVector[]): Promise<number> {
  const hidden = await hiddenAmong(chroma, sought);
  await proveVectors(chroma, hidden);
  return (await mendHidden(chroma, hidden)).length;
}

/**
 * Asks for the vectors themselves: `count()` and `get()` of texts answer rightly even where vectors are lost or wrong.
 *
 * @throws {MergeNotProven} when one is not what was written.
 */
export const readBack = (chroma: ChromaCollection, written: readonly WrittenVector[]): Promise<void> =>
  proveVectors(chroma, evenly(written, MOST_READ));

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

/** At most `count` of a list, from its first to its last. */
function evenly<Each>(list: readonly Each[], count: number): Each[] {
  if (list.length <= count) return [...list];
  const step = (list.length - 1) / (count - 1);
  const chosen = new Set(Array.from({ length: count }, (_, index) => Math.round(index * step)));
  return list.filter((_, index) => chosen.has(index));
}

const squaredDistance = (written: Float32Array, stored: Float32Array): number =>
  written.reduce((sum, value, index) => sum + (value - (stored[index] ?? Number.NaN)) ** 2, 0);
