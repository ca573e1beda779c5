import { COLLECTIONS } from './collections';
import { RUN_TYPE, runAttribute } from './compaction-run';
import { fromEntries } from './from-entries';

/* What starts the functions that no queue starts, on AWS and on the embedded one. */

const run = { TYPE: { S: [RUN_TYPE] } };
const isPending = fromEntries(
  COLLECTIONS.map((collection) => [runAttribute(collection, 'state'), { S: ['PENDING'] }]),
);

/**
 * How the stream processor reads the run table's stream: new runs, and those that get their deltas. The latter is the
 * one change that leaves a run PENDING in every collection: the next ones are a merge's or final. The images before a
 * change are not looked at, since the stream of an adopted table may lack them.
 */
export const RUN_STREAM = {
  filters: [
    { eventName: ['INSERT'], dynamodb: { NewImage: run } },
    { eventName: ['MODIFY'], dynamodb: { NewImage: { ...run, ...isPending } } },
  ],
  batchSize: 100,
  maximumRetryAttempts: 10,
  /** Two hours under the stream's own 24, so that what failed is put aside before the stream forgets it. */
  maximumRecordAgeSeconds: 22 * 3600,
} as const;

/** Minutes between two rounds of the reconciler: the ages that alarms watch are as fresh as this. */
export const ROUND_MINUTES = 5;
