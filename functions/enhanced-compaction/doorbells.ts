import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { type RunReference, runName, runOf } from '../../contracts/compaction-run';
import { type CompactionMessage, compactionMessageSchema } from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import { countPerCollection, messageOf, type Telemetry } from '../shared/logging';
import { type Quarantine, UnreadableInput } from '../shared/quarantine';
import type { RunTable } from '../shared/run-table';
import { parseBody } from '../shared/sqs-batch';
import type { Compaction } from './compact';
import { LeaseLost } from './lease/lease';
import { isFinished } from './work-list';

export interface DoorbellProps {
  readonly compact: (
    collection: Collection,
    announced: readonly RunReference[],
    deadline: number,
  ) => Promise<Compaction>;
  readonly table: RunTable;
  readonly quarantine: Quarantine;
  readonly telemetry: Telemetry;
}

/** The share of an invocation's time after which no further merge is begun; the rest seals and publishes. */
const WORKING_SHARE = 0.6;

interface Doorbell {
  readonly messageId: string;
  readonly collection: Collection;
  readonly run: RunReference;
}

/**
 * Makes the handler of the collections' FIFO queues. A message is only a doorbell: each collection that got one
 * is compacted once, whole. Then each message is acknowledged whose run has a final state; the others come
 * again. A message that cannot be read is quarantined, so that it does not block its group.
 */
export function createDoorbellHandler(
  props: DoorbellProps,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const { telemetry } = props;
  return async (event, context) => {
    telemetry.logger.addContext(context);
    const deadline = Date.now() + context.getRemainingTimeInMillis() * WORKING_SHARE;
    const failures = new Set<string>();
    const doorbells: Doorbell[] = [];
    for (const record of event.Records) {
      const read = await readDoorbell(record, props).catch((error: unknown) => {
        report('A doorbell could not be kept', error, { message_id: record.messageId }, telemetry);
        failures.add(record.messageId);
      });
      if (read !== undefined) doorbells.push(read);
    }
    for (const collection of COLLECTIONS) {
      const own = doorbells.filter((each) => each.collection === collection);
      if (own.length === 0) continue;
      for (const messageId of await answer(collection, own, deadline, props)) failures.add(messageId);
    }
    if (telemetry.metrics.hasStoredMetrics()) telemetry.metrics.publishStoredMetrics();
    // In the order of the batch: FIFO takes the first failure and everything of its group after it.
    const batchItemFailures = event.Records.filter(({ messageId }) => failures.has(messageId)).map(
      ({ messageId: itemIdentifier }) => ({ itemIdentifier }),
    );
    return { batchItemFailures };
  };
}

async function readDoorbell(
  { messageId, body }: SQSRecord,
  { quarantine }: DoorbellProps,
): Promise<Doorbell | undefined> {
  try {
    const message = parseMessage(body);
    return { messageId, collection: message.collection, run: runOf(message) };
  } catch (error) {
    await quarantine({ messageId, body }, messageOf(error));
    return undefined;
  }
}

function parseMessage(body: string): CompactionMessage {
  const parsed = compactionMessageSchema.safeParse(parseBody(body));
  if (parsed.success) return parsed.data;
  throw new UnreadableInput(`The message is not a doorbell of this version: ${messageOf(parsed.error)}.`);
}

/** Compacts a collection. Returns the messages that are to come again. */
async function answer(
  collection: Collection,
  doorbells: readonly Doorbell[],
  deadline: number,
  { compact, table, telemetry }: DoorbellProps,
): Promise<string[]> {
  try {
    const { finished } = await compact(
      collection,
      doorbells.map(({ run }) => run),
      deadline,
    );
    const open = doorbells.filter(({ run }) => !finished.has(runName(run)));
    const done = await Promise.all(open.map(({ run }) => isFinished(table, collection, run)));
    return open.filter((_, index) => !done[index]).map(({ messageId }) => messageId);
  } catch (error) {
    report('A collection could not be compacted', error, { collection }, telemetry);
    if (error instanceof LeaseLost) countPerCollection(telemetry, METRICS.leaseLost, [collection]);
    return doorbells.map(({ messageId }) => messageId);
  }
}

const report = (what: string, error: unknown, where: Record<string, string>, { logger }: Telemetry) =>
  logger.error(what, { ...where, reason: messageOf(error), error });
