import { isDecoy, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { Action, ManifestEntry } from '../../../contracts/migrate-buckets/plan';
import { looksEqual } from '../listing/listed-object';
import type { Pair } from '../listing/pair';

/** Objects that name the current snapshot. They go last: a reader must never follow one to a missing snapshot. */
const POINTERS = new Set(COLLECTIONS.map(snapshotPointerKey));
export const isPointerKey = (key: string): boolean => POINTERS.has(key);

/** S3's archive classes: an object there cannot be read, so it cannot be copied before it is restored. */
export const isArchived = ({ storage_class }: Pick<ManifestEntry, 'storage_class'>): boolean =>
  storage_class === 'GLACIER' || storage_class === 'DEEP_ARCHIVE';

/** What the plan says of a key, or undefined for a key that only the destination has: that is left alone. */
export function planEntry({ source, destination }: Pair, overwrite: boolean): ManifestEntry | undefined {
  if (source === undefined) return undefined;
  const { key, size, etag, storageClass, bucket } = source;
  const entry = (action: Action): ManifestEntry => ({
    key,
    size,
    etag,
    storage_class: storageClass,
    action,
    expected: destination?.etag ?? 'absent',
    ...(bucket === undefined ? {} : { bucket }),
  });
  if (isDecoy(source)) return entry('skip');
  if (destination === undefined) return entry('copy');
  if (looksEqual(source, destination)) return entry('keep');
  return entry(overwrite ? 'replace' : 'conflict');
}
