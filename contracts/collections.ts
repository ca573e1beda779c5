import { z } from 'zod';

/** The two ChromaDB collections of the pipeline. The FIFO queues, deltas and snapshots are named after them. */
export const COLLECTIONS = ['lines', 'words'] as const;

export const collectionSchema = z.enum(COLLECTIONS);

export type Collection = z.infer<typeof collectionSchema>;
