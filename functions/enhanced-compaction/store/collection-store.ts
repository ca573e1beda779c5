import type {
  CollectionPointer,
  DistanceSpace,
  VersionManifest,
} from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import type { ChromaCollection } from '../chroma/collection';
import type { Lease } from '../lease/lease';
import type { Published } from '../lease/publish';

/**
 * Where a collection lives. Two adapters: `embedded` merges into a private copy and publishes immutable
 * versions of files; `remote` merges into an HTTP Chroma in place.
 */
export interface CollectionStore {
  /** Opens what the lease's pointer names, for writing. */
  open(lease: Lease): Promise<OpenCollection>;
  /** Whether there is work though no run is pending: a checkpoint is due, or another writer's snapshot to be adopted. */
  hasWork(published: Published): Promise<boolean>;
  /** Writes a durable checkpoint of the open content when one is due. Returns the pointer's new content. */
  checkpoint(lease: Lease, published: Published): Promise<Published>;
  /** Ends every process and removes every private file. */
  close(): Promise<void>;
}

export interface OpenCollection {
  readonly chroma: ChromaCollection;
  /** What its vectors share; undefined for a new collection. */
  readonly embedding: EmbeddingSpace | undefined;
  /** Whether it holds what no published version holds: a collection that was just created or rebuilt. */
  readonly isUnpublished: boolean;
  /** Keys of the deltas that a rebuild put into it beyond what the pointer lists. */
  readonly rebuiltFrom: readonly string[];
  /** The S3 snapshots that it was rebuilt from, oldest first. */
  readonly lineage: readonly string[];
  /** The S3 snapshot that the bucket's pointer object names and that this content contains. */
  readonly snapshotVersion: string | undefined;
  /** Whether another writer's snapshot was adopted, so that a checkpoint is due whatever was merged. */
  readonly hasAdopted: boolean;
  /** Whether snapshots cover its deltas in time; without them the pointer keeps no list, which would only grow. */
  readonly hasCheckpoints: boolean;
  /** Makes the content durable under a new version id, for the pointer to be moved to it. */
  seal(): Promise<SealedVersion>;
  /**
   * Writes the sealed version to S3 before the pointer is moved to it: where its manifest lists more uncovered
   * deltas than the pointer's item can hold. A crash in between leaves a snapshot that the next merge adopts.
   */
  checkpointFirst(version: string, manifest: VersionManifest): Promise<void>;
  /** Told that the pointer was moved to the sealed version. */
  published(): Promise<void>;
  /**
   * Throws the content away: what was written to it must never be published. What was sealed goes only where
   * `reason` is a LeaseLost, which proves that no pointer names it; else it may be what was published.
   */
  discard(reason: unknown): Promise<void>;
}

export interface SealedVersion {
  readonly version: string;
  /** Hexadecimal SHA-256 of the version's list of files; undefined when there are none. */
  readonly filesSha256: string | undefined;
}

/** What a pointer says that its collection's vectors share. */
export const embeddingOf = ({ manifest }: Pick<CollectionPointer, 'manifest'>): EmbeddingSpace | undefined =>
  manifest && {
    model: manifest.model,
    dimensions: manifest.dimensions,
  };

/** @throws {Error} when the collection measures distances in another space than its pointer says. */
export function refuseOtherSpace(collection: string, actual: DistanceSpace, published: DistanceSpace): void {
  if (actual === published) return;
  throw new Error(`The collection ${collection} has the space ${actual}, its pointer says ${published}.`);
}
