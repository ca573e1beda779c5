import { isDecoy } from '../../../contracts/bucket-layout';
import type { Leftovers } from '../../../contracts/migrate-buckets/retirement';
import type { Context } from '../../shared/command';
import { type ListedVersion, objectOf } from '../listing/list-versions';
import { readVersions, type VersionRecord, versionOf } from '../plan-files/version-record';
import { versionsBeside } from './compare-source';
import { BATCH, type Candidate } from './delete-proven';
import { CHANGED, type Deletion, fitsInBatch } from './send-deletions';

/** The verified manifest, and the bucket that it tells of. */
interface Verified {
  readonly source: string;
  /** Where the verified manifest lies. */
  readonly versions: string;
}

/**
 * Phase one, from the source as it is now: the objects that are the verified ones. In an unversioned bucket their
 * deletion is for good; in a versioned one it lays delete markers, which can be undone. What somebody changed is
 * only named.
 */
export async function* currentOnes(
  context: Pick<Context, 'aws' | 'signal'>,
  { source, versions }: Verified,
): AsyncGenerator<Candidate> {
  for await (const { key, left, right } of versionsBeside(context, source, readVersions(versions))) {
    const verified = left?.items.find(isCurrent);
    const now = right?.items.find(({ isLatest }) => isLatest);
    // Gone or hidden already: an earlier run was cut off.
    if (verified === undefined || now === undefined || now.isDeleteMarker) continue;
    if (isSame(verified, now))
      yield { key, twin: twinOf(verified), deletions: [{ key, etag: verified.etag }] };
    else yield { key, twin: undefined, deletions: [], obstacle: CHANGED };
  }
}

/**
 * Phase two, versioned buckets: every verified version that is still there, then the delete markers that lie over
 * verified keys. All of a key stays while the destination lacks what was its current object.
 */
export async function* allVersions(
  context: Pick<Context, 'aws' | 'signal'>,
  { source, versions }: Verified,
): AsyncGenerator<Candidate> {
  for await (const { key, left, right } of versionsBeside(context, source, readVersions(versions))) {
    if (left === undefined || right === undefined) continue;
    const current = left.items.find(isCurrent);
    const twin = current && twinOf(current);
    const verified = right.items.filter((version) => left.items.some((record) => isSame(record, version)));
    const markers = right.items.filter((version) => version.isDeleteMarker && !verified.includes(version));
    const deletions = [...verified, ...markers].map(({ versionId }): Deletion => ({ key, versionId }));
    const together = fitsInBatch({ key }) ? BATCH : 1;
    for (let from = 0; from < deletions.length; from += together) {
      yield { key, twin, deletions: deletions.slice(from, from + together) };
    }
  }
}

const isCurrent = ({ latest, marker }: VersionRecord): boolean => latest && !marker;

/** A version without an id keeps its name when somebody overwrites it, but not its ETag. */
const isSame = ({ version_id, etag, marker }: VersionRecord, version: ListedVersion): boolean =>
  version_id === version.versionId && etag === version.etag && marker === version.isDeleteMarker;

const twinOf = (record: VersionRecord) => (isDecoy(record) ? undefined : objectOf(versionOf(record)));

/** Whether an object is seen by who asks for no version. */
export const isVisible = ({ isLatest, isDeleteMarker }: ListedVersion): boolean =>
  isLatest && !isDeleteMarker;

/**
 * What is left of the source, listed now, and what of it came after the verification.
 *
 * @param counts - which versions are meant. @default - all
 */
export async function leftovers(
  context: Pick<Context, 'aws' | 'signal'>,
  { source, versions }: Verified,
  counts: (version: ListedVersion) => boolean = () => true,
): Promise<Leftovers> {
  const found: Leftovers = { versions: 0, bytes: 0, newer: 0, newer_keys: [] };
  for await (const { key, left, right } of versionsBeside(context, source, readVersions(versions))) {
    for (const version of right?.items.filter(counts) ?? []) {
      found.versions++;
      found.bytes += version.size;
      if (left?.items.some((record) => isSame(record, version)) === true) continue;
      found.newer++;
      if (found.newer_keys.length < NEWER_SHOWN) found.newer_keys.push(key);
    }
  }
  return found;
}

const NEWER_SHOWN = 10;
