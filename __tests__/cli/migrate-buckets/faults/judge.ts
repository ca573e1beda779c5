import { createHash } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { HistoryEntry } from 'local-aws';
import { contents } from '../../../support/old-buckets';
import type { Buckets } from './contents';

/** As the judge himself knows them. */
const OWN = /^\.migrate-buckets\/(?:\.probe\/[0-9a-f-]{36}\/.+|[a-z0-9][a-z0-9.-]+\/(?:lock|freeze)\.json)$/;
/** SHA-256 of what the old infrastructure wrote into every bucket, as the judge himself knows it. */
const DECOYS = new Set(
  ['', 'This folder contains ChromaDB snapshots', 'snapshot/initial/'].map((body) =>
    createHash('sha256').update(body).digest('hex'),
  ),
);
const DECOY = /^[^/]+\/(?:(?:snapshot|delta)\/\.placeholder|snapshot\/latest\/pointer\.txt)$/;
const isData = (key: string, sha256: string) => !OWN.test(key) && !(DECOY.test(key) && DECOYS.has(sha256));

/**
 * SHA-256 of every object of a bucket by key, over its bytes and what it carries beside them, as the judge himself reads
 * them; undefined where there is no bucket.
 */
export async function digestsIn(s3: S3Client, bucket: string): Promise<Map<string, string> | undefined> {
  const digests = new Map<string, string>();
  try {
    for (const key of (await contents(s3, bucket)).keys()) {
      const { Body, ContentType, Metadata, TagCount } = await s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: key }),
      );
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      if (!isData(key, createHash('sha256').update(bytes).digest('hex'))) continue;
      const carried = JSON.stringify([ContentType, Metadata, TagCount]);
      digests.set(key, createHash('sha256').update(carried).update(bytes).digest('hex'));
    }
    return digests;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchBucket') return undefined;
    throw error;
  }
}

/** The keys of the source under which the destination does not hold the same. */
export async function differences(s3: S3Client, { source, destination }: Buckets): Promise<string[]> {
  const [wanted, there] = [await digestsIn(s3, source), await digestsIn(s3, destination)];
  return [...(wanted ?? [])].filter(([key, digest]) => there?.get(key) !== digest).map(([key]) => key);
}

/**
 * The keys that somebody changed so late that no verification could see it: after the last listing of one of the
 * buckets had begun.
 */
export function changedTooLate(
  history: readonly HistoryEntry[],
  { source, destination }: Buckets,
): Set<string> {
  const begun = (bucket: string) =>
    history.findLastIndex(
      (entry) =>
        entry.kind === 'request' &&
        entry.operation === 'ListObjectVersions' &&
        entry.bucket === bucket &&
        !entry.continued,
    );
  const since = Math.min(begun(source), begun(destination));
  const late = history.filter((entry, index) => entry.kind === 'mutation' && index > since);
  return new Set(late.flatMap((entry) => ('key' in entry ? entry.key : [])));
}

/** What the deletions of a run showed so far: delete markers that the tool laid, and versions below what was current. */
export interface SeenDeletions {
  readonly markers: Set<string>;
  readonly older: Set<string>;
}

/**
 * What callers deleted though its bytes were not at the destination at that moment: an object of the source that was
 * the current one, or lay under nothing but the delete markers that the tool itself had laid over it; or any object
 * of another bucket. What lies under a newer object, or was hidden by somebody else, is history, which is given up.
 *
 * @param seen - what earlier deletions of the run showed, to be added to.
 */
export function deletedUnproven(
  history: readonly HistoryEntry[],
  { source, destination }: Buckets,
  { markers, older }: SeenDeletions,
): string[] {
  const unproven: string[] = [];
  for (const entry of history) {
    if (entry.kind !== 'deletion') continue;
    const { bucket, key, versionId, sha256, under, over, marker, elsewhere } = entry;
    const idOf = (id: string) => JSON.stringify([bucket, key, id]);
    const isCurrent = under.every((id) => markers.has(idOf(id))) && !older.has(idOf(versionId));
    if (marker !== undefined) markers.add(idOf(marker));
    if (!isCurrent) continue;
    const isOurMarker = sha256 === undefined && markers.has(idOf(versionId));
    if (!isOurMarker) for (const id of over) older.add(idOf(id));
    if (sha256 === undefined || !isData(key, sha256)) continue;
    if (bucket !== source || elsewhere[destination] !== sha256) unproven.push(`${key} from ${bucket}`);
  }
  return unproven;
}

/** What somebody else wrote to the destination: the SHA-256 of the bytes by key. */
export type Foreign = ReadonlyMap<string, ReadonlySet<string>>;

/** The keys under which callers wrote over what somebody else had put there, without anybody's consent. */
export const overwroteForeign = (
  history: readonly HistoryEntry[],
  { destination }: Buckets,
  foreign: Foreign,
): string[] =>
  history.flatMap((entry) =>
    entry.kind === 'overwrite' &&
    entry.bucket === destination &&
    foreign.get(entry.key)?.has(entry.sha256) === true
      ? [entry.key]
      : [],
  );
