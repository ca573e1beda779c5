import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../contracts/bucket-layout';
import { COLLECTIONS, type Collection, perCollection, perCollectionAsync } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import { DELTA_FORMAT_VERSION } from '../../contracts/delta';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { METRICS } from '../../contracts/metrics';
import type { Telemetry } from '../shared/logging';
import { sha256 } from '../shared/sha256';
import type { Embed } from './embedder';
import { NonsenseAnswer } from './embeddings-answer';
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
 * Embeds a receipt's records and stores its deltas.
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
  const all = COLLECTIONS.flatMap((each) => records[each]);
  let embeddings: Float32Array[];
  try {
    embeddings = await embed(all.map(({ embeddedText }) => embeddedText));
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

  const rest = [...embeddings];
  const parts = perCollection((each) => rest.splice(0, records[each].length));
  const stored = await perCollectionAsync((each) => store(head, each, records[each], parts[each], props));
  return { ...head, ...stored };
}

async function store(
  { version: _, ...names }: RunHead,
  collection: Collection,
  records: readonly UnembeddedRecord[],
  embeddings: readonly Float32Array[],
  { s3, bucket, model, dimensions }: ReceiptRunProps,
): Promise<CollectionRun> {
  const header = {
    format_version: DELTA_FORMAT_VERSION,
    ...names,
    collection,
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
  const failed = perCollection(
    (collection): CollectionRun => ({
      state: 'FAILED',
      finished_at: new Date().toISOString(),
      error,
      delta_key: deltaKey(collection, head.run_id),
      delta_sha256: sha256(new Uint8Array()),
      records: 0,
    }),
  );
  return { ...head, ...failed };
}
