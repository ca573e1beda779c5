import type { S3Client } from '@aws-sdk/client-s3';
import type { DistanceSpace } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ChromaCollection, createChromaCollection, openChromaCollection } from '../chroma/collection';
import { chromaDatabase } from '../chroma/database';
import { locateSnapshot } from '../snapshot/locate';
import { nameImages } from '../snapshot/name-images';
import { type CollectionStore, embeddingOf, refuseOtherSpace } from './collection-store';

export interface RemoteStoreProps {
  readonly collection: Collection;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly url: string;
  readonly tenant: string | undefined;
  readonly database: string | undefined;
  /** The configured model and length: a collection that was there before is taken to be of that model. */
  readonly model: string;
  readonly dimensions: number;
  /** What a new collection measures distances in. */
  readonly space: DistanceSpace;
  /** Chroma Cloud's API key. @default - none is sent */
  readonly readApiKey?: (() => Promise<string>) | undefined;
}

/** Chroma Cloud's limit; a server of one's own takes it as well. */
const RECORDS_PER_WRITE = 300;

/**
 * The store whose Chroma is a server elsewhere, or Chroma Cloud. It is merged into in place: a version is a
 * mark on the pointer alone, and no file. A writer that lost its lease is told by the next conditional write,
 * so what it wrote meanwhile stays; since every delta is a whole receipt, the next merge sets it right.
 *
 * There are no checkpoints to S3: the server keeps its own data, and the deltas in the bucket are never
 * marked as covered, so they do not expire.
 */
export function createRemoteStore(props: RemoteStoreProps): CollectionStore {
  const { collection, readApiKey } = props;
  // Whether a merge was broken off here: what it wrote stays, and is in no version.
  let isBrokenOff = false;
  return {
    async open({ pointer, signal }) {
      const apiKey = await readApiKey?.();
      const { url, tenant } = props;
      const database = chromaDatabase({ url, tenant, database: props.database, apiKey, signal });
      const existing = await openChromaCollection(database, collection, RECORDS_PER_WRITE);
      if (existing === undefined) await refuseToStartEmpty(props, pointer.version);
      const chroma =
        existing ?? (await createChromaCollection(database, collection, props.space, RECORDS_PER_WRITE));
      const { manifest } = pointer;
      // Nothing of ours was published on it: it may be what the old system has left.
      if (existing !== undefined && manifest === undefined) await nameImages(existing);
      if (manifest !== undefined) refuseOtherSpace(collection, chroma.space, manifest.space);
      return {
        chroma,
        embedding: embeddingOf(pointer) ?? (await ownEmbedding(props, chroma)),
        isUnpublished: manifest === undefined || isBrokenOff,
        rebuiltFrom: [],
        lineage: manifest?.lineage ?? [],
        snapshotVersion: pointer.snapshot_version,
        hasAdopted: false,
        hasCheckpoints: false,
        needsCheckpoint: false,
        checkpointFirst: async () => {
          throw new Error('A Chroma server has no checkpoints.');
        },
        published: async () => {
          isBrokenOff = false;
        },
        discard: async () => {
          isBrokenOff = true;
        },
      };
    },
    hasWork: async () => false,
    // Its room is the server's.
    isFull: async () => false,
    checkpoint: async (_lease, published) => published,
    close: async () => {},
  };
}

/** What a collection's vectors share of which nothing was published. It tells only their length. */
async function ownEmbedding(
  { model, dimensions }: RemoteStoreProps,
  { page }: ChromaCollection,
): Promise<EmbeddingSpace> {
  const [first] = await page(0, 1);
  return { model, dimensions: first?.embedding.length ?? dimensions };
}

async function refuseToStartEmpty({ collection, ...source }: RemoteStoreProps, version: string | undefined) {
  const snapshot = await locateSnapshot({ ...source, collection });
  if (version === undefined && snapshot === undefined) return;
  throw new Error(
    `The Chroma server has no collection ${collection}, but the pipeline has published one ` +
      `(${version ?? snapshot?.version}). Copy it to the server before switching to it; nothing is created empty beside it.`,
  );
}
