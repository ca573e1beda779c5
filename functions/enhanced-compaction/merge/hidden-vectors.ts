import { slices } from '../../shared/slices';
import type { ChromaCollection, Neighbour, WrittenVector } from '../chroma/collection';
import { MergeNotProven } from './merge-not-proven';

/** Float32 arithmetic over 1536 dimensions; distances of different texts are a hundred times as large. */
export const TOLERANCE = 1e-3;

/**
 * Those that a search for their own vector does not find.
 *
 * @throws {MergeNotProven} when the index finds nothing at all.
 */
export async function hiddenAmong(
  chroma: ChromaCollection,
  searched: readonly WrittenVector[],
): Promise<WrittenVector[]> {
  const found = await nearestOf(chroma, searched);
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

/** With Chroma's default index up to 12 records in 2,000 were not found, and all were after one time, or two. */
const TIMES = 2;

/**
 * Writes vectors again, so that the index links them anew. Where others may write at the same time nothing is: a vector that
 * arrives late would stand under a later text, and nothing tells that of a record.
 *
 * @returns those that a search does not find even then.
 */
export async function mendHidden(
  chroma: ChromaCollection,
  hidden: readonly WrittenVector[],
): Promise<readonly WrittenVector[]> {
  let left = hidden;
  const times = chroma.isShared ? 0 : TIMES;
  for (let time = 0; time < times && left.length > 0; time += 1) {
    await chroma.updateVectors(left);
    left = await hiddenAmong(chroma, left);
  }
  return left;
}

/** In one request: 64 vectors of 1536 dimensions are 1 MB of it. A server searches for one after the other. */
const SEARCHED_AT_ONCE = 64;

async function nearestOf(
  chroma: ChromaCollection,
  searched: readonly WrittenVector[],
): Promise<Neighbour[][]> {
  const found: Neighbour[][] = [];
  for (const some of slices(searched, SEARCHED_AT_ONCE)) {
    const embeddings = some.map(({ embedding }) => embedding);
    found.push(...(await chroma.nearest(embeddings, 1)));
  }
  return found;
}

const scaleOf = ({ space }: ChromaCollection, embedding: Float32Array): number =>
  space === 'l2' ? Math.max(1, squaredLength(embedding)) : 1;

export const squaredLength = (vector: Float32Array): number =>
  vector.reduce((sum, value) => sum + value * value, 0);
