import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { BegunLoad } from '../../../contracts/collection-pointer';
import { LATE_WRITE_SECONDS } from '../../../contracts/lease';
import {
  type ChromaCollection,
  createChromaCollection,
  dropChromaCollection,
  type ExactRecord,
  openChromaCollection,
  pagesOf,
  renameChromaCollection,
} from '../chroma/collection';
import type { ChromaDatabase } from '../chroma/database';
import { excessOf } from '../chroma/record-limits';
import { privateFolder } from '../chroma/working-copy';
import { type Lease, LeaseLost } from '../lease/lease';
import { type Census, takeCensus } from '../merge/census';
import { MergeNotProven } from '../merge/merge-not-proven';
import { readBack, searchFor } from '../merge/probe';
import { type KnownContent, noteLoad } from './load-note';
import { type RebuildProps, rebuild } from './rebuild';

export interface LoadProps extends RebuildProps {
  /** Where the collection is to be. */
  readonly database: ChromaDatabase;
  readonly recordsPerWrite: number;
  /** How many attempts at requests to it were not answered so far. */
  readonly unanswered: () => number;
}

/** A collection that was loaded, and what is known of what it was loaded from. */
export interface LoadedCollection extends KnownContent {
  readonly chroma: ChromaCollection;
  /** As {@link noteLoad} has noted it. */
  readonly noted: BegunLoad;
}

/** A load goes on in the next invocation. */
export class LoadNotEnded extends Error {
  override readonly name = 'LoadNotEnded';
}

/**
 * Loads what is published of a collection, or where nothing is the bucket's snapshot, onto a Chroma server that has no
 * collection of that name. Snapshot and deltas are put together in a private copy, copied record by record under another
 * name and proven there: by their number, content hashes, texts, the keys of their metadata, and by searches. Only then
 * the copy gets the name.
 *
 * It takes as long as the server takes its records in, {@link LoadProps.recordsPerWrite} at once. What is there when the
 * time is up stays, noted on the pointer's item with what it is loaded from, and the next load of the same goes on with
 * what is missing. The note is written on the condition that the lease is ours, before anything else and before the copy
 * gets its name, and a name holds the fence and is never used again. So a loader that has lost its lease writes what the
 * other one writes, or to a collection that is gone; but not after the copy has its name: while a write of an earlier
 * loader may arrive, it does not get it.
 *
 * @param lease - of the collection, so that nobody merges meanwhile.
 * @param deadline - milliseconds since the epoch. One page is copied in any case.
 * @throws {LoadNotEnded} when the next invocation has to go on.
 * @throws {Error} when S3 does not give what was published, or the server does not hold what was written.
 */
export async function loadCollection(
  props: LoadProps,
  lease: Lease,
  deadline: number,
): Promise<LoadedCollection> {
  const { collection, telemetry } = props;
  telemetry.logger.warn('The Chroma server lacks a collection, which is loaded from S3', { collection });
  const folder = privateFolder();
  try {
    const { copy, chroma: source, ...known } = await rebuild(props, lease.pointer, folder, undefined);
    try {
      return { ...known, ...(await loadFrom(source, known, props, lease, deadline)) };
    } finally {
      await copy.remove();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loadFrom(
  source: ChromaCollection,
  { embedding, lineage, snapshotVersion }: KnownContent,
  props: LoadProps,
  lease: Lease,
  deadline: number,
): Promise<Pick<LoadedCollection, 'chroma' | 'noted'>> {
  const { collection, database, recordsPerWrite, telemetry } = props;
  const wanted = { records: await source.count(), census: await takeCensus(collection, source) };
  await refuseExcess(source, props);
  const of = [lease.pointer.version ?? '', snapshotVersion ?? '', wanted.records, wanted.census.digest].join(
    ' ',
  );
  const earlier = lease.pointer.loading?.of === of ? lease.pointer.loading : undefined;
  const known = {
    ...embedding,
    lineage,
    ...(snapshotVersion !== undefined && { snapshot_version: snapshotVersion }),
  };
  // Another environment may load onto the same server, and a lost pointer begins with the same fences again.
  const name = `${asideOf(collection)}.${lease.fence}.${randomBytes(8).toString('hex')}`;
  const begun = earlier ?? { name, of, known };
  let unsettled = earlier?.unsettled_at;
  let collection_id = earlier?.collection_id;
  const ended = (): BegunLoad => ({
    ...{ name: begun.name, of, known },
    ...(collection_id !== undefined && { collection_id }),
    ...(unsettled !== undefined && { unsettled_at: unsettled }),
  });
  await noteLoad(props, lease, { ...begun, unsettled_at: Date.now() });
  try {
    const target = await openTarget(begun, earlier !== undefined, source, props, lease);
    collection_id = target.id;
    await fill(target, source, wanted.records, props, lease, deadline, () => {
      unsettled = Date.now();
    });
    await proveWhole(target, wanted, props);
    // Whoever has lost its lease stops here.
    const noted = ended();
    await noteLoad(props, lease, noted);
    refuseUnsettled(unsettled, wanted.records, props);
    await renameChromaCollection(database, target, collection);
    const chroma = await openChromaCollection(database, collection, recordsPerWrite);
    if (chroma === undefined)
      throw new Error(`The server has no ${collection} after ${begun.name} was renamed.`);
    telemetry.logger.info('A collection was loaded onto the Chroma server', {
      collection,
      records: wanted.records,
    });
    return { chroma, noted };
  } catch (error) {
    if (error instanceof MergeNotProven) {
      // What is not what was written is not gone on with.
      await noteLoad(props, lease, undefined);
      await dropChromaCollection(database, begun.name);
    } else if (!(error instanceof LeaseLost)) {
      // Where that fails as well, more is taken to be on its way than is.
      await noteLoad(props, lease, ended()).catch(() => {});
    }
    throw error;
  }
}

/** What an interrupted load of before loads could be resumed has left has this name, and all others begin with it. */
const asideOf = (collection: string) => `${collection}.loading-by-chroma-pipeline`;

/** The collection to load into, as an earlier loader has left it, or a new one; then what was begun of others is dropped. */
async function openTarget(
  { name }: BegunLoad,
  isBegun: boolean,
  { space }: ChromaCollection,
  { collection, database, recordsPerWrite }: LoadProps,
  { pointer }: Lease,
): Promise<ChromaCollection> {
  const left = isBegun ? await openChromaCollection(database, name, recordsPerWrite) : undefined;
  if (left !== undefined) return left;
  await dropChromaCollection(database, asideOf(collection));
  if (!isBegun && pointer.loading !== undefined) await dropChromaCollection(database, pointer.loading.name);
  return createChromaCollection(database, name, space, recordsPerWrite);
}

/** @param onUnsettled - told when a write was not answered: it may arrive later. */
async function fill(
  target: ChromaCollection,
  source: ChromaCollection,
  records: number,
  { collection, unanswered }: LoadProps,
  { signal }: Lease,
  deadline: number,
  onUnsettled: () => void,
): Promise<void> {
  let copied = 0;
  for await (const page of pagesOf(source)) {
    signal.throwIfAborted();
    if (copied > 0 && Date.now() >= deadline) {
      const there = await target.count();
      throw new LoadNotEnded(
        `The collection ${collection} is being loaded onto the Chroma server: ${written(there)} of ${written(records)} ` +
          'records are there. The next merge goes on with the others.',
      );
    }
    const there = await target.metadata(page.map(({ id }) => id));
    const missing = page.filter(({ id }) => !there.has(id));
    const before = unanswered();
    try {
      await target.copy(missing);
    } finally {
      if (unanswered() > before) onUnsettled();
    }
    await prove(target, page);
    copied += missing.length;
  }
}

const written = (count: number): string => count.toLocaleString('en');

async function proveWhole(
  target: ChromaCollection,
  { records, census }: { readonly records: number; readonly census: Census },
  { collection }: LoadProps,
): Promise<void> {
  const isWhole =
    (await target.count()) === records && isDeepStrictEqual(await takeCensus(collection, target), census);
  if (isWhole) return;
  throw new MergeNotProven(
    `The server does not hold all ${records} records of ${collection} in ${target.name}, or others.`,
  );
}

/** @throws {LoadNotEnded} while a write of a loader that was broken off may arrive: it would bring back what is removed. */
function refuseUnsettled(unsettled: number | undefined, records: number, { collection }: LoadProps): void {
  const until = (unsettled ?? 0) + LATE_WRITE_SECONDS * 1000;
  if (Date.now() >= until) return;
  throw new LoadNotEnded(
    `All ${written(records)} records of ${collection} are on the Chroma server, but a write of a loader that was broken ` +
      `off may arrive until ${new Date(until).toISOString()}. The next merge after that goes on.`,
  );
}

/** @throws {Error} when a record is more than the server takes: nothing is sent then. */
async function refuseExcess(source: ChromaCollection, { collection, database }: LoadProps): Promise<void> {
  if (database.recordLimits === undefined) return;
  const excesses: string[] = [];
  for await (const page of pagesOf(source)) {
    excesses.push(...page.flatMap((record) => excessOf(database.recordLimits, record) ?? []));
  }
  const [first] = excesses;
  if (first === undefined) return;
  throw new Error(
    `${collection} cannot be loaded onto Chroma Cloud: ${excesses.length} records are more than it takes, ${first} among ` +
      'them. Set chroma.mode back, drop their receipts again with less, or take metadata away by annotations (null).',
  );
}

/** What is read back of each page by its vectors. */
const PROBED = 8;

async function prove(target: ChromaCollection, page: readonly ExactRecord[]): Promise<void> {
  const stored = new Map((await target.byIds(page.map(({ id }) => id))).map((each) => [each.id, each]));
  const wrong = page.find(({ id, document, metadata }) => {
    const there = stored.get(id);
    return (
      there?.document !== document || Object.keys(metadata).some((key) => !Object.hasOwn(there.metadata, key))
    );
  });
  if (wrong !== undefined) {
    throw new MergeNotProven(`The server does not hold what was written of ${wrong.id} in ${target.name}.`);
  }
  const probed = page.slice(-PROBED);
  await Promise.all([readBack(target, probed), searchFor(target, probed)]);
}
