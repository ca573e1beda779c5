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

/** One ring at a collection's FIFO queue: there is work in the run table. */
export interface Doorbell {
  readonly collection: Collection;
  readonly run: CompactionRun;
  readonly deduplicationId: string;
}

/** A doorbell that SQS did not take. */
interface UnrungDoorbell {
  readonly doorbell: Doorbell;
  readonly reason: string;
}

/** Rings doorbells for one function, and returns those that failed. Never throws for one of them. */
export type Ring = (doorbells: readonly Doorbell[]) => Promise<UnrungDoorbell[]>;

/** SQS takes ten messages a request. */
const MESSAGES_A_REQUEST = 10;

export function createRing(
  sqs: SQSClient,
  queueUrls: Readonly<Record<Collection, string>>,
  source: 'stream-processor' | 'reconcile-runs',
): Ring {
  const send = async (collection: Collection, doorbells: readonly Doorbell[]): Promise<UnrungDoorbell[]> => {
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
    const unrung: UnrungDoorbell[] = [];
    for (const collection of COLLECTIONS) {
      const own = doorbells.filter((doorbell) => doorbell.collection === collection);
      for (let start = 0; start < own.length; start += MESSAGES_A_REQUEST) {
        unrung.push(...(await send(collection, own.slice(start, start + MESSAGES_A_REQUEST))));
      }
    }
    return unrung;
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
