import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import type { CompactionRun, RunState } from '../../contracts/compaction-run';
import { DELTA_FORMAT_VERSION, type DeltaHeader } from '../../contracts/delta';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { embedNdjsonMessageSchema } from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import { describeIssues } from '../../contracts/ndjson-rows';
import type { Telemetry } from '../shared/logging';
import { UnreadableInput } from '../shared/quarantine';
import { createRun, type RunTable, runsOfReceipt } from '../shared/run-table';
import { parseBody } from '../shared/sqs-batch';
import type { Embed } from './embedder';
import { NonsenseAnswer } from './embeddings-answer';
import { readReceiptContent, sha256 } from './receipt-content';
import { embedded, receiptRecords } from './receipt-records';
import { nextRun } from './run-id';
import { type StoredDelta, storeDelta } from './store-delta';

export interface EmbedProps {
  readonly s3: S3Client;
  readonly table: RunTable;
  readonly bucket: string;
  readonly model: string;
  readonly dimensions: number;
  readonly embed: Embed;
  readonly telemetry: Telemetry;
}

/**
 * Handles one message of the embed-ndjson queue: embeds the receipt's rows, stores both deltas, then writes
 * the run that announces them. A receipt without meaningful rows makes a run of zero records, which takes its
 * old vectors out of the collections. A message that was handled before embeds nothing. Lasting nonsense from
 * the endpoint ends as a FAILED run with its reason.
 *
 * @throws {UnreadableInput} when the message or the rows that it names cannot be understood.
 * @throws {Error} when S3, DynamoDB, Secrets Manager or the endpoint fail: the message must come again.
 */
export async function embedMessage(body: string, props: EmbedProps): Promise<void> {
  const { s3, table, model, dimensions, telemetry } = props;
  const message = embedNdjsonMessageSchema.safeParse(parseBody(body));
  if (!message.success) {
    throw new UnreadableInput(
      `The message is none that this version understands: ${describeIssues(message.error)}.`,
    );
  }
  const { bucket, image_id, receipt_id } = message.data;
  if (bucket !== props.bucket) {
    throw new UnreadableInput(
      `The message names the bucket ${bucket}; the pipeline's only bucket is ${props.bucket}.`,
    );
  }

  // Taken before the rows are read, so that of two runs the one with the newer rows is the later one.
  const readAt = Date.now();
  const content = await readReceiptContent(s3, message.data);
  const runs = await runsOfReceipt(table, { imageId: image_id, receiptId: receipt_id });
  const next = nextRun({ ...content, model, dimensions, textFormatVersion: TEXT_FORMAT_VERSION }, runs);
  if (next.alreadyEmbedded) {
    telemetry.logger.info('The receipt is embedded already', { run_id: next.run.run_id });
    return;
  }

  const head: RunHead = {
    version: 1,
    run_id: next.id,
    image_id,
    receipt_id,
    created_at: laterThan(next.follows, readAt).toISOString(),
  };
  const run = await embedRun(head, receiptRecords(content), props);
  const created = await createRun(table, run);
  telemetry.logger.info(created ? 'A run was created' : 'Another delivery created the run meanwhile', {
    run_id: run.run_id,
    lines: run.lines.records,
    words: run.words.records,
  });
}

type RunHead = Omit<CompactionRun, Collection>;

async function embedRun(
  head: RunHead,
  records: ReturnType<typeof receiptRecords>,
  { s3, bucket, model, dimensions, embed, telemetry }: EmbedProps,
): Promise<CompactionRun> {
  let embeddings: Float32Array[];
  try {
    embeddings = await embed(COLLECTIONS.flatMap((name) => records[name].map(({ document }) => document)));
  } catch (error) {
    if (!(error instanceof NonsenseAnswer)) throw error;
    telemetry.logger.error('A run ends FAILED before it was embedded', {
      run_id: head.run_id,
      reason: error.message,
    });
    telemetry.metrics.addMetric(METRICS.quarantined, MetricUnit.Count, 1);
    return failedRun(head, error.message);
  }
  telemetry.metrics.addMetric(METRICS.recordsEmbedded, MetricUnit.Count, embeddings.length);

  let taken = 0;
  const deltas = COLLECTIONS.map((collection) => {
    const header: DeltaHeader = {
      format_version: DELTA_FORMAT_VERSION,
      run_id: head.run_id,
      collection,
      image_id: head.image_id,
      receipt_id: head.receipt_id,
      created_at: head.created_at,
      model,
      dimensions,
      text_format_version: TEXT_FORMAT_VERSION,
      records: records[collection].length,
    };
    return {
      header,
      records: records[collection].map((record) => {
        const embedding = embeddings[taken++];
        if (embedding === undefined) throw new NonsenseAnswer('It left out a text.');
        return embedded(record, embedding);
      }),
    };
  });
  const [lines, words] = (await Promise.all(deltas.map((delta) => storeDelta(s3, bucket, delta)))) as [
    StoredDelta,
    StoredDelta,
  ];
  const state: RunState = 'PENDING';
  return { ...head, lines: { state, ...lines }, words: { state, ...words } };
}

/** Its deltas were never written: no records, and the hash of no bytes. */
function failedRun(head: RunHead, error: string): CompactionRun {
  const failed = (collection: Collection) => ({
    state: 'FAILED' as const,
    finished_at: new Date().toISOString(),
    error,
    delta_key: deltaKey(collection, head.run_id),
    delta_sha256: sha256(new Uint8Array()),
    records: 0,
  });
  return { ...head, lines: failed('lines'), words: failed('words') };
}

/** Runs of one receipt never share a moment: their order decides which one is superseded. */
const laterThan = (run: CompactionRun | undefined, moment: number): Date =>
  new Date(run === undefined ? moment : Math.max(moment, Date.parse(run.created_at) + 1));
