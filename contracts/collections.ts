import { z } from 'zod';
import { fromEntries } from './from-entries';

/** The two ChromaDB collections of the pipeline. The FIFO queues, deltas and snapshots are named after them. */
export const COLLECTIONS = ['lines', 'words'] as const;

export const collectionSchema = z.enum(COLLECTIONS);

export type Collection = z.infer<typeof collectionSchema>;

/** One value for each collection, so that a further one needs no further line where all are treated alike. */
export const perCollection = <Value>(make: (collection: Collection) => Value): Record<Collection, Value> =>
  fromEntries(COLLECTIONS.map((each) => [each, make(each)]));

/** The same for values that take time; all are made at once. */
export const perCollectionAsync = async <Value>(
  make: (collection: Collection) => Promise<Value>,
): Promise<Record<Collection, Value>> =>
  fromEntries(await Promise.all(COLLECTIONS.map(async (each) => [each, await make(each)] as const)));
