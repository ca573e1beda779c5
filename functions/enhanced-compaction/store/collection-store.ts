import type { CollectionPointer, DistanceSpace } from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import type { ReceiptReference } from '../../../contracts/record-id';
import type { ChromaCollection } from '../chroma/collection';
import type { Lease } from '../lease/lease';
import type { Publication, Published } from '../lease/publish';

/**
 * Where a collection lives. Two adapters: `embedded` merges into a private copy, of which the deltas in S3 are the
 * log and a checkpoint from time to time the base; `remote` merges into an HTTP Chroma in place.
 */
export interface CollectionStore {
  /**
   * Opens what the lease's pointer names, for writing.
   *
   * @param deadline - after which no more is begun than must be. Milliseconds since the epoch. @default - there is none
   * @throws {NoRoom} when the sandbox has no room to merge into it.
   * @throws {LoadNotEnded} when it takes more than one invocation.
   */
  open(lease: Lease, deadline?: number): Promise<OpenCollection>;
  /** Whether there is work though no run is pending: a checkpoint is due, another writer's snapshot to be adopted, a late write to be overwritten. */
  hasWork(lease: Lease, published: Published): Promise<boolean>;
  /** Whether a merge that was broken off here has left writes, which the next one is to set right. */
  hasToMend(): boolean;
  /** Whether nothing more should be merged before what is merged is published, since the sandbox's room ends. */
  isFull(): Promise<boolean>;
  /**
   * Writes a durable checkpoint of the published version when one is due. That it failed is counted and logged, and
   * fails nothing: what was published stands in the deltas, and the next merge tries again.
   *
   * @returns the pointer's new content.
   */
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
  /** Receipts to which a writer may have written that has lost its lease: what the table has of them is merged again. */
  readonly again: readonly ReceiptReference[];
  /** Whether base and deltas do not give it, so that it must be written whole before a pointer may name it. */
  readonly needsCheckpoint: boolean;
  /** Keys of the deltas that a rebuild put into it beyond what the pointer lists. */
  readonly rebuiltFrom: readonly string[];
  /** The S3 snapshots that it was rebuilt from, oldest first. */
  readonly lineage: readonly string[];
  /** The S3 snapshot that the bucket's pointer object names and that this content contains. */
  readonly snapshotVersion: string | undefined;
  /** Whether another writer's snapshot was adopted, so that a checkpoint is due whatever was merged. */
  readonly hasAdopted: boolean;
  /** Chroma's id of the collection where it is a server's. */
  readonly serverCollection: string | undefined;
  /** Whether snapshots cover its deltas in time; without them the pointer keeps no list, which would only grow. */
  readonly hasCheckpoints: boolean;
  /**
   * Told before anything of these receipts is written. Where writes cannot be thrown away it is noted for good.
   *
   * @throws {LeaseLost} when the lease went to another writer: nothing may be written.
   */
  touch(receipts: readonly ReceiptReference[]): Promise<void>;
  /**
   * Writes the content whole before the pointer is moved to it: where base and deltas do not give it, or the list of
   * deltas is more than the pointer's item can hold. A crash in between leaves a snapshot that the next merge adopts.
   *
   * @returns `next`, with the checkpoint for a base.
   */
  checkpointFirst(next: Publication): Promise<Publication>;
  /** Told what the pointer says now, and that this is the content. */
  published(published: Published): Promise<void>;
  /** Throws the content away: what was written to it must never be published. */
  discard(): Promise<void>;
}

/** What a pointer says that its collection's vectors share. */
export const embeddingOf = ({ manifest }: Pick<CollectionPointer, 'manifest'>): EmbeddingSpace | undefined =>
  manifest && {
    model: manifest.model,
    dimensions: manifest.dimensions,
  };

/** Whether what is published was merged in embedded mode: a server has neither base nor log. */
export const isOfEmbedded = ({ manifest }: Pick<Published, 'manifest'>): boolean =>
  manifest !== undefined &&
  (manifest.base ?? manifest.files_sha256 ?? manifest.uncovered_deltas.at(0)) !== undefined;

/**
 * Whether it was merged on a server, which alone has it whole. Versions of before that was noted are told by their records;
 * those of before digests by what they lack: in embedded mode each was written whole then.
 */
export const isOfServer = (published: Pick<Published, 'manifest'>): boolean => {
  const { manifest } = published;
  if (manifest === undefined || isOfEmbedded(published)) return false;
  return manifest.digest === undefined || manifest.server_collection !== undefined || manifest.records > 0;
};

/** @throws {Error} when the collection measures distances in another space than its pointer says. */
export function refuseOtherSpace(collection: string, actual: DistanceSpace, published: DistanceSpace): void {
  if (actual === published) return;
  throw new Error(`The collection ${collection} has the space ${actual}, its pointer says ${published}.`);
}
