import type { FunctionName } from './functions';

/** The CloudWatch namespace of every metric of ours. */
export const METRICS_NAMESPACE = 'ChromaPipeline';

/**
 * Every metric that a function emits and an alarm or the dashboard reads: one list, so that a renamed
 * metric cannot leave an alarm that watches nothing.
 */
export const METRICS = {
  /** Runs PENDING or PROCESSING. Count, by the reconciler on each of its rounds. */
  pendingRuns: 'PendingRuns',
  /** Age of the oldest unfinished run, 0 when there is none. Seconds, by the reconciler on each round. */
  oldestPendingRunAge: 'OldestPendingRunAgeSeconds',
  /**
   * Seconds since the last S3 checkpoint while the live version holds vectors that it lacks; 0 while the
   * checkpoint is current, so that an idle collection never alarms. By the reconciler on each round.
   */
  snapshotAge: 'SnapshotAgeSeconds',
  /** A merge was thrown away since another owner held the lease or moved the pointer. Count. */
  leaseLost: 'LeaseLost',
  /** Records added, replaced, annotated or removed by a published merge. Count. */
  mergedVectors: 'MergedVectors',
  /**
   * Of the records that a merge wrote and then asked the index for, those that a search for their own vector does not
   * find, even after they were written again: their vectors are right, the index is approximate. Count.
   */
  hiddenVectors: 'HiddenVectors',
  /**
   * Of up to 1,000 records that were looked at before a checkpoint, those that a search for their own vector found. The
   * others were written again. Percent.
   */
  indexHealth: 'IndexHealth',
  /**
   * Records whose labels or other foreign metadata went to `{collection}/replaced/`, since their text changed or
   * they went. Count.
   */
  recordsReplaced: 'LabelledRecordsReplaced',
  /** Records that other programs have added to a collection on a server, or removed, since they were last counted. Count. */
  othersRecords: 'RecordsChangedByOthers',
  /** Times that a collection which was merged on a server was rebuilt from S3: what others wrote there is not in it. Count. */
  leftServers: 'CollectionsRebuiltFromServers',
  /** Deltas that a rebuild left out, since they are damaged or Chroma refuses them; a log line names each. Count. */
  deltasLeftOut: 'DeltasLeftOutOfRebuild',
  /** Versions published: a write of the pointer each. Count. */
  publishes: 'Publishes',
  /** Checkpoints that could not be written. What they were to hold stands in the deltas, and they are tried again. Count. */
  checkpointsFailed: 'CheckpointsFailed',
  /** Records in a collection. Count, at each compaction. */
  records: 'CollectionRecords',
  /** What a collection's private copy takes in `/tmp`. Bytes, whenever something was merged. */
  copyBytes: 'CollectionCopyBytes',
  /** What all private copies of the sandbox take of its `/tmp`. Percent, as {@link METRICS.copyBytes}. */
  storageUsed: 'TemporaryStorageUsed',
  /** What function and Chroma servers hold of the sandbox's memory. Percent, as {@link METRICS.copyBytes}. */
  memoryUsed: 'MemoryUsed',
  /** Copies of checkpoints that the file system lost, had damaged or did not take. S3 has them as well. Count. */
  copiesLost: 'CheckpointCopiesLost',
  /** Inputs kept in quarantine. Count, `service` alone. */
  quarantined: 'Quarantined',
  /** Runs that ended FAILED: before they were embedded (`service` alone), or at a collection's merge. Count. */
  runsFailed: 'RunsFailed',
  /** Records of a batch whose failure was reported back, so that they come again. Count, `service` alone. */
  recordsFailed: 'RecordsFailed',
  /** Receipts whose NDJSON was written. Count, `service` alone. */
  receiptsParsed: 'ReceiptsParsed',
  /** Records that were embedded and written to a delta. Count, `service` alone. */
  recordsEmbedded: 'RecordsEmbedded',
  /** Messages sent to the collections' queues. Count. */
  doorbellsSent: 'DoorbellsSent',
  /** Runs that the reconciler finished, since the published manifest holds them. Count. */
  runsReconciled: 'RunsReconciled',
} as const;

/**
 * The `service` dimension, which every metric has (those that belong to one collection have `collection`
 * too): the function's physical name, which Lambda sets and which two environments in one account do not
 * share; the function's own name where there is no Lambda.
 */
export const metricService = (name: FunctionName, environment: NodeJS.ProcessEnv = process.env): string =>
  environment.AWS_LAMBDA_FUNCTION_NAME ?? name;
