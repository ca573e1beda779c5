import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { ZodError } from 'zod';
import { COVERED_BY_TAG, COVERED_DELTA_TAG, deltaPrefix, isDecoyKey } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { isUnfinished, type RunState } from '../../../contracts/compaction-run';
import { type Delta, isAnnotation } from '../../../contracts/delta';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { METRICS } from '../../../contracts/metrics';
import { receiptOf } from '../../../contracts/record-id';
import { countPerCollection, type Telemetry } from '../../shared/logging';
import { type RunTable, runsOfReceipt } from '../../shared/run-table';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import type { Published } from '../lease/publish';
import { keepForRuns } from '../merge/keep-replaced';
import { type DeltaSource, loadDelta, refusal, UnusableDelta } from '../merge/load-delta';
import { prefixOf } from '../merge/stored-records';
import { addLegacyDelta, type LegacyDelta } from './legacy-delta';
import { type LocatedSnapshot, listObjects } from './locate';
import { nameImages } from './name-images';
import { isUnadopted } from './pointer-object';
import { type LoggedDelta, RefusedDeltas, replayLog } from './replay-log';

export interface ReplayProps extends DeltaSource {
  readonly table: RunTable;
  readonly collection: Collection;
  readonly telemetry: Telemetry;
}

/** A collection that is being rebuilt. */
export interface Rebuilt {
  readonly chroma: ChromaCollection;
  readonly embedding: EmbeddingSpace;
  /** What it was rebuilt from. Its manifest names keys that it covers; the tags on a delta say so later on. */
  readonly snapshot: LocatedSnapshot | undefined;
  /** Up to which snapshot that is to be believed; undefined where no tag is. */
  readonly tagsUntil: string | undefined;
  /** It names keys as published, even where their runs are not marked yet. */
  readonly pointer: Published;
  /** A private folder to unpack in. */
  readonly folder: string;
  /** Keys of deltas that Chroma has refused, and that are left out. */
  readonly refused: readonly string[];
}

/**
 * Puts into a rebuilt collection every delta of the bucket that its snapshot does not cover, in the order in which they
 * were merged: what an annotation says of a text goes with the text, as it went then.
 * What others wrote, as the old system did, first says of each record which image it is of.
 * Deltas that are still to be merged are left to their runs, and so are those that failed. Where the table is lost, nothing
 * tells of a run that Chroma refused that it did, but Chroma.
 *
 * @throws {RefusedDeltas} when Chroma refuses more of them: the collection is to be rebuilt without those, which is said.
 * @returns the keys of the deltas that the collection now holds, and what the old system's among them have.
 */
export async function replayDeltas(
  props: ReplayProps,
  rebuilt: Rebuilt,
): Promise<{ readonly keys: string[]; readonly legacy: readonly LegacyDelta[] }> {
  const keys = await uncoveredKeys(props, rebuilt);
  const ending = (suffix: string) => keys.filter((key) => key.endsWith(suffix));
  const legacy = await replayLegacy(props, rebuilt, ending('.tar.gz'));
  const isOfOthers = legacy.length > 0 || isUnadopted(rebuilt.snapshot, rebuilt.pointer);
  if (isOfOthers) await nameImages(rebuilt.chroma);
  const taken = ending('.arrow').filter((key) => !rebuilt.refused.includes(key));
  const ours = await replayRuns(props, rebuilt, taken).catch((error: unknown) => {
    if (error instanceof RefusedDeltas)
      for (const { key, reason } of error.refused) sayLeftOut(props, key, reason);
    throw error;
  });
  return { keys: [...legacy.map(({ key }) => key), ...ours], legacy };
}

/** The newest first: an old system's delta adds only what is missing, so the first that has a record wins. */
async function uncoveredKeys(props: ReplayProps, { snapshot, tagsUntil }: Rebuilt): Promise<string[]> {
  const { uncovered_deltas = [], unmerged_deltas = [] } = snapshot?.manifest?.content ?? {};
  const covered = new Set([...uncovered_deltas, ...unmerged_deltas]);
  const objects = await listObjects(props.s3, props.bucket, deltaPrefix(props.collection));
  const keys = objects
    .sort((a, b) => b.written - a.written)
    .map(({ key }) => key)
    .filter((key) => !isDecoyKey(key) && !covered.has(key));
  const tagged = await concurrently(keys, (key) => isTagged(props, key, tagsUntil));
  return keys.filter((_, index) => !tagged[index]);
}

async function replayLegacy(
  props: ReplayProps,
  { chroma, embedding, folder }: Rebuilt,
  keys: readonly string[],
): Promise<LegacyDelta[]> {
  const replayed: LegacyDelta[] = [];
  for (const key of keys) {
    await unlessUnusable(props, key, async () => {
      replayed.push(await addLegacyDelta(props.s3, props.bucket, key, chroma, embedding.dimensions, folder));
    });
  }
  return replayed;
}

async function replayRuns(
  props: ReplayProps,
  { chroma, embedding, pointer }: Rebuilt,
  keys: readonly string[],
): Promise<string[]> {
  const published = new Set(pointer.manifest?.uncovered_deltas);
  const replayed: string[] = [];
  const merged: MergedDelta[] = [];
  const read = async (key: string) => {
    const delta = await loadDelta(props, key);
    const noted = await endOf(props, delta);
    // What was published and is not marked yet was merged last.
    const isUnmarked = isUnfinished(noted.state) && published.has(key);
    const { state, at } = isUnmarked ? { state: 'COMPLETED', at: Number.POSITIVE_INFINITY } : noted;
    if (state === 'COMPLETED' || state === 'SUPERSEDED') replayed.push(key);
    if (state !== 'COMPLETED') return;
    const reason = refusal(delta, key, embedding);
    if (reason !== undefined) throw new UnusableDelta(reason);
    const created = Date.parse(delta.header.created_at);
    const receipt = prefixOf(delta.header);
    const { run_id } = delta.header;
    merged.push({ key, sha256: undefined, receipt, run_id, at, isAnnotation: isAnnotation(delta), created });
  };
  await concurrently(keys, (key) => unlessUnusable(props, key, () => read(key)));
  await replayLog(props, chroma, inOrderOfMerges(merged), keepForRuns(props), props.telemetry);
  return replayed;
}

export interface MergedDelta extends LoggedDelta {
  /** When its run ended. Milliseconds since the epoch. */
  readonly at: number;
  readonly isAnnotation: boolean;
  readonly created: number;
  readonly receipt: string;
  readonly run_id: string;
}

/**
 * In the order of the merges, by when their runs ended. Those ends are of different machines, of which some may be ahead:
 * of one receipt the whole runs were merged in the order of their creation, since an earlier one that comes later is
 * SUPERSEDED, and so were its annotations, each on what was created before it.
 */
export function inOrderOfMerges<Each extends MergedDelta>(merged: readonly Each[]): Each[] {
  const last = new Map<string, { whole: number; annotation: number }>();
  const placed = [...merged].sort(compareCreated).map((each) => {
    const { whole, annotation } = last.get(each.receipt) ?? { whole: 0, annotation: 0 };
    const at = Math.max(each.at, whole, each.isAnnotation ? annotation : 0);
    last.set(each.receipt, each.isAnnotation ? { whole, annotation: at } : { whole: at, annotation });
    return { each, at };
  });
  // Of one moment, and that is of one creation at least, a receipt comes before what was put on it.
  return placed
    .sort((a, b) =>
      a.at === b.at ? Number(a.each.isAnnotation) - Number(b.each.isAnnotation) : a.at < b.at ? -1 : 1,
    )
    .map(({ each }) => each);
}

const compareCreated = (a: MergedDelta, b: MergedDelta): number =>
  a.created - b.created || (a.run_id < b.run_id ? -1 : 1);

/** Leaves an unusable delta as it lies, untagged: it never expires, and whoever mends it finds it there. */
async function unlessUnusable(props: ReplayProps, key: string, replay: () => Promise<void>): Promise<void> {
  await replay().catch((error: unknown) => {
    if (!(error instanceof UnusableDelta)) throw error;
    sayLeftOut(props, key, error.message);
  });
}

function sayLeftOut({ collection, telemetry }: ReplayProps, key: string, reason: string): void {
  telemetry.logger.warn('A delta was left out of a rebuilt collection', { key, reason });
  countPerCollection(telemetry, METRICS.deltasLeftOut, [collection]);
}

/**
 * How a delta's run ended, and when. COMPLETED, when it was created, where the table does not know the run, as when the
 * table itself was lost; PENDING when an item of the receipt cannot be read, so that the delta waits as its run does.
 */
async function endOf(
  { table, collection }: ReplayProps,
  { header }: Delta,
): Promise<{ readonly state: RunState; readonly at: number }> {
  const created = Date.parse(header.created_at);
  try {
    const runs = await runsOfReceipt(table, receiptOf(header));
    const { state, finished_at } = runs.find((run) => run.run_id === header.run_id)?.[collection] ?? {
      state: 'COMPLETED',
    };
    return { state, at: finished_at === undefined ? created : Date.parse(finished_at) };
  } catch (error) {
    if (error instanceof ZodError) return { state: 'PENDING', at: created };
    throw error;
  }
}

/** Whether the delta's tags say that this snapshot, or one before it, covers it. */
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
