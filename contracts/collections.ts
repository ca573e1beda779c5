import { z } from 'zod';
import { fromEntries } from './from-entries';
import { lineRowSchema, wordRowSchema } from './ndjson-rows';

/**
 * The ChromaDB collections of the pipeline, each with the schema of the rows that its records are made of. FIFO
 * queues, NDJSON files, deltas and snapshots are named after them.
 */
export const ROW_SCHEMAS = { lines: lineRowSchema, words: wordRowSchema } as const;

export type Collection = keyof typeof ROW_SCHEMAS;

/** Their order is part of every run id: with another order a receipt that is dropped again is embedded again. */
export const COLLECTIONS = Object.keys(ROW_SCHEMAS) as Collection[];

export const collectionSchema = z.enum(COLLECTIONS);

/** A receipt's rows of each collection. */
export type ReceiptRows = {
  readonly [Each in Collection]: readonly z.infer<(typeof ROW_SCHEMAS)[Each]>[];
};

/** One value for each collection, so that a further one needs no further line where all are treated alike. */
export const perCollection = <Value>(make: (collection: Collection) => Value): Record<Collection, Value> =>
  fromEntries(COLLECTIONS.map((each) => [each, make(each)]));

/** The same for values that take time; all are made at once. */
export const perCollectionAsync = async <Value>(
  make: (collection: Collection) => Promise<Value>,
): Promise<Record<Collection, Value>> =>
  fromEntries(await Promise.all(COLLECTIONS.map(async (each) => [each, await make(each)] as const)));
