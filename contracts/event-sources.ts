import { RUN_TYPE } from './compaction-run';

/* What starts the functions that no queue starts, on AWS and on the embedded one. */

/** How the stream processor reads the run table's stream: new runs alone. */
export const RUN_STREAM = {
  filter: { eventName: ['INSERT'], dynamodb: { NewImage: { TYPE: { S: [RUN_TYPE] } } } },
  batchSize: 100,
  maximumRetryAttempts: 10,
  /** Two hours under the stream's own 24, so that what failed is put aside before the stream forgets it. */
  maximumRecordAgeSeconds: 22 * 3600,
} as const;

/** Minutes between two rounds of the reconciler: the ages that alarms watch are as fresh as this. */
export const ROUND_MINUTES = 5;
