import type { Checkpoint } from '../../../contracts/collection-pointer';
import { METRICS } from '../../../contracts/metrics';
import { countPerCollection, messageOf } from '../../shared/logging';
import { openOnlyCollection } from '../chroma/collection';
import type { WorkingCopy } from '../chroma/working-copy';
import type { Lease } from '../lease/lease';
import { isPublication, onCheckpoint, type Publication, type Published, publish } from '../lease/publish';
import { mendIndex } from '../merge/index-health';
import { pruneSnapshots, tagCovered, writeSnapshot } from '../snapshot/checkpoint';
import { isUnadopted, readSnapshotPointer } from '../snapshot/pointer-object';
import { CheckpointCopies } from './checkpoint-copies';
import { isCheckpointDue } from './checkpoint-due';
import { type CollectionStore, embeddingOf, isOfServer, type OpenCollection } from './collection-store';
import { type OpenVersion, openHeld, openVersion, type VersionSource } from './open-version';
import { type RebuildProps, rebuild } from './rebuild';
import { explainFull, fullness, measureRoom, NoRoom, type SandboxLimits } from './sandbox-room';
import { BrokenVersion } from './version-files';
import { WarmCopy } from './warm-copy';

export interface EmbeddedStoreProps extends RebuildProps, SandboxLimits {
  /** Where EFS is mounted, which keeps copies of the checkpoints. @default - there is none, and S3 alone has them */
  readonly mountPath?: string | undefined;
  /** When a checkpoint is due, and how many snapshots are kept. */
  readonly checkpointRecords: number;
  readonly checkpointMinutes: number;
  readonly snapshotsKept: number;
  /** @default {@link READERS_GRACE_MILLISECONDS} */
  readonly readersGraceMilliseconds?: number;
}

interface Store extends EmbeddedStoreProps {
  readonly copies: CheckpointCopies;
  readonly warm: WarmCopy;
}

/**
 * The store whose Chroma runs in this function, on a private copy of the published version. A copy that holds
 * the pointer's version, or one that its log goes on from, is used again, with its server if that still runs.
 */
export function createEmbeddedStore(props: EmbeddedStoreProps): CollectionStore {
  const copies = new CheckpointCopies({ mountPath: undefined, ...props });
  const store: Store = { ...props, copies, warm: new WarmCopy() };
  return {
    open: (lease) => open(store, lease),
    hasWork: async (_lease, published) =>
      isCheckpointDue(published, new Date(), props) ||
      isUnadopted(await readSnapshotPointer(props), published),
    isFull: async () => fullness(await measureRoom(store, store.warm.folder)) !== undefined,
    // What a merge wrote is thrown away with its copy.
    hasToMend: () => false,
    checkpoint: (lease, published) => checkpoint(store, lease, published),
    close: () => store.warm.close(),
  };
}

async function open(store: Store, lease: Lease): Promise<OpenCollection> {
  const { warm } = store;
  const { copy, ...content } = await openContent(store, lease.pointer).catch((error: unknown) => {
    throw explainFull(error);
  });
  const full = fullness(await measureRoom(store, warm.folder));
  if (full !== undefined) {
    // The next attempt begins with a server and a copy of its own, which may take less.
    await warm.remove(copy);
    throw new NoRoom(full);
  }
  return {
    ...content,
    hasCheckpoints: true,
    serverCollection: undefined,
    again: [],
    touch: async () => {},
    async checkpointFirst(next) {
      const snapshot_version = content.snapshotVersion ?? lease.pointer.snapshot_version;
      return writeCheckpoint(store, lease, copy, next, { ...lease.pointer, snapshot_version }, new Date());
    },
    async published(published) {
      if (isPublication(published)) warm.keep(published, copy);
      else await copy.remove();
    },
    discard: () => warm.remove(copy),
  };
}

/** What was published; or, where that is broken or another writer's snapshot is to be adopted, what S3 gives. */
async function openContent(store: Store, pointer: Published) {
  const { collection, telemetry, warm } = store;
  const snapshot = await readSnapshotPointer(store);
  const live = await openLive(store, pointer);
  if (live !== undefined && !isUnadopted(snapshot, pointer)) {
    return {
      ...live,
      embedding: embeddingOf(pointer),
      isUnpublished: false,
      // A version that was written whole, as all were before there was a log, is no base that S3 has.
      needsCheckpoint: pointer.manifest?.digest === undefined,
      rebuiltFrom: [],
      lineage: pointer.manifest?.lineage ?? [],
      snapshotVersion: snapshot?.version,
      hasAdopted: false,
    };
  }
  if (live !== undefined) {
    telemetry.logger.warn("Another writer's snapshot is adopted", {
      collection,
      snapshot: snapshot?.version,
    });
  }
  const rebuilt = await rebuild(store, pointer, warm.folder, live?.chroma).finally(() => live?.copy.remove());
  const isNew =
    pointer.manifest === undefined &&
    rebuilt.snapshotVersion === undefined &&
    rebuilt.rebuiltFrom.length === 0;
  return { ...rebuilt, isUnpublished: true, needsCheckpoint: !isNew };
}

async function openLive(store: Store, pointer: Published): Promise<OpenVersion | undefined> {
  const { collection, telemetry, warm } = store;
  if (!isPublication(pointer)) return undefined;
  if (isOfServer(pointer)) {
    telemetry.logger.warn(
      'A collection that was merged on a Chroma server is rebuilt from S3. What other programs wrote on the server, and not by annotations, stays there',
      { collection, records: pointer.manifest.records, ofOthers: pointer.manifest.others?.records ?? 0 },
    );
    countPerCollection(telemetry, METRICS.leftServers, [collection]);
    return undefined;
  }
  const held = warm.towards(pointer);
  if (held !== undefined) {
    warm.letGo(held.copy);
    const open = await openHeld(store, held, pointer);
    if (open !== undefined) return open;
  }
  await warm.clear();
  const source: VersionSource = { ...store, mend: (...lost) => store.copies.mend(...lost) };
  return openVersion(source, pointer, () => warm.empty()).catch((error: unknown) => {
    if (!(error instanceof BrokenVersion)) throw error;
    telemetry.logger.error('A published version is broken and will be rebuilt from S3', {
      collection,
      version: pointer.version,
      reason: error.message,
    });
    return undefined;
  });
}

async function checkpoint(store: Store, lease: Lease, published: Published): Promise<Published> {
  const { collection, telemetry, warm } = store;
  const now = new Date();
  if (!isPublication(published)) return published;
  if (!isCheckpointDue(published, now, store) && !(await lacksBase(store, published))) return published;
  const held = warm.towards(published);
  if (held === undefined || held.missing.length > 0) return published;
  try {
    const next = await writeCheckpoint(store, lease, held.copy, published, published, now);
    const noted = await publish(store.table, lease, published, next);
    warm.keep(noted, held.copy);
    await removeOld(store, published.version);
    return noted;
  } catch (error) {
    telemetry.logger.error('A checkpoint failed; what was published stands in the deltas', {
      collection,
      version: published.version,
      reason: messageOf(error),
    });
    countPerCollection(telemetry, METRICS.checkpointsFailed, [collection]);
    return published;
  }
}

/**
 * Whether the file system lost the base, which the next cold start would look for. A version that is its own base is
 * never written over: the next one is.
 */
const lacksBase = async ({ copies }: Store, { version, manifest: { base } }: Publication): Promise<boolean> =>
  base !== undefined && base.version !== version && (await copies.hasLost(base));

/**
 * Stops the server and writes its files whole: to the file system where there is one, and to S3.
 *
 * @param known - what the content was merged onto: the snapshot pointer may name nothing else.
 * @returns what the pointer is to say then.
 */
async function writeCheckpoint(
  store: Store,
  lease: Lease,
  copy: WorkingCopy,
  next: Publication,
  known: Published,
  now: Date,
): Promise<Publication> {
  const { version, manifest } = next;
  const { records, digest } = manifest;
  if (digest === undefined)
    throw new Error(`The version ${version} has no digest, which a checkpoint needs.`);
  if (manifest.base?.version === version) {
    // It is written whole already, and what the pointer names must never be written over.
    await tagCovered(store, manifest, version);
    return onCheckpoint(next, manifest.base, now);
  }
  await mendIndexOf(store, copy, records);
  await copy.stop().catch(async (error: unknown) => {
    await store.warm.remove(copy);
    throw error;
  });
  lease.signal.throwIfAborted();
  const files_sha256 = await store.copies.write(copy.directory, version);
  const base: Checkpoint = { version, records, digest, ...(files_sha256 !== undefined && { files_sha256 }) };
  await writeSnapshot(store, copy.directory, version, manifest, known);
  await tagCovered(store, manifest, version);
  return onCheckpoint(next, base, now);
}

/** An index that is approximate is no reason to write none of it: what goes wrong here is told. */
async function mendIndexOf({ collection, telemetry }: Store, copy: WorkingCopy, records: number) {
  try {
    const chroma = await openOnlyCollection(await copy.start(), collection);
    if (chroma === undefined || chroma.space === 'ip') return;
    const health = await mendIndex(chroma, records);
    if (health.searched === 0) return;
    telemetry.metrics.addDimension('collection', collection);
    telemetry.metrics.addMetric(METRICS.indexHealth, 'Percent', 100 * (1 - health.hidden / health.searched));
    telemetry.metrics.publishStoredMetrics();
    if (health.hidden > 0) telemetry.logger.info('A part of an index was mended', { collection, ...health });
  } catch (error) {
    telemetry.logger.warn('An index could not be looked at', { collection, reason: messageOf(error) });
  }
}

/** What is no longer needed. That it cannot be removed is no reason to fail what was written. */
async function removeOld(store: Store, current: string): Promise<void> {
  const { copies, snapshotsKept, telemetry } = store;
  try {
    await copies.removeOld(current);
    await pruneSnapshots(store, current, snapshotsKept);
  } catch (error) {
    telemetry.logger.warn('Old versions could not be removed', { reason: messageOf(error) });
  }
}
