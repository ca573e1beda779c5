import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { DeleteCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { deltaKey, versionId } from '../../contracts/bucket-layout';
import type { CollectionPointer } from '../../contracts/collection-pointer';
import { COLLECTIONS, type Collection, perCollection } from '../../contracts/collections';
import { type CollectionRun, type CompactionRun, RUN_TYPE, runKey } from '../../contracts/compaction-run';
import { ANNOTATION_FORMAT_VERSION, type DeltaHeader } from '../../contracts/delta';
import { compactionMessageSchema } from '../../contracts/messages';
import type { ReceiptReference } from '../../contracts/record-id';
import type { RunTable } from '../../functions/shared/run-table';

/** A run as embed-from-ndjson writes it, of a receipt of its own. Its deltas are not stored anywhere. */
export function run(createdAt: Date = new Date()): CompactionRun {
  const run_id = randomBytes(16).toString('hex');
  return {
    version: 1,
    run_id,
    image_id: randomUUID(),
    receipt_id: 1,
    created_at: createdAt.toISOString(),
    ...perCollection((collection) => ({
      state: 'PENDING' as const,
      delta_key: deltaKey(collection, run_id),
      delta_sha256: randomBytes(32).toString('hex'),
      records: 7,
    })),
  };
}

/**
 * A run's item as the old system writes it, under exactly the key that ours would have, into a table that both use.
 */
export function oldRunItem({ imageId, receiptId }: ReceiptReference): Record<string, unknown> {
  const runId = randomUUID();
  return {
    ...runKey({ imageId, receiptId, runId }),
    TYPE: RUN_TYPE,
    run_id: runId,
    receipt_id: receiptId,
    ...Object.fromEntries(
      COLLECTIONS.flatMap((each) => [
        [`${each}_delta_prefix`, `${each}/delta/${runId}/`],
        [`${each}_state`, 'PENDING'],
      ]),
    ),
    created_at: '2025-09-01T10:15:00+00:00',
  };
}

/** The same run when its receipt has only arrived. */
export const withoutDeltas = (run: CompactionRun): CompactionRun => ({
  ...run,
  ...perCollection((each) => ({ ...run[each], delta_sha256: undefined })),
});

/** What a collection's queue says of a run. */
export const doorbellTo = (collection: Collection, { run_id, image_id, receipt_id, ...run }: CompactionRun) =>
  compactionMessageSchema.parse({
    version: 1,
    type: 'COMPACTION_RUN',
    run_id,
    image_id,
    receipt_id,
    collection,
    delta_key: run[collection].delta_key,
  });
/** What the queue of lines says of a run. */
export const doorbell = (run: CompactionRun) => doorbellTo('lines', run);

/** The run of a delta of lines, as embed-from-ndjson writes it. It waits for that collection alone. */
export function runOfLines(
  { run_id, image_id, receipt_id, created_at, records, format_version }: DeltaHeader,
  bytes: Uint8Array,
): CompactionRun {
  const collections = perCollection(
    (collection): CollectionRun => ({
      state: collection === 'lines' ? 'PENDING' : 'COMPLETED',
      delta_key: deltaKey(collection, run_id),
      delta_sha256: createHash('sha256').update(bytes).digest('hex'),
      records,
    }),
  );
  const kind = format_version === ANNOTATION_FORMAT_VERSION ? ({ kind: 'annotation' } as const) : {};
  return { version: 1, run_id, image_id, receipt_id, created_at, ...kind, ...collections };
}

/** Removes every item of the table. */
export async function emptyTable({ client, name: TableName }: RunTable): Promise<void> {
  for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
    for (const { PK, SK } of Items) await client.send(new DeleteCommand({ TableName, Key: { PK, SK } }));
  }
}

/** A collection's pointer to a version that was published with these runs, each of them five vectors. */
export const pointer = (props: {
  readonly merged: readonly CompactionRun[];
  readonly publishedAt: Date;
  /** Keys of deltas that no snapshot holds. @default - none */
  readonly uncovered?: readonly string[];
  /** @default - there is no snapshot yet */
  readonly snapshotAt?: Date;
}): CollectionPointer => ({
  fence: 4,
  version: versionId(props.publishedAt, '0badcafe'),
  manifest: {
    created_at: props.publishedAt.toISOString(),
    records: 7,
    space: 'l2',
    model: 'text-embedding-3-small',
    dimensions: 1536,
    text_format_version: 2,
    runs: props.merged.map(({ run_id, image_id, receipt_id }) => ({
      run_id,
      image_id,
      receipt_id,
      merged_vectors: 5,
    })),
    uncovered_deltas: [...(props.uncovered ?? [])],
    delta_sha256s: (props.uncovered ?? []).map(() => '0'.repeat(64)),
    unmerged_deltas: [],
    uncovered_records: 5 * (props.uncovered?.length ?? 0),
    lineage: [],
  },
  ...(props.snapshotAt && { snapshot_at: props.snapshotAt.toISOString() }),
});
