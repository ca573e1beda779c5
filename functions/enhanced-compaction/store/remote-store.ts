import type { S3Client } from '@aws-sdk/client-s3';
import { deltaPrefix, isDecoyKey } from '../../../contracts/bucket-layout';
import type { RecordLimits } from '../../../contracts/chroma-cloud';
import type { BegunLoad, CollectionPointer, DistanceSpace } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { messageOf, type Telemetry } from '../../shared/logging';
import type { RunTable } from '../../shared/run-table';
import { type ChromaCollection, createChromaCollection, openChromaCollection } from '../chroma/collection';
import { chromaDatabase } from '../chroma/database';
import type { Lease } from '../lease/lease';
import { takeCensus } from '../merge/census';
import { listKeys, locateSnapshot } from '../snapshot/locate';
import { nameImages } from '../snapshot/name-images';
import { isUnadopted, readSnapshotPointer } from '../snapshot/pointer-object';
import { workList } from '../work-list';
import {
  type CollectionStore,
  embeddingOf,
  isOfEmbedded,
  isOfServer,
  refuseOtherSpace,
} from './collection-store';
import { type LoadProps, loadCollection } from './load-collection';
import { isLoadOf, knownOf, noteLoad } from './load-note';
import { TouchedInPlace } from './touched-receipts';

export interface RemoteStoreProps {
  readonly collection: Collection;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  readonly telemetry: Telemetry;
  readonly url: string;
  readonly tenant: string | undefined;
  readonly database: string | undefined;
  /** The configured model and length: a collection that was there before is taken to be of that model. */
  readonly model: string;
  readonly dimensions: number;
  /** What a new collection measures distances in. */
  readonly space: DistanceSpace;
  /** Chroma Cloud's, of a record. @default - none, as of a server of one's own */
  readonly recordLimits?: RecordLimits | undefined;
  /** Chroma Cloud's API key. @default - none is sent */
  readonly readApiKey?: (() => Promise<string>) | undefined;
}

/** Chroma Cloud's limit; a server of one's own takes it as well. */
const RECORDS_PER_WRITE = 300;

/**
 * The store whose Chroma is a server elsewhere, or Chroma Cloud. It is merged into in place: a version is a
 * mark on the pointer alone, and no file. What a writer has written when it loses its lease stays, and may even arrive
 * later; {@link TouchedInPlace} has it set right.
 *
 * A collection that the server lacks is loaded from S3 before anything is merged into it: {@link loadCollection}.
 * There are no checkpoints to S3: the server keeps its own data, and the deltas in the bucket are never
 * marked as covered, so they do not expire.
 */
export function createRemoteStore(props: RemoteStoreProps): CollectionStore {
  const { collection, readApiKey } = props;
  let last: TouchedInPlace | undefined;
  /** What was loaded here last: the pointer is read when a lease is taken, and not again. */
  let lastLoad: BegunLoad | undefined;
  const touchedUnder = (lease: Lease): TouchedInPlace => {
    if (!last?.isOf(lease)) last = new TouchedInPlace(lease, last);
    return last;
  };
  return {
    async open(lease, deadline) {
      const { pointer, signal } = lease;
      const touched = touchedUnder(lease);
      const apiKey = await readApiKey?.();
      const { url, tenant, recordLimits } = props;
      let lost = 0;
      const unanswered = () => {
        lost += 1;
      };
      const database = chromaDatabase({
        url,
        tenant,
        database: props.database,
        apiKey,
        signal,
        unanswered,
        isShared: true,
        recordLimits,
        owner: props.bucket,
      });
      const existing = await openChromaCollection(database, collection, RECORDS_PER_WRITE);
      const noted =
        existing && [pointer.loading, lastLoad].find((load) => isLoadOf(load, pointer, existing.id));
      if (existing !== undefined && noted === undefined) await refuseOther(props, existing, pointer);
      if (existing !== undefined) await warnOfUnadopted(props, pointer);
      const loaded =
        existing === undefined
          ? await load(
              { ...props, database, recordsPerWrite: RECORDS_PER_WRITE, unanswered: () => lost },
              lease,
              deadline,
            )
          : undefined;
      const chroma =
        existing ??
        loaded?.chroma ??
        (await createChromaCollection(database, collection, props.space, RECORDS_PER_WRITE));
      const { manifest } = pointer;
      // Nothing of ours was published on it: it may be what the old system has left.
      if (existing !== undefined && manifest === undefined) await nameImages(existing);
      if (manifest !== undefined) refuseOtherSpace(collection, chroma.space, manifest.space);
      lastLoad = loaded?.noted ?? lastLoad;
      const known = loaded ?? (noted && knownOf(noted));
      const isLoaded = loaded !== undefined || noted !== undefined;
      const again = touched.begin(Date.now());
      return {
        chroma,
        embedding: known?.embedding ?? embeddingOf(pointer) ?? (await ownEmbedding(props, chroma)),
        isUnpublished: manifest === undefined || isLoaded || isOfEmbedded(pointer) || again.length > 0,
        again,
        rebuiltFrom: [],
        lineage: known?.lineage ?? manifest?.lineage ?? [],
        snapshotVersion: known?.snapshotVersion ?? pointer.snapshot_version,
        hasAdopted: false,
        hasCheckpoints: false,
        serverCollection: chroma.id,
        needsCheckpoint: false,
        checkpointFirst: async () => {
          throw new Error('A Chroma server has no checkpoints.');
        },
        touch: (receipts) => touched.touch(props.table, receipts, Date.now()),
        published: async () => {
          try {
            await touched.published(props.table, lost === 0);
            if (pointer.loading !== undefined || loaded !== undefined)
              await noteLoad(props, lease, undefined);
          } catch (error) {
            // They are merged again, which changes nothing; and a note of another version says nothing.
            const reason = messageOf(error);
            props.telemetry.logger.warn('What was merged well stands noted as not', { collection, reason });
          }
        },
        discard: async () => touched.brokenOff(),
      };
    },
    hasWork: async (lease, published) => isOfEmbedded(published) || touchedUnder(lease).isDue(Date.now()),
    hasToMend: () => last?.hasToMend ?? false,
    // Its room is the server's.
    isFull: async () => false,
    checkpoint: async (_lease, published) => published,
    close: async () => {},
  };
}

/** It is merged into in place, and a snapshot into nothing that is there. */
async function warnOfUnadopted(props: RemoteStoreProps, pointer: CollectionPointer): Promise<void> {
  if (pointer.manifest === undefined) return;
  const snapshot = await readSnapshotPointer(props);
  if (!isUnadopted(snapshot, pointer)) return;
  props.telemetry.logger.warn(
    'A snapshot of another writer waits in the bucket, and a collection on a Chroma server takes none in. Set chroma.mode to "embedded" until a receipt is merged: then it is adopted, and goes to the server with the rest when the mode is set back and the server’s collection was renamed',
    { collection: props.collection, snapshot: snapshot?.version },
  );
}

/** What a collection's vectors share of which nothing was published. It tells only their length. */
async function ownEmbedding(
  { model, dimensions }: RemoteStoreProps,
  { page }: ChromaCollection,
): Promise<EmbeddingSpace> {
  const [first] = await page(0, 1);
  return { model, dimensions: first?.embedding.length ?? dimensions };
}

/** Loads what S3 has of a collection that the server lacks, though the pointer is lost as well; undefined for a new one. */
async function load(props: LoadProps, lease: Lease, deadline: number | undefined) {
  const hasSomething =
    lease.pointer.version !== undefined ||
    (await locateSnapshot(props)) !== undefined ||
    (await hasOtherDeltas(props));
  return hasSomething ? loadCollection(props, lease, deadline ?? Number.POSITIVE_INFINITY) : undefined;
}

/** Whether there are deltas beside those that wait for a merge. */
async function hasOtherDeltas({ s3, bucket, table, collection }: LoadProps): Promise<boolean> {
  const { runs } = await workList(table, collection, []);
  const waiting = new Set(runs.map((run) => run[collection].delta_key));
  const keys = await listKeys(s3, bucket, deltaPrefix(collection));
  return keys.some((key) => !waiting.has(key) && !isDecoyKey(key));
}

/**
 * A collection is the published one only by its id: one that was left behind, restored or made anew by a reader has the
 * name, and may have as many records, and what was merged elsewhere since would be lost with no word. So has one of another
 * environment on the same server.
 *
 * @throws {Error} when a collection that the server has is not the one that was published or loaded.
 */
async function refuseOther(
  { collection, bucket }: RemoteStoreProps,
  chroma: ChromaCollection,
  pointer: CollectionPointer,
): Promise<void> {
  const { manifest } = pointer;
  if (manifest?.server_collection === chroma.id) return;
  if (chroma.owner !== undefined && chroma.owner !== bucket) {
    throw new Error(
      `The Chroma server has a collection ${collection} of ${await chroma.count()} records that the pipeline of the bucket ` +
        `${chroma.owner} made, and this one’s is ${bucket}. Give each its own chroma.database, chroma.tenant or server. If ` +
        `${chroma.owner} was the bucket of this one, rename or delete the collection: then what S3 has of it is loaded.`,
    );
  }
  // Nothing was published: it may be what the old system has left.
  if (manifest === undefined) return;
  // A version of before ids were noted.
  if (manifest.server_collection === undefined && isOfServer(pointer)) {
    const { digest, records } = manifest;
    const isSame =
      digest === undefined
        ? (await chroma.count()) === records
        : (await takeCensus(collection, chroma)).digest === digest;
    if (isSame) return;
  }
  throw new Error(
    `The Chroma server has a collection ${collection} of ${await chroma.count()} records, which is not the published one of ` +
      `${manifest.records}, but has its name alone. Rename it, or delete it when nobody needs it: then the published one is loaded.`,
  );
}
