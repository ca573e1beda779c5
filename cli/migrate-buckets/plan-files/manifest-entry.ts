import { z } from 'zod';
import { isDecoyKey, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import { looksEqual } from '../listing/listed-object';
import type { Pair } from '../listing/pair';

/**
 * What is to be done with one object of a source bucket:
 * - `copy`: the destination lacks it;
 * - `replace`: the destination holds something else under this key, which the operator agreed to overwrite;
 * - `conflict`: the same, without that agreement: no plan is made;
 * - `keep`: the destination holds it already;
 * - `skip`: a decoy of the old infrastructure, evidence of nothing.
 */
const actionSchema = z.enum(['copy', 'replace', 'conflict', 'keep', 'skip']);
export type Action = z.infer<typeof actionSchema>;

/** One line of the manifest. Property order is part of the digest. */
export const manifestEntrySchema = z.object({
  key: z.string().min(1),
  /** Bytes. */
  size: z.int().nonnegative(),
  etag: z.string().min(1),
  storageClass: z.string(),
  action: actionSchema,
  /** The ETag that the destination holds and that alone may be overwritten, or `absent`. */
  expected: z.string().min(1),
  /** The bucket it comes from, where that is not the plan's source: a stranded delta. */
  bucket: z.string().optional(),
});
export type ManifestEntry = z.infer<typeof manifestEntrySchema>;

/** Objects that name the current snapshot. They go last: a reader must never follow one to a missing snapshot. */
const POINTERS = new Set(COLLECTIONS.map(snapshotPointerKey));
export const isPointerKey = (key: string): boolean => POINTERS.has(key);

/** S3's archive classes: an object there cannot be read, so it cannot be copied before it is restored. */
export const isArchived = ({ storageClass }: { storageClass: string }): boolean =>
  storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';

/** What the plan says of a key, or undefined for a key that only the destination has: that is left alone. */
export function planEntry({ source, destination }: Pair, overwrite: boolean): ManifestEntry | undefined {
  if (source === undefined) return undefined;
  const { key, size, etag, storageClass, bucket } = source;
  const entry = (action: Action): ManifestEntry => ({
    key,
    size,
    etag,
    storageClass,
    action,
    expected: destination?.etag ?? 'absent',
    ...(bucket === undefined ? {} : { bucket }),
  });
  if (isDecoyKey(key)) return entry('skip');
  if (destination === undefined) return entry('copy');
  if (looksEqual(source, destination)) return entry('keep');
  return entry(overwrite ? 'replace' : 'conflict');
}
