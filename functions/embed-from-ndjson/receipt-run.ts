import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../contracts/bucket-layout';
import { COLLECTIONS, type Collection, perCollection, perCollectionAsync } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import { DELTA_FORMAT_VERSION } from '../../contracts/delta';
import { METRICS } from '../../contracts/metrics';
import type { Telemetry } from '../shared/logging';
import type { Embed } from './embedder';
import { embedded, type UnembeddedRecord } from './receipt-records';
import { commonHeader, storeDelta } from './store-delta';

/** What a run has before its collections' parts. */
export type RunHead = Omit<CompactionRun, Collection>;

/** A receipt's records, each without its embedding. */
type UnembeddedRecords = Readonly<Record<Collection, readonly UnembeddedRecord[]>>;

export interface ReceiptRunProps {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly model: string;
  readonly dimensions: number;
  readonly embed: Embed;
  readonly telemetry: Telemetry;
}

/** The run of a receipt that has arrived: PENDING, without deltas. */
export const arrivedRun = (head: RunHead, records: UnembeddedRecords): CompactionRun => ({
  ...head,
  ...perCollection(
    (each): CollectionRun => ({
      state: 'PENDING',
      delta_key: deltaKey(each, head.run_id),
      records: records[each].length,
    }),
  ),
});

/** A run that ends without deltas. */
export const endedRun = (
  run: CompactionRun,
  state: 'FAILED' | 'SUPERSEDED',
  error: string,
): CompactionRun => ({
  ...run,
  ...perCollection((each) => ({ ...run[each], state, finished_at: new Date().toISOString(), error })),
});

/**
 * Embeds a receipt's records and stores its deltas.
 *
 * @returns the run with what there is to know of its deltas.
 * @throws {NonsenseAnswer | Error} as {@link Embed}, and when S3 fails.
 */
export async function embedRun(
  run: CompactionRun,
  records: UnembeddedRecords,
  props: ReceiptRunProps,
): Promise<CompactionRun> {
  const all = COLLECTIONS.flatMap((each) => records[each]);
  const embeddings = await props.embed(all.map(({ embeddedText }) => embeddedText));
  props.telemetry.metrics.addMetric(METRICS.recordsEmbedded, MetricUnit.Count, all.length);

  const rest = [...embeddings];
  const parts = perCollection((each) => rest.splice(0, records[each].length));
  const stored = await perCollectionAsync((each) => store(run, each, records[each], parts[each], props));
  return { ...run, ...stored };
}

async function store(
  run: CompactionRun,
  collection: Collection,
  records: readonly UnembeddedRecord[],
  embeddings: readonly Float32Array[],
  props: ReceiptRunProps,
): Promise<CollectionRun> {
  const header = {
    format_version: DELTA_FORMAT_VERSION,
    ...commonHeader(run, collection, props),
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
  return { ...run[collection], ...(await storeDelta(props.s3, props.bucket, delta)) };
}
