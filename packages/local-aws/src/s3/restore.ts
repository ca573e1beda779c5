import { configurationDocument } from './bucket-configuration';
import { currentMoment } from './clock';
import type { Exchange } from './exchange';
import { isArchived } from './object-draft';
import { readableVersion } from './object-reads';
import type { Reply } from './request';
import { isReadable } from './restore-status';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import { childText } from './xml';

const DAY = 86_400_000;

/** Begins a restore, which is in progress until {@link completeRestores}; prolongs one that is done. */
export function restoreObject({ request }: Exchange, bucket: Bucket): Reply {
  const version = readableVersion(request, bucket);
  const days = Number(childText(configurationDocument(request, 'RestoreRequest'), 'Days'));
  if (!(Number.isInteger(days) && days > 0)) throw new S3Error('MalformedXML', 'Days must be given');
  if (!isArchived(version.content.storageClass)) {
    throw new S3Error('InvalidObjectState', "Restore is not allowed for the object's current storage class", {
      StorageClass: version.content.storageClass,
    });
  }
  if (version.restore?.done === false) {
    throw new S3Error('RestoreAlreadyInProgress', 'Object restore is already in progress');
  }
  const isRestored = isReadable(version);
  version.restore = { done: isRestored, days, until: currentMoment().milliseconds + days * DAY };
  return { status: isRestored ? 200 : 202 };
}

/** What would take hours: every restore that is in progress is done. */
export function completeRestores(buckets: Iterable<Bucket>): number {
  let count = 0;
  for (const { keys } of buckets) {
    const walk = keys.walk('');
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      for (const version of entry.versions) {
        if (version.restore?.done !== false) continue;
        const { days } = version.restore;
        version.restore = { done: true, days, until: currentMoment().milliseconds + days * DAY };
        count += 1;
      }
    }
  }
  return count;
}
