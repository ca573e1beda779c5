import { setTimeout } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { annotationKey, ocrKey } from '../../contracts/bucket-layout';
import type { ReceiptReference } from '../../contracts/record-id';
import { layOut } from '../../demo/receipts/lay-out';
import { visionResult } from '../../demo/receipts/ocr-results';
import { embedMessage } from '../../functions/embed-from-ndjson/embed-receipt';
import { ingestMessage } from '../../functions/process-ocr-results/ingest';
import type { Quarantine } from '../../functions/shared/quarantine';
import { DIMENSIONS, embed, MODEL, quietTelemetry, type World } from './compaction-harness';
import { intercepted } from './intercepted-client';

/** Sends one request of a function, when it is its turn. */
export type InTurn = <Answer>(send: () => Promise<Answer>) => Promise<Answer>;
const atOnce: InTurn = (send) => send();

let events = 0;
/** S3 tells events of one key apart by it; one that is delivered again has the same. */
export const nextSequencer = (): string => {
  events += 1;
  return events.toString(16).padStart(18, '0');
};

const refuse: Quarantine = async (_what, reason) => {
  throw new Error(`Nothing here is unreadable: ${reason}`);
};

/** What process-ocr-results does when S3 tells of an object; its messages are given to `send`. */
export function ingest(
  world: World,
  key: string,
  send: (message: string) => unknown,
  {
    eventName = 'ObjectCreated:Put',
    sequencer = nextSequencer(),
    inTurn = atOnce,
    quarantine = refuse,
    say = (_line: string): unknown => undefined,
  } = {},
): Promise<void> {
  const s3 = { bucket: { name: world.bucket }, object: { key: encodeURIComponent(key), sequencer } };
  const sqs = intercepted(new SQSClient({ region: 'us-east-1' }), ({ input }) =>
    inTurn(async () => send((input as { MessageBody: string }).MessageBody)),
  );
  const embedQueueUrl = 'https://sqs.us-east-1.amazonaws.com/000000000000/embed';
  const props = { ...surroundings(world, inTurn, say), sqs, embedQueueUrl, quarantine };
  return ingestMessage(JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName, s3 }] }), props);
}

interface EmbedOptions {
  readonly inTurn?: InTurn;
  readonly fails?: boolean;
  /** Hears what the function logs. */
  readonly say?: (line: string) => unknown;
}

/** What embed-from-ndjson does with a message; with `fails` its endpoint is down. */
export const embedIn = (
  world: World,
  body: string,
  { inTurn = atOnce, fails = false, say = () => {} }: EmbedOptions = {},
): Promise<void> =>
  embedMessage(
    { body, receives: 1 },
    {
      ...surroundings(world, inTurn, say),
      model: MODEL,
      dimensions: DIMENSIONS,
      embed: (texts) =>
        inTurn(async () => {
          if (fails) throw new Error('The endpoint is down.');
          return texts.map((text) => embed(text));
        }),
    },
  );

/** What every function works with, each request in its turn. */
function surroundings(
  { s3, bucket, table }: World,
  inTurn: InTurn,
  say: (line: string) => unknown = () => {},
) {
  const telemetry = quietTelemetry();
  for (const level of ['info', 'warn', 'error'] as const) {
    telemetry.logger[level] = (line) => void say(typeof line === 'string' ? line : line.message);
  }
  return {
    s3: intercepted(s3, (_command, send) => inTurn(send)),
    bucket,
    table: { ...table, client: intercepted(table.client, (_command, send) => inTurn(send)) },
    telemetry,
  };
}

/** S3 says to the second when an object was written. */
export const untilTheNextSecond = () => setTimeout(1_000 - (Date.now() % 1_000));

/** Puts an OCR result of a text a line. */
export const putOcrResult = (world: World, receipt: ReceiptReference, texts: readonly string[]) =>
  world.put(ocrKey(receipt), JSON.stringify(visionResult(layOut(texts.map((text) => [text])))));

export const removeObject = ({ s3, bucket }: World, key: string) =>
  s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

/** Tells both functions of an object, until its run is there. */
export async function announce(world: World, key: string, quarantine?: Quarantine): Promise<void> {
  const messages: string[] = [];
  await ingest(world, key, (message) => messages.push(message), { ...(quarantine && { quarantine }) });
  for (const message of messages) await embedIn(world, message);
}

/** Drops an OCR result of a text a line; none takes the object away. */
export async function dropReceipt(
  world: World,
  receipt: ReceiptReference,
  texts: readonly string[] | undefined,
): Promise<void> {
  if (texts === undefined) await removeObject(world, ocrKey(receipt));
  else await putOcrResult(world, receipt, texts);
  await announce(world, ocrKey(receipt));
}

/** Puts an annotation there, whose text may be anything; none takes the object away. */
export async function annotate(
  world: World,
  receipt: ReceiptReference,
  annotation: object | string | undefined,
  quarantine?: Quarantine,
): Promise<void> {
  const key = annotationKey(receipt);
  const text = typeof annotation === 'string' ? annotation : JSON.stringify(annotation);
  if (text === undefined) await removeObject(world, key);
  else await world.put(key, text);
  await announce(world, key, quarantine);
}
