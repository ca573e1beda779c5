import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { perCollection } from '../../contracts/collections';
import { type CompactionRun, hasDeltas, isUnembedded } from '../../contracts/compaction-run';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import {
  annotationMessageSchema,
  type EmbedNdjsonMessage,
  embedNdjsonMessageSchema,
  type OcrObject,
} from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import { describeIssues } from '../../contracts/ndjson-rows';
import { QUEUES } from '../../contracts/queues';
import { type ReceiptReference, receiptOf } from '../../contracts/record-id';
import { decidingOcrObject } from '../shared/ocr-objects';
import { UnreadableInput } from '../shared/quarantine';
import { changeUnembedded, createRun, runsOfReceipt } from '../shared/run-table';
import { parseBody } from '../shared/sqs-batch';
import { type AnnotateProps, annotateReceipt } from './annotate-receipt';
import { NonsenseAnswer } from './embeddings-answer';
import { laterThan } from './later-than';
import { type ReceiptContent, readReceiptContent } from './receipt-content';
import { receiptRecords } from './receipt-records';
import { arrivedRun, embedRun, endedRun, type ReceiptRunProps } from './receipt-run';
import { isRunOf, nextRun, type RunIdentity } from './run-id';

export type EmbedProps = ReceiptRunProps & AnnotateProps;

/** A message of the queue: its body, and for the how-manieth time it is delivered. */
export interface Delivery {
  readonly body: string;
  readonly receives: number;
}

/** After so many deliveries a message would be a dead letter. */
const LAST_DELIVERY = QUEUES['embed-ndjson'].maximumReceives;

/**
 * Handles one message of the embed-ndjson queue: makes the run of what it announces. After each run of a receipt its
 * annotation, if there is one, gets a run as well: it is to stand on the records that the receipt has from now on.
 *
 * @throws {UnreadableInput} when the message or the rows that it names cannot be understood.
 * @throws {Error} when S3, DynamoDB, Secrets Manager or the endpoint fail, or the endpoint answers nonsense: the
 *   message must come again.
 */
export async function embedMessage({ body, receives }: Delivery, props: EmbedProps): Promise<void> {
  const value = parseBody(body);
  const announced = annotationMessageSchema.safeParse(value);
  const message = announced.success ? announced.data : readEmbedMessage(value);
  refuseOtherBucket(message, props);
  if (!('type' in message)) await embedReceipt(message, receives, props);
  await annotateReceipt(receiptOf(message), props);
}

/**
 * Writes the receipt's run as PENDING, embeds its rows, stores both deltas and names them in the run. Whatever goes
 * wrong after the first of these, the table shows the receipt. One without meaningful rows makes a run of zero records,
 * which takes its old vectors out of the collections. A message that was handled before embeds nothing, nor does one
 * whose OCR object has changed: that change has a message of its own. Nonsense from the endpoint at the last delivery
 * ends the run as FAILED with its reason.
 */
async function embedReceipt(message: EmbedNdjsonMessage, receives: number, props: EmbedProps): Promise<void> {
  const { s3, table, telemetry } = props;
  const receipt = receiptOf(message);
  // All before the object is looked at: the runs, so that each of them was made of the same state or an older one;
  // and the moment, so that a run that another function makes of a newer state meanwhile is the later one, however
  // long this one takes.
  const runs = await runsOfReceipt(table, receipt, telemetry);
  const lookedAt = Date.now();
  if (message.ocr !== undefined && !(await stillDecides(message.ocr, receipt, props))) {
    telemetry.logger.info('The OCR result has changed since: its newer state is embedded instead', {
      ...receipt,
    });
    await endOvertaken(message, runs, props);
    return;
  }
  const content = await readReceiptContent(s3, message);
  const next = nextRun(identityOf(message, content, props), runs);
  if (next.step === 'none') {
    telemetry.logger.info('The receipt is embedded already', { run_id: next.run.run_id });
    return;
  }

  const records = receiptRecords(content.rows);
  let run: CompactionRun;
  if (next.step === 'embed') run = next.run;
  else {
    const created_at = laterThan(runs.at(-1), lookedAt).toISOString();
    const { image_id, receipt_id } = message;
    run = arrivedRun({ version: 1, run_id: next.id, image_id, receipt_id, created_at }, records);
    await createRun(table, run);
  }
  // They were made of older states, and nobody else ends them: a merge looks at runs with deltas alone.
  for (const earlier of runs.filter((each) => isUnembedded(each) && each.run_id !== run.run_id)) {
    await changeUnembedded(
      table,
      endedRun(earlier, 'SUPERSEDED', `The later run ${run.run_id} has arrived.`),
    );
  }
  try {
    await complete(await embedRun(run, records, props), props);
  } catch (error) {
    if (!(error instanceof NonsenseAnswer) || receives < LAST_DELIVERY) throw error;
    await fail(run, error.message, props);
  }
}

/** Names the deltas in the run. */
async function complete(run: CompactionRun, { table, telemetry }: EmbedProps): Promise<void> {
  const { run_id } = run;
  if (await changeUnembedded(table, run)) {
    const records = perCollection((each) => run[each].records);
    telemetry.logger.info('A receipt was embedded', { run_id, ...records });
    return;
  }
  const stored = (await runsOfReceipt(table, receiptOf(run))).find((each) => each.run_id === run_id);
  if (stored === undefined || !hasDeltas(stored)) {
    throw new Error(`The run ${run_id} has ended without its deltas. Its message comes again.`);
  }
  telemetry.logger.info('Another delivery embedded the receipt meanwhile', { run_id });
}

async function fail(run: CompactionRun, reason: string, { table, telemetry }: EmbedProps): Promise<void> {
  if (!(await changeUnembedded(table, endedRun(run, 'FAILED', reason)))) return;
  telemetry.logger.error('A run ends FAILED before it was embedded', { run_id: run.run_id, reason });
  telemetry.metrics.addMetric(METRICS.runsFailed, MetricUnit.Count, 1);
}

/**
 * Ends the run of a message that will not be embedded, since what it is about is no more. Its newer state need not
 * have a run: what cannot be read has none.
 */
async function endOvertaken(
  message: EmbedNdjsonMessage,
  runs: readonly CompactionRun[],
  props: EmbedProps,
): Promise<void> {
  const unembedded = runs.filter(isUnembedded);
  if (unembedded.length === 0) return;
  const identity = identityOf(message, await readReceiptContent(props.s3, message), props);
  for (const run of unembedded.filter((each) => isRunOf(identity, each, runs))) {
    await changeUnembedded(props.table, endedRun(run, 'SUPERSEDED', 'The OCR result has changed since.'));
  }
}

function readEmbedMessage(value: unknown): EmbedNdjsonMessage {
  const message = embedNdjsonMessageSchema.safeParse(value);
  if (message.success) return message.data;
  throw new UnreadableInput(
    `The message is not one that this version understands: ${describeIssues(message.error)}.`,
  );
}

function refuseOtherBucket({ bucket }: { readonly bucket: string }, props: EmbedProps): void {
  if (bucket === props.bucket) return;
  throw new UnreadableInput(
    `The message names the bucket ${bucket}; the pipeline's only bucket is ${props.bucket}.`,
  );
}

/** Whether an OCR object is what it was, and no other takes precedence for the receipt. */
async function stillDecides(
  { key, etag, version }: OcrObject,
  receipt: ReceiptReference,
  { s3, bucket }: EmbedProps,
): Promise<boolean> {
  const deciding = await decidingOcrObject(s3, bucket, receipt);
  if (deciding === undefined) return etag === null;
  const isSameVersion = version === undefined || deciding.version === version;
  return deciding.key === key && deciding.etag === etag && isSameVersion;
}

const identityOf = (
  message: EmbedNdjsonMessage,
  { sha256 }: ReceiptContent,
  { model, dimensions }: EmbedProps,
): RunIdentity => ({
  ...receiptOf(message),
  model,
  dimensions,
  textFormatVersion: TEXT_FORMAT_VERSION,
  sha256,
  cause: [message.ocr?.version, message.removal].filter((each) => each !== undefined),
});
