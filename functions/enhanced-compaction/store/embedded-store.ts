import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { versionId } from '../../../contracts/bucket-layout';
import { messageOf } from '../../shared/logging';
import { type Lease, LeaseLost } from '../lease/lease';
import { isPublication, type Published, publish, withSnapshot } from '../lease/publish';
import { pruneSnapshots, writeSnapshot } from '../snapshot/checkpoint';
import { isUnadopted, readSnapshotPointer } from '../snapshot/pointer-object';
import { isCheckpointDue } from './checkpoint-due';
import type { CollectionStore, OpenCollection } from './collection-store';
import { collectOldVersions } from './old-versions';
import { type OpenVersion, openVersion } from './open-version';
import { type RebuildProps, rebuild } from './rebuild';
import { BrokenVersion, writeVersion } from './version-files';
import { WarmCopy } from './warm-copy';

export interface EmbeddedStoreProps extends RebuildProps {
  /** Where EFS is mounted: versions lie in `{mountPath}/{collection}/{version}/`. */
  readonly mountPath: string;
  /** When a checkpoint is due, and how many snapshots are kept. */
  readonly checkpointRecords: number;
  readonly checkpointMinutes: number;
  readonly snapshotsKept: number;
  /** @default {@link READERS_GRACE_MILLISECONDS} */
  readonly readersGraceMilliseconds?: number;
}

interface Store extends EmbeddedStoreProps {
  /** The folder of the collection's versions. */
  readonly versions: string;
  readonly warm: WarmCopy;
}

/**
 * The store whose Chroma runs in this function, on a private copy of the published version. A copy that holds
 * the pointer's version is used again, with its server if that still runs.
 */
export function createEmbeddedStore(props: EmbeddedStoreProps): CollectionStore {
  const versions = join(props.mountPath, props.collection);
  const store: Store = { ...props, versions, warm: new WarmCopy() };
  return {
    open: (lease) => open(store, lease),
    hasWork: async (published) =>
      isCheckpointDue(published, new Date(), props) ||
      isUnadopted(await readSnapshotPointer(props), published),
    checkpoint: (lease, published) => checkpoint(store, lease, published),
    close: () => store.warm.close(),
  };
}

async function open(store: Store, lease: Lease): Promise<OpenCollection> {
  const { versions, warm, telemetry } = store;
  const { copy, ...content } = await openContent(store, lease.pointer);
  let sealed: string | undefined;
  return {
    ...content,
    hasCheckpoints: true,
    async seal() {
      warm.letGo(copy);
      await copy.stop();
      const version = versionId(new Date(), randomBytes(4).toString('hex'));
      await mkdir(versions, { recursive: true });
      const filesSha256 = await writeVersion(copy.directory, join(versions, version));
      sealed = version;
      return { version, filesSha256 };
    },
    async checkpointFirst(version, manifest) {
      const snapshot_version = content.snapshotVersion ?? lease.pointer.snapshot_version;
      const known = { ...lease.pointer, manifest, snapshot_version };
      await writeSnapshot(store, copy.directory, version, manifest, known);
    },
    async published() {
      if (sealed === undefined) return;
      warm.keep(sealed, copy);
      await collectOldVersions(versions, sealed, new Date(), store.readersGraceMilliseconds).catch(
        (error) => {
          telemetry.logger.warn('Old versions could not be removed', { reason: messageOf(error) });
        },
      );
    },
    async discard(reason) {
      await warm.remove(copy);
      // Else it is left to the collection of old versions.
      if (sealed !== undefined && reason instanceof LeaseLost)
        await rm(join(versions, sealed), { recursive: true, force: true });
    },
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
      isUnpublished: false,
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
  const rebuilt = await rebuild(store, pointer, warm.folder, live?.chroma);
  if (live !== undefined) await warm.remove(live.copy);
  return { ...rebuilt, isUnpublished: true };
}

async function openLive(store: Store, pointer: Published): Promise<OpenVersion | undefined> {
  const { collection, telemetry, versions, warm } = store;
  if (!isPublication(pointer)) return undefined;
  try {
    return await openVersion(collection, pointer, versions, warm);
  } catch (error) {
    if (!(error instanceof BrokenVersion)) throw error;
    telemetry.logger.error('A published version is broken and will be rebuilt from S3', {
      collection,
      version: pointer.version,
      reason: error.message,
    });
    return undefined;
  }
}

async function checkpoint(store: Store, lease: Lease, published: Published): Promise<Published> {
  const now = new Date();
  const copy = store.warm.holding(published.version);
  if (copy === undefined || !isPublication(published) || !isCheckpointDue(published, now, store)) {
    return published;
  }
  const { version, manifest } = published;
  await copy.stop().catch(async (error: unknown) => {
    await store.warm.remove(copy);
    throw error;
  });
  lease.signal.throwIfAborted();
  await writeSnapshot(store, copy.directory, version, manifest, published);
  const noted = await publish(store.table, lease, published, withSnapshot(published, now));
  await pruneSnapshots(store, version, store.snapshotsKept);
  return noted;
}
