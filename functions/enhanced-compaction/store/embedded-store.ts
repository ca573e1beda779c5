import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { versionId } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../../contracts/embedding';
import { messageOf, type Telemetry } from '../../shared/logging';
import type { RunTable } from '../../shared/run-table';
import { type ChromaCollection, createChromaCollection, openOnlyCollection } from '../chroma/collection';
import type { Lease } from '../lease/lease';
import { noteSnapshot } from '../lease/publish';
import { pruneSnapshots, writeSnapshot } from '../snapshot/checkpoint';
import { fetchSnapshot } from '../snapshot/fetch';
import { locateSnapshot } from '../snapshot/locate';
import { replayDeltas } from '../snapshot/replay';
import { isCheckpointDue } from './checkpoint-due';
import { type CollectionStore, embeddingOf, type OpenCollection } from './collection-store';
import { collectOldVersions } from './old-versions';
import { BrokenVersion, readVersion, writeVersion } from './version-files';
import { EMBEDDED_RECORDS_PER_WRITE, privateFolder, type WorkingCopy, workingCopy } from './working-copy';

export interface EmbeddedStoreProps {
  readonly collection: Collection;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  /** Where EFS is mounted: versions lie in `{mountPath}/{collection}/{version}/`. */
  readonly mountPath: string;
  /** The configured model and length: what an old system's snapshot, which says neither, is taken to be of. */
  readonly model: string;
  readonly dimensions: number;
  /** When a checkpoint is due, and how many snapshots are kept. */
  readonly checkpointRecords: number;
  readonly checkpointMinutes: number;
  readonly snapshotsKept: number;
  /** @default {@link READERS_GRACE_MILLISECONDS} */
  readonly readersGraceMilliseconds?: number;
  readonly telemetry: Telemetry;
}

interface Opened {
  readonly copy: WorkingCopy;
  readonly chroma: ChromaCollection;
  readonly embedding: EmbeddingSpace | undefined;
  readonly isUnpublished: boolean;
  readonly rebuiltFrom: readonly string[];
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

  const openVersion = async ({ pointer }: Lease): Promise<Opened | undefined> => {
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
    const chroma = await openOnlyCollection(await copy.start(), collection, EMBEDDED_RECORDS_PER_WRITE);
    if (chroma === undefined) throw new Error(`The version ${version} of ${collection} holds no collection.`);
    if (chroma.space !== manifest.space) {
      throw new Error(
        `The collection ${collection} has the space ${chroma.space}, its pointer says ${manifest.space}.`,
      );
    }
    return { copy, chroma, embedding: embeddingOf(pointer), isUnpublished: false, rebuiltFrom: [] };
  };

  return {
    async open(lease) {
      const opened = (await openVersion(lease)) ?? (await rebuild(props, lease, folder));
      const { copy, ...content } = opened;
      let sealed: string | undefined;
      const open: OpenCollection = {
        ...content,
        hasCheckpoints: true,
        space: opened.chroma.space,
        async seal() {
          if (warm?.copy === copy) warm = undefined;
          await copy.stop();
          const version = versionId(new Date(), randomBytes(4).toString('hex'));
          await mkdir(versions, { recursive: true });
          const filesSha256 = await writeVersion(copy.directory, join(versions, version));
          sealed = version;
          return { version, filesSha256 };
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
        async discard() {
          await drop(copy);
          if (sealed !== undefined) await rm(join(versions, sealed), { recursive: true, force: true });
        },
      };
      return open;
    },

    async checkpoint(lease, published) {
      if (warm === undefined || warm.version !== published.version) return published;
      const now = new Date();
      if (published.manifest === undefined || !isCheckpointDue(published, now, props)) return published;
      await warm.copy.stop();
      lease.signal.throwIfAborted();
      const source = { s3, bucket, collection };
      await writeSnapshot(source, warm.copy.directory, warm.version, published.manifest);
      const noted = await noteSnapshot(table, lease, published, now);
      await pruneSnapshots(source, warm.version, props.snapshotsKept);
      return noted;
    },

    async close() {
      if (warm !== undefined) await drop(warm.copy);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The collection from S3 alone: its snapshot, if there is one, and every delta that the snapshot lacks. */
async function rebuild(props: EmbeddedStoreProps, { pointer }: Lease, folder: string): Promise<Opened> {
  const { collection, s3, bucket } = props;
  const snapshot = await locateSnapshot({ s3, bucket, collection });
  const copy = workingCopy(join(folder, randomBytes(8).toString('hex')));
  try {
    if (snapshot !== undefined) await fetchSnapshot(s3, bucket, snapshot, copy.directory);
    const database = await copy.start();
    let chroma = await openOnlyCollection(database, collection, EMBEDDED_RECORDS_PER_WRITE);
    if (chroma === undefined) {
      if (snapshot !== undefined)
        throw new Error(`The snapshot ${snapshot.version} of ${collection} holds no collection.`);
      chroma = await createChromaCollection(database, collection, EMBEDDED_RECORDS_PER_WRITE);
    }
    const [first] = await chroma.page(0, 1);
    const known = embeddingOf(pointer) ?? embeddingOf({ manifest: snapshot?.manifest?.content });
    const embedding = known ?? {
      model: props.model,
      dimensions: first?.embedding.length ?? props.dimensions,
      textFormatVersion: TEXT_FORMAT_VERSION,
    };
    const covered = new Set(snapshot?.manifest?.content.uncovered_deltas);
    const published = new Set(pointer.manifest?.uncovered_deltas);
    const rebuiltFrom = await replayDeltas(props, { chroma, embedding, covered, published, folder });
    const [records, expected = 0] = [await chroma.count(), pointer.manifest?.records];
    if (records < expected) {
      throw new Error(
        `The published ${collection} cannot be rebuilt: ${expected} records were published, the snapshot and ` +
          `the later deltas give ${records}. Restore the missing deltas from the bucket's older object versions.`,
      );
    }
    return { copy, chroma, embedding, isUnpublished: true, rebuiltFrom };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}
