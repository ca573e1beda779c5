import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../contracts/bucket-layout';
import type { Collection } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import { DELTA_FORMAT_VERSION } from '../../contracts/delta';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { METRICS } from '../../contracts/metrics';
import type { Telemetry } from '../shared/logging';
import type { Embed } from './embedder';
import { NonsenseAnswer } from './embeddings-answer';
import { sha256 } from './receipt-content';
import { embedded, type UnembeddedRecord } from './receipt-records';
import { storeDelta } from './store-delta';

/** A run before its deltas are there. */
export type RunHead = Omit<CompactionRun, Collection>;

export interface ReceiptRunProps {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly model: string;
  readonly dimensions: number;
  readonly embed: Embed;
  readonly telemetry: Telemetry;
}

/**
 * Embeds a receipt's records and stores both deltas.
 *
 * @returns the run that announces them; or, when the endpoint's answers are lasting nonsense, a FAILED run
 *   with the reason and no deltas.
 */
export async function makeRun(
  head: RunHead,
  records: Readonly<Record<Collection, UnembeddedRecord[]>>,
  props: ReceiptRunProps,
): Promise<CompactionRun> {
  const { embed, telemetry } = props;
  const all = [...records.lines, ...records.words];
  let embeddings: Float32Array[];
  try {
    embeddings = await embed(all.map(({ document }) => document));
  } catch (error) {
    if (!(error instanceof NonsenseAnswer)) throw error;
    telemetry.logger.error('A run ends FAILED before it was embedded', {
      run_id: head.run_id,
      reason: error.message,
    });
    telemetry.metrics.addMetric(METRICS.quarantined, MetricUnit.Count, 1);
    return failedRun(head, error.message);
  }
  telemetry.metrics.addMetric(METRICS.recordsEmbedded, MetricUnit.Count, all.length);

  const linesEnd = records.lines.length;
  const [lines, words] = await Promise.all([
    store(head, 'lines', records.lines, embeddings.slice(0, linesEnd), props),
    store(head, 'words', records.words, embeddings.slice(linesEnd), props),
  ]);
  return { ...head, lines, words };
}

async function store(
  { run_id, image_id, receipt_id, created_at }: RunHead,
  collection: Collection,
  records: readonly UnembeddedRecord[],
  embeddings: readonly Float32Array[],
  { s3, bucket, model, dimensions }: ReceiptRunProps,
): Promise<CollectionRun> {
  const header = {
    format_version: DELTA_FORMAT_VERSION,
    run_id,
    collection,
    image_id,
    receipt_id,
    created_at,
    model,
    dimensions,
    text_format_version: TEXT_FORMAT_VERSION,
    records: records.length,
  } as const;
  const delta = {
    header,
    records: records.map((record, index) => {
      const embedding = embeddings[index];
      if (embedding === undefined) throw new Error(`The record ${record.id} was not embedded.`);
      return embedded(record, embedding);
    }),
  };
  return { state: 'PENDING', ...(await storeDelta(s3, bucket, delta)) };
}

/** Its deltas were never written: no records, and the hash of no bytes. */
function failedRun(head: RunHead, error: string): CompactionRun {
  const failed = (collection: Collection): CollectionRun => ({
    state: 'FAILED',
    finished_at: new Date().toISOString(),
    error,
    delta_key: deltaKey(collection, head.run_id),
    delta_sha256: sha256(new Uint8Array()),
    records: 0,
  });
  return { ...head, lines: failed('lines'), words: failed('words') };
}
