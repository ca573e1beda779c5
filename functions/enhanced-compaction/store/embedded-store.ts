import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { versionId } from '../../../contracts/bucket-layout';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { messageOf } from '../../shared/logging';
import { type ChromaCollection, openOnlyCollection } from '../chroma/collection';
import {
  DeadServer,
  EMBEDDED_RECORDS_PER_WRITE,
  privateFolder,
  type WorkingCopy,
  workingCopy,
} from '../chroma/working-copy';
import { LeaseLost } from '../lease/lease';
import { type Published, publish, withSnapshot } from '../lease/publish';
import { pruneSnapshots, writeSnapshot } from '../snapshot/checkpoint';
import { isForeign, readSnapshotPointer } from '../snapshot/pointer-object';
import { isCheckpointDue } from './checkpoint-due';
import { type CollectionStore, embeddingOf, type OpenCollection } from './collection-store';
import { collectOldVersions } from './old-versions';
import { type RebuildProps, rebuild } from './rebuild';
import { BrokenVersion, readVersion, writeVersion } from './version-files';

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

interface Opened {
  readonly copy: WorkingCopy;
  readonly chroma: ChromaCollection;
  readonly embedding: EmbeddingSpace | undefined;
}

/**
 * The store whose Chroma runs in this function, on a private copy of the published version. A copy that holds
 * the pointer's version is used again, with its server if that still runs.
 */
export function createEmbeddedStore(props: EmbeddedStoreProps): CollectionStore {
  const { collection, mountPath, s3, bucket, table } = props;
  const versions = join(mountPath, collection);
  const folder = privateFolder();
  let warm: { readonly version: string; readonly copy: WorkingCopy } | undefined;

  const drop = async (copy: WorkingCopy) => {
    if (warm?.copy === copy) warm = undefined;
    await copy.remove();
  };

  const openVersion = async (pointer: Published): Promise<Opened | undefined> => {
    const { version, manifest } = pointer;
    if (version === undefined || manifest === undefined) return undefined;
    if (warm?.version !== version) {
      if (warm !== undefined) await drop(warm.copy);
      const copy = workingCopy(join(folder, randomBytes(8).toString('hex')));
      try {
        await readVersion(join(versions, version), copy.directory, manifest.files_sha256 ?? '');
      } catch (error) {
        await copy.remove();
        if (!(error instanceof BrokenVersion)) throw error;
        props.telemetry.logger.error('A published version is broken and will be rebuilt from S3', {
          collection,
          version,
          reason: error.message,
        });
        return undefined;
      }
      warm = { version, copy };
    }
    const { copy } = warm;
    const database = await copy.start().catch(async (error: unknown) => {
      await drop(copy);
      if (error instanceof DeadServer) return undefined;
      throw error;
    });
    // The copy is gone with its server: this time it is fetched.
    if (database === undefined) return openVersion(pointer);
    const chroma = await openOnlyCollection(database, collection, EMBEDDED_RECORDS_PER_WRITE);
    if (chroma === undefined) throw new Error(`The version ${version} of ${collection} holds no collection.`);
    if (chroma.space !== manifest.space) {
      throw new Error(
        `The collection ${collection} has the space ${chroma.space}, its pointer says ${manifest.space}.`,
      );
    }
    return { copy, chroma, embedding: embeddingOf(pointer) };
  };

  const openContent = async (pointer: Published) => {
    const snapshot = await readSnapshotPointer({ s3, bucket, collection });
    const foreign =
      snapshot !== undefined && isForeign(snapshot.version, pointer) ? snapshot.version : undefined;
    const live = await openVersion(pointer);
    if (live !== undefined && foreign === undefined) {
      return {
        ...live,
        isUnpublished: false,
        rebuiltFrom: [],
        lineage: pointer.manifest?.lineage ?? [],
        snapshotVersion: snapshot?.version,
        hasTakenOver: false,
      };
    }
    if (live !== undefined) {
      props.telemetry.logger.warn("Another writer's snapshot is taken in", { collection, snapshot: foreign });
    }
    const rebuilt = await rebuild(props, pointer, folder, live?.chroma);
    if (live !== undefined) await drop(live.copy);
    return { ...rebuilt, isUnpublished: true };
  };

  return {
    async open(lease) {
      const { copy, ...content } = await openContent(lease.pointer);
      let sealed: string | undefined;
      const open: OpenCollection = {
        ...content,
        hasCheckpoints: true,
        space: content.chroma.space,
        async seal() {
          if (warm?.copy === copy) warm = undefined;
          await copy.stop();
          const version = versionId(new Date(), randomBytes(4).toString('hex'));
          await mkdir(versions, { recursive: true });
          const filesSha256 = await writeVersion(copy.directory, join(versions, version));
          sealed = version;
          return { version, filesSha256 };
        },
        async checkpointFirst(version, manifest) {
          const known = {
            ...lease.pointer,
            manifest,
            snapshot_version: content.snapshotVersion ?? lease.pointer.snapshot_version,
          };
          await writeSnapshot({ s3, bucket, collection }, copy.directory, version, manifest, known);
        },
        async published() {
          if (sealed === undefined) return;
          warm = { version: sealed, copy };
          await collectOldVersions(versions, sealed, new Date(), props.readersGraceMilliseconds).catch(
            (error) => {
              props.telemetry.logger.warn('Old versions could not be removed', { reason: messageOf(error) });
            },
          );
        },
        async discard(reason) {
          await drop(copy);
          // Else it is left to the collection of old versions.
          if (sealed !== undefined && reason instanceof LeaseLost)
            await rm(join(versions, sealed), { recursive: true, force: true });
        },
      };
      return open;
    },

    async hasWork(published) {
      if (isCheckpointDue(published, new Date(), props)) return true;
      const snapshot = await readSnapshotPointer({ s3, bucket, collection });
      return snapshot !== undefined && isForeign(snapshot.version, published);
    },

    async checkpoint(lease, published) {
      const { version, manifest } = published;
      if (warm === undefined || version === undefined || warm.version !== version) return published;
      const now = new Date();
      if (manifest === undefined || !isCheckpointDue(published, now, props)) return published;
      const { copy } = warm;
      await copy.stop().catch(async (error: unknown) => {
        await drop(copy);
        throw error;
      });
      lease.signal.throwIfAborted();
      const source = { s3, bucket, collection };
      await writeSnapshot(source, copy.directory, version, manifest, published);
      const noted = await publish(table, lease, published, withSnapshot({ version, manifest }, now));
      await pruneSnapshots(source, version, props.snapshotsKept);
      return noted;
    },

    async close() {
      if (warm !== undefined) await drop(warm.copy);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
