import { z } from 'zod';
import { versionIdSchema, versionManifestSchema } from './collection-pointer';
import { collectionSchema } from './collections';
import { sha256Schema } from './sha256';

/**
 * `manifest.json` beside a snapshot's archive. The old system wrote none: such a snapshot tells neither its
 * model nor its text format.
 */
export const snapshotManifestSchema = z.object({
  format_version: z.literal(1),
  collection: collectionSchema,
  version: versionIdSchema,
  /** Bytes of `snapshot.tar.gz`. */
  archive_bytes: z.int().positive(),
  archive_sha256: sha256Schema,
  /** `uncovered_deltas` of the content are the deltas that this snapshot was the first to cover. */
  content: versionManifestSchema,
});
export type SnapshotManifest = z.infer<typeof snapshotManifestSchema>;
