import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { COLLECTIONS } from '../../contracts/collections';
import { decodeRun, hasDeltas, isForeignRun, isUnfinished, RUN_TYPE } from '../../contracts/compaction-run';
import { compactionDeduplicationId } from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import type { Doorbell, SendDoorbells } from '../shared/doorbell';
import { countPerCollection, messageOf, type Telemetry } from '../shared/logging';

/**
 * Sends each collection a doorbell for every CompactionRun that has become ready to be merged: that was inserted with
 * its deltas, or has got them. Other changes of the table are passed over, and so are runs that another system keeps
 * in it. A collection whose part of the run is final
 * already gets none.
 *
 * Every doorbell that can be sent is sent, also those after a failure; then the first failure's sequence number
 * is reported, from which Lambda delivers again (its deduplication id swallows a doorbell that is sent twice).
 * So a malformed run ends at the on-failure destination, and no neighbour waits for it or is lost with it.
 */
export async function sendDoorbells(
  records: readonly DynamoDBRecord[],
  send: SendDoorbells,
  telemetry: Telemetry,
): Promise<DynamoDBBatchResponse> {
  const failed = new Set<DynamoDBRecord>();
  const fail = (record: DynamoDBRecord, reason: string) => {
    failed.add(record);
    telemetry.logger.error('A stream record failed and will be delivered again', {
      sequence_number: record.dynamodb?.SequenceNumber,
      reason,
    });
  };

  const recordOf = new Map<Doorbell, DynamoDBRecord>();
  for (const record of records) {
    try {
      for (const doorbell of doorbells(record, telemetry)) recordOf.set(doorbell, record);
    } catch (error) {
      fail(record, `The run item is malformed: ${messageOf(error)}`);
    }
  }
  const all = [...recordOf.keys()];
  const unsent = await send(all);
  for (const { doorbell, reason } of unsent) {
    const record = recordOf.get(doorbell);
    if (record !== undefined)
      fail(record, `The ${doorbell.collection} queue refused the doorbell: ${reason}`);
  }
  const missed = new Set(unsent.map(({ doorbell }) => doorbell));
  countPerCollection(
    telemetry,
    METRICS.doorbellsSent,
    all.filter((doorbell) => !missed.has(doorbell)).map(({ collection }) => collection),
  );

  const first = records.find((record) => failed.has(record));
  if (first === undefined) return { batchItemFailures: [] };
  const itemIdentifier = first.dynamodb?.SequenceNumber;
  if (itemIdentifier === undefined) throw new Error('A stream record without a sequence number failed.');
  return { batchItemFailures: [{ itemIdentifier }] };
}

function doorbells({ eventName, dynamodb }: DynamoDBRecord, { logger }: Telemetry): Doorbell[] {
  if (eventName !== 'INSERT' && eventName !== 'MODIFY') return [];
  // aws-lambda and the SDK describe the same wire format by two types.
  const item = unmarshall((dynamodb?.NewImage ?? {}) as Record<string, AttributeValue>);
  if (item.TYPE !== RUN_TYPE) return [];
  if (isForeignRun(item)) {
    logger.info('A run of another system was passed over', { PK: item.PK, SK: item.SK });
    return [];
  }
  const run = decodeRun(item);
  if (!hasDeltas(run)) return [];
  // The change that brings the deltas is the only one that leaves every collection PENDING.
  if (eventName === 'MODIFY' && COLLECTIONS.some((each) => run[each].state !== 'PENDING')) return [];
  return COLLECTIONS.filter((collection) => isUnfinished(run[collection].state)).map((collection) => ({
    collection,
    run,
    deduplicationId: compactionDeduplicationId(run.run_id, collection),
  }));
}
