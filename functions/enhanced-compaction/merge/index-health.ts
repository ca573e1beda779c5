import { randomInt } from 'node:crypto';
import type { ChromaCollection } from '../chroma/collection';
import { hiddenAmong, mendHidden } from './hidden-vectors';

/** What a part of a collection's vector index was like. Records. */
export interface IndexHealth {
  readonly searched: number;
  /** Of those, how many a search for their own vector did not find. */
  readonly hidden: number;
  /** Of those, how many it does not find after they were written again. */
  readonly left: number;
}

/** A search takes some 4 ms of one core at 1536 dimensions: these take 2 s on two. A smaller collection is searched whole. */
const SEARCHED = 1000;
/** Held in memory at once: 250 records of 1536 dimensions are 8 MB as JSON. */
const AT_ONCE = 250;

/**
 * Searches a part of a collection for its own vectors, and writes again what is not found. A merge asks for what it wrote;
 * but where it writes over records, their former neighbours may lose their last link, and nobody asks for those.
 *
 * @param records - in the collection.
 */
export async function mendIndex(chroma: ChromaCollection, records: number): Promise<IndexHealth> {
  const start = records <= SEARCHED ? 0 : randomInt(records - SEARCHED + 1);
  const end = Math.min(start + SEARCHED, records);
  const health = { searched: 0, hidden: 0, left: 0 };
  for (let offset = start; offset < end; offset += AT_ONCE) {
    const page = await chroma.page(offset, Math.min(AT_ONCE, end - offset));
    const hidden = await hiddenAmong(chroma, page);
    health.searched += page.length;
    health.hidden += hidden.length;
    health.left += (await mendHidden(chroma, hidden)).length;
  }
  return health;
}
