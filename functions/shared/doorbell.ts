import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import type { CompactionRun } from '../../contracts/compaction-run';
import {
  type CompactionMessage,
  compactionMessageAttributes,
  compactionMessageSchema,
  MESSAGE_VERSION,
} from '../../contracts/messages';
import { messageOf } from './logging';
import { slices } from './slices';

/** A message that wakes the consumer of a collection's FIFO queue: there is work in the run table. */
export interface Doorbell {
  readonly collection: Collection;
  readonly run: CompactionRun;
  readonly deduplicationId: string;
}

/** A doorbell that SQS did not take. */
interface UnsentDoorbell {
  readonly doorbell: Doorbell;
  readonly reason: string;
}

/** Sends doorbells, and returns those that failed. Never throws for one of them. */
export type SendDoorbells = (doorbells: readonly Doorbell[]) => Promise<UnsentDoorbell[]>;

/** SQS takes ten messages a request. */
const MESSAGES_A_REQUEST = 10;

export function createDoorbellSender(
  sqs: SQSClient,
  queueUrls: Readonly<Record<Collection, string>>,
  source: 'stream-processor' | 'reconcile-runs',
): SendDoorbells {
  const sendBatch = async (
    collection: Collection,
    doorbells: readonly Doorbell[],
  ): Promise<UnsentDoorbell[]> => {
    const batch = new SendMessageBatchCommand({
      QueueUrl: queueUrls[collection],
      Entries: doorbells.map(({ run, deduplicationId }, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message(run, collection)),
        MessageAttributes: compactionMessageAttributes(source, collection),
        MessageGroupId: collection,
        MessageDeduplicationId: deduplicationId,
      })),
    });
    try {
      const { Failed = [] } = await sqs.send(batch);
      return Failed.flatMap(({ Id, Code, Message }) => {
        const doorbell = doorbells[Number(Id)];
        return doorbell === undefined ? [] : [{ doorbell, reason: `${Code}: ${Message ?? 'no message'}` }];
      });
    } catch (error) {
      return doorbells.map((doorbell) => ({ doorbell, reason: messageOf(error) }));
    }
  };

  return async (doorbells) => {
    const unsent: UnsentDoorbell[] = [];
    for (const collection of COLLECTIONS) {
      const own = doorbells.filter((doorbell) => doorbell.collection === collection);
      for (const batch of slices(own, MESSAGES_A_REQUEST))
        unsent.push(...(await sendBatch(collection, batch)));
    }
    return unsent;
  };
}

const message = (run: CompactionRun, collection: Collection): CompactionMessage =>
  compactionMessageSchema.parse({
    version: MESSAGE_VERSION,
    type: 'COMPACTION_RUN',
    run_id: run.run_id,
    image_id: run.image_id,
    receipt_id: run.receipt_id,
    collection,
    delta_key: run[collection].delta_key,
  });
