import type { DynamoDBRecord } from 'aws-lambda';
import { failedItems } from './batch-response';
import type { BatchReport, Invoke } from './mapping';

/** Why records were given up, in Lambda's words. */
export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface StreamDeliveryOptions {
  readonly invoke: Invoke;
  readonly maximumRetryAttempts: number;
  /** Seconds; undefined for no bound. */
  readonly maximumRecordAgeSeconds: number | undefined;
  readonly bisectBatchOnFunctionError: boolean;
  readonly reportBatchItemFailures: boolean;
  readonly discard: (records: readonly DynamoDBRecord[], condition: DiscardCondition) => Promise<void>;
  readonly pauseBeforeRetry: (attempt: number) => Promise<void>;
  /** True once the mapping is being stopped: then nothing is tried again. */
  readonly stopping: () => boolean;
  readonly onBatch?: (report: BatchReport) => void;
}

const sequence = (record: DynamoDBRecord): string => record.dynamodb?.SequenceNumber ?? '';

/**
 * Delivers one batch of a shard until every record of it succeeded or was given up, in order: nothing behind a
 * failing record is delivered before it. Records that a partial response confirms are not delivered again;
 * with bisecting, a failing batch is halved down to the failing record, and halving costs no attempt.
 *
 * @returns false when the mapping was stopped before the batch was settled.
 */
export async function deliver(
  batch: readonly DynamoDBRecord[],
  options: StreamDeliveryOptions,
  attempts = 0,
): Promise<boolean> {
  let records = batch;
  for (let attempt = attempts; ; ) {
    records = await discardOld(records, options);
    if (records.length === 0) return true;

    const firstFailure = await invokeOnce(records, options);
    if (firstFailure === undefined) return true;
    if (firstFailure > 0) {
      records = records.slice(firstFailure);
      attempt = 0;
    }
    if (options.stopping()) return false;

    if (options.bisectBatchOnFunctionError && records.length > 1) {
      const middle = Math.ceil(records.length / 2);
      return (
        (await deliver(records.slice(0, middle), options, attempt)) &&
        (await deliver(records.slice(middle), options, attempt))
      );
    }
    attempt += 1;
    if (attempt > options.maximumRetryAttempts) {
      await options.discard(records, 'RetryAttemptsExhausted');
      return true;
    }
    await options.pauseBeforeRetry(attempt);
  }
}

/** @returns the position of the first record that failed, or undefined when all went well. */
async function invokeOnce(
  records: readonly DynamoDBRecord[],
  options: StreamDeliveryOptions,
): Promise<number | undefined> {
  const ids = records.map(sequence);
  try {
    const answer = await options.invoke({ Records: records });
    const failed = options.reportBatchItemFailures ? failedItems(answer, ids) : [];
    // A stream has one checkpoint: everything from the first failure on is delivered again.
    const first = ids.findIndex((id) => failed.includes(id));
    options.onBatch?.({ records: ids, failed: first < 0 ? [] : ids.slice(first) });
    return first < 0 ? undefined : first;
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    options.onBatch?.({ records: ids, failed: ids, error });
    return 0;
  }
}

async function discardOld(
  records: readonly DynamoDBRecord[],
  { maximumRecordAgeSeconds, discard }: StreamDeliveryOptions,
): Promise<readonly DynamoDBRecord[]> {
  if (maximumRecordAgeSeconds === undefined) return records;
  const oldest = Date.now() / 1000 - maximumRecordAgeSeconds;
  const isOld = (record: DynamoDBRecord) =>
    (record.dynamodb?.ApproximateCreationDateTime ?? Number.POSITIVE_INFINITY) < oldest;
  const old = records.filter(isOld);
  if (old.length > 0) await discard(old, 'RecordAgeExceeded');
  return records.filter((record) => !isOld(record));
}
