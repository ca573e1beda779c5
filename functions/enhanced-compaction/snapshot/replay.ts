import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { ZodError } from 'zod';
import { COVERED_BY_TAG, COVERED_DELTA_TAG, deltaPrefix, isDecoyKey } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { isUnfinished, type RunState } from '../../../contracts/compaction-run';
import type { Delta } from '../../../contracts/delta';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { receiptIdPrefix, receiptOf } from '../../../contracts/record-id';
import { messageOf, type Telemetry } from '../../shared/logging';
import { type RunTable, runsOfReceipt } from '../../shared/run-table';
import { slices } from '../../shared/slices';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { type DeltaSource, loadDelta, refusal, UnusableDelta } from '../merge/load-delta';
import { mergeReceipts } from '../merge/merge-receipts';
import { addLegacyDelta } from './legacy-delta';
import { listObjects } from './locate';

export interface ReplayProps extends DeltaSource {
  readonly table: RunTable;
  readonly collection: Collection;
  readonly telemetry: Telemetry;
}

const REQUESTS_AT_ONCE = 16;
/** Receipts that are held in memory at once. */
const RECEIPTS_PER_MERGE = 50;

export interface Rebuilt {
  readonly chroma: ChromaCollection;
  readonly embedding: EmbeddingSpace;
  /** The version of the snapshot that it was rebuilt from. */
  readonly snapshot: string | undefined;
  /** Keys that the snapshot's manifest names as covered; the tags on a delta say the same later on. */
  readonly covered: ReadonlySet<string>;
  /** Keys that the pointer names as published, even where their runs are not marked yet. */
  readonly published: ReadonlySet<string>;
  /** A private folder to unpack in. */
  readonly folder: string;
}

/**
 * Puts into a rebuilt collection every delta of the bucket that its snapshot does not cover; of a receipt's deltas the last.
 * Deltas that are still to be merged are left to their runs, and so are those that failed.
 *
 * @returns the keys of the deltas that the collection now holds.
 */
export async function replayDeltas(
  props: ReplayProps,
  { chroma, embedding, snapshot, covered, published, folder }: Rebuilt,
): Promise<string[]> {
  const { s3, bucket, collection, telemetry } = props;
  // The newest first: an old system's delta adds only what is missing, so the first that has a record wins.
  const objects = (await listObjects(s3, bucket, deltaPrefix(collection))).sort(
    (a, b) => b.written - a.written,
  );
  const keys = objects.map(({ key }) => key).filter((key) => !isDecoyKey(key) && !covered.has(key));
  const tagged = await concurrently(keys, REQUESTS_AT_ONCE, (key) => isTagged(props, key, snapshot));
  const uncovered = keys.filter((_, index) => !tagged[index]);

  const replayed: string[] = [];
  const warn = (key: string, error: unknown) =>
    telemetry.logger.warn('A delta was left out of a rebuilt collection', { key, reason: messageOf(error) });
  for (const key of uncovered.filter((each) => each.endsWith('.tar.gz'))) {
    try {
      await addLegacyDelta(s3, bucket, key, chroma, embedding.dimensions, folder);
      replayed.push(key);
    } catch (error) {
      // Left as it lies, untagged: it never expires, and whoever mends it finds it there.
      if (!(error instanceof UnusableDelta)) throw error;
      warn(key, error);
    }
  }

  const latest = new Map<string, { key: string; created: number }>();
  await concurrently(
    uncovered.filter((key) => key.endsWith('.arrow')),
    REQUESTS_AT_ONCE,
    async (key) => {
      try {
        const delta = await loadDelta(props, key);
        const noted = await stateOf(props, delta);
        const state = isUnfinished(noted) && published.has(key) ? 'COMPLETED' : noted;
        if (state === 'COMPLETED' || state === 'SUPERSEDED') replayed.push(key);
        if (state !== 'COMPLETED') return;
        const reason = refusal(delta, key, embedding);
        if (reason !== undefined) throw new UnusableDelta(reason);
        const receipt = receiptIdPrefix(receiptOf(delta.header));
        const created = Date.parse(delta.header.created_at);
        if (created >= (latest.get(receipt)?.created ?? 0)) latest.set(receipt, { key, created });
      } catch (error) {
        if (!(error instanceof UnusableDelta)) throw error;
        warn(key, error);
      }
    },
  );
  const last = [...latest.values()].map(({ key }) => key);
  for (const some of slices(last, RECEIPTS_PER_MERGE)) {
    await mergeReceipts(chroma, await concurrently(some, REQUESTS_AT_ONCE, (key) => loadDelta(props, key)));
  }
  return replayed;
}

/**
 * The state of a delta's run. COMPLETED when the table does not know the run, as when the table itself was
 * lost; PENDING when an item of the receipt cannot be read, so that the delta waits as its run does.
 */
async function stateOf({ table, collection }: ReplayProps, { header }: Delta): Promise<RunState> {
  try {
    const runs = await runsOfReceipt(table, receiptOf(header));
    return runs.find((run) => run.run_id === header.run_id)?.[collection].state ?? 'COMPLETED';
  } catch (error) {
    if (error instanceof ZodError) return 'PENDING';
    throw error;
  }
}

/** Whether the delta's tags say that the snapshot, or one before it, covers it. */
async function isTagged(
  { s3, bucket }: ReplayProps,
  key: string,
  snapshot: string | undefined,
): Promise<boolean> {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key }));
  const tags = new Map(TagSet.map(({ Key, Value }) => [Key, Value]));
  if (tags.get(COVERED_DELTA_TAG.Key) !== COVERED_DELTA_TAG.Value) return false;
  const by = tags.get(COVERED_BY_TAG);
  // Version ids sort by their moment, as text.
  return by === undefined || (snapshot !== undefined && by <= snapshot);
}
