import { z } from 'zod';
import { isVersionId } from './bucket-layout';
import { contentDigestSchema } from './content-digest';
import { runIdSchema } from './messages';
import { recordTallySchema } from './record-form';
import { imageIdSchema, receiptIdSchema } from './record-id';
import { sha256Schema } from './sha256';
import { touchedReceiptsSchema } from './touched-receipts';

export const distanceSpaceSchema = z.enum(['cosine', 'l2', 'ip']);
export type DistanceSpace = z.infer<typeof distanceSpaceSchema>;

export const versionIdSchema = z.string().refine(isVersionId, 'a version id is YYYYMMDD_HHMMSS[_ffffff_hex]');

/** A run whose vectors a published version holds. */
export const mergedRunSchema = z.object({
  run_id: runIdSchema,
  image_id: imageIdSchema,
  receipt_id: receiptIdSchema,
  /** Vectors of the run that the version holds. */
  merged_vectors: z.int().nonnegative(),
});
export type MergedRun = z.infer<typeof mergedRunSchema>;

/** A version that was written whole: an S3 snapshot, and a copy of it on the file system where there is one. */
export const checkpointSchema = z.object({
  version: versionIdSchema,
  /** Records that it holds. */
  records: z.int().nonnegative(),
  digest: contentDigestSchema,
  /** Hexadecimal SHA-256 of the copy's list of files and their hashes. Absent where there is no file system. */
  files_sha256: sha256Schema.optional(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** What a published version holds, and how it came to be. */
export const versionManifestSchema = z.object({
  created_at: z.iso.datetime(),
  /** Records in the collection. */
  records: z.int().nonnegative(),
  /** An existing collection keeps the space that it was created with. */
  space: distanceSpaceSchema,
  model: z.string().min(1),
  dimensions: z.int().positive(),
  /** Of the records that were merged last; earlier ones may be of another. */
  text_format_version: z.int().positive(),
  /** What its records are, as their metadata tells. Versions of before this was counted lack it. */
  record_tally: recordTallySchema.optional(),
  /** Versions of before this was counted lack it; they were written whole, each. */
  digest: contentDigestSchema.optional(),
  /**
   * What of `records` and `digest` other programs have done on a server, past the pipeline: what is there without what
   * the pipeline has merged, which is what S3 gives. Absent where that is nothing.
   */
  others: z.object({ records: z.int(), digest: contentDigestSchema }).optional(),
  /** Chroma's id of the collection on a server that is this version. Absent in embedded mode. */
  server_collection: z.string().min(1).optional(),
  /**
   * What `uncovered_deltas` were merged onto: both together ARE this version. Absent where that is an empty
   * collection, in server and cloud mode, and in versions that were written whole, each.
   */
  base: checkpointSchema.optional(),
  /** As of {@link Checkpoint}, of versions that were written whole, each. */
  files_sha256: sha256Schema.optional(),
  /**
   * The runs that this publish merged, 1000 at most. A crash between the publish and the marking of these
   * runs is mended from here: a run that stands here and is unfinished in the table is COMPLETED.
   */
  runs: z.array(mergedRunSchema),
  /**
   * The log: keys of the deltas that were merged onto the base, in that order, and that no S3 snapshot covers yet.
   * The next checkpoint covers and tags them, then empties the list.
   */
  uncovered_deltas: z.array(z.string().min(1)),
  /** Hexadecimal SHA-256 of each of these deltas, in their order. Absent where there is no log. */
  delta_sha256s: z.array(sha256Schema).default([]),
  /**
   * Keys of deltas that the log need not have: a later run superseded theirs, or the collection held it all. The next
   * checkpoint tags them, too.
   */
  unmerged_deltas: z.array(z.string().min(1)).default([]),
  /** Records of those deltas: what decides, with their age, when a checkpoint is due. */
  uncovered_records: z.int().nonnegative(),
  /**
   * The S3 snapshots, oldest first, that this version was rebuilt from: the proof that their content went into
   * it. Every later version carries them on; the newest 100 stay.
   */
  lineage: z.array(versionIdSchema).default([]),
});
export type VersionManifest = z.infer<typeof versionManifestSchema>;

/** A load of a collection onto a server that lacks it, from when it was begun until it is published. */
export const begunLoadSchema = z.object({
  /** The name of the collection that it is loaded into. */
  name: z.string().min(1),
  /** Chroma's id of that collection, once it is there. */
  collection_id: z.string().min(1).optional(),
  /** What it is loaded from: the version, the snapshot, how many records that has, and their digest. */
  of: z.string().min(1),
  /** What is known of that, as of a version: whoever publishes the collection need not be who loaded it. */
  known: z
    .object({
      model: z.string().min(1),
      dimensions: z.int().positive(),
      lineage: z.array(versionIdSchema),
      snapshot_version: versionIdSchema.optional(),
    })
    .optional(),
  /**
   * When a loader last began that has not said that it ended with each write answered. One may still arrive. Milliseconds
   * since the epoch.
   */
  unsettled_at: z.int().nonnegative().optional(),
});
export type BegunLoad = z.infer<typeof begunLoadSchema>;

/**
 * The single item of a collection ({@link collectionKey}): its pointer and its lease together, so that one
 * conditional write can demand both "the version is the one I merged onto" and "the fence is still mine".
 */
export const collectionPointerSchema = z.object({
  /** Raised by one with every lease that is taken, never lowered. */
  fence: z.int().nonnegative(),
  lease_owner: z.string().min(1).optional(),
  /** Milliseconds since the epoch. An expired lease may be taken by anyone. */
  lease_expires_at: z.int().nonnegative().optional(),
  /** In server and cloud mode, where what a writer has written stays when it loses its lease. */
  touched: z.array(touchedReceiptsSchema).optional(),
  /** In server and cloud mode, while a collection is being loaded. */
  loading: begunLoadSchema.optional(),
  /** The published version; absent until the first publish. */
  version: versionIdSchema.optional(),
  /** Present exactly when `version` is. */
  manifest: versionManifestSchema.optional(),
  /** The S3 snapshot that this content contains: what the last checkpoint wrote, or what it was rebuilt from. */
  snapshot_version: versionIdSchema.optional(),
  /** When the last checkpoint was written. Absent until the first, and again after a rebuild from another's snapshot. */
  snapshot_at: z.iso.datetime().optional(),
});
export type CollectionPointer = z.infer<typeof collectionPointerSchema>;
