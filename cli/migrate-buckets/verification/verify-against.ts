import type { S3Client } from '@aws-sdk/client-s3';
import { snapshotPointerKey } from '../../../contracts/bucket-layout';
import type {
  CertificateCheck,
  CertificateSummary,
  CertifiedObject,
} from '../../../contracts/migrate-buckets/certificate';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { InOrder } from '../../shared/in-order';
import { openBucket } from '../aws/bucket';
import { digestObject } from '../aws/read-object';
import { type ListedVersion, listVersions, objectOf } from '../listing/list-versions';
import { groupByKey, mergeByKey } from '../listing/merge-by-key';
import { whyNotSuperseded } from '../snapshots/superseded-pointer';
import { openCertificate } from './certificate-file';
import { ASKED_TOGETHER } from './certify';
import { areComparable, compareContent, compareListed } from './compare-certified';
import { readChecksum } from './read-checksum';

export interface AgainstRequest {
  /** The certificate. */
  readonly path: string;
  /** @default - the destination that was certified */
  readonly bucket: string | undefined;
  /** Read the bytes where the certificate tells their SHA-256. */
  readonly deep: boolean;
}

const PROBLEMS_SHOWN = 100;

/** What became of one certified object. */
type Found = { readonly key: string; readonly checksum: boolean; readonly bytes: boolean } & (
  | { readonly is: 'same' | 'rewritten' }
  | { readonly is: 'moved-on' | 'different'; readonly why: string }
);

/**
 * Proves a bucket by a certificate alone: without the old bucket, and without the plan. Read-only.
 *
 * @throws {UserError} exit 2 when the certificate cannot be used.
 */
export async function verifyAgainst(
  context: Context<MigrationEvent>,
  { path, deep, ...request }: AgainstRequest,
): Promise<CertificateCheck> {
  const { aws, report, signal } = context;
  const { header, summary, digest, objects } = await openCertificate(path);
  const { tool, at, source, destination } = header;
  const { bucket = destination } = request;
  const { left_out } = summary;
  await openBucket(aws, bucket);
  const check: CertificateCheck = {
    bucket,
    certificate: {
      path,
      digest,
      tool,
      at,
      source,
      destination,
      ...(left_out === undefined ? {} : { left_out }),
    },
    objects: summary.objects,
    bytes: summary.bytes,
    same: 0,
    rewritten: 0,
    moved_on: [],
    checksums_compared: 0,
    bytes_compared: 0,
    deep,
    extra: 0,
    problems: [],
    problem_count: 0,
    proven: false,
  };
  const certified = { s3: aws.s3, bucket, summary, deep, signal };
  const found = new InOrder<Found>(ASKED_TOGETHER, (each) => add(check, each));
  const versions = groupByKey(listVersions(aws.s3, bucket, signal), `The listing of ${bucket}'s versions`);
  let seen = 0;
  for await (const { left, right } of mergeByKey(objects(), versions)) {
    if (left !== undefined) await found.add(() => lookAt(certified, left, right?.items ?? []));
    else if (right?.items.some(isCurrent) === true) check.extra++;
    report.progress('verifying', ++seen, undefined);
  }
  await found.finish();
  check.proven = check.problem_count === 0;
  return check;
}

function add(check: CertificateCheck, found: Found): void {
  if (found.checksum) check.checksums_compared++;
  if (found.bytes) check.bytes_compared++;
  if (found.is === 'different') {
    if (++check.problem_count <= PROBLEMS_SHOWN) check.problems.push({ key: found.key, why: found.why });
  } else if (found.is === 'moved-on') check.moved_on.push({ key: found.key, why: found.why });
  else {
    check.same++;
    if (found.is === 'rewritten') check.rewritten++;
  }
}

const isCurrent = ({ isLatest, isDeleteMarker }: ListedVersion): boolean => isLatest && !isDeleteMarker;

interface Surroundings {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly summary: CertificateSummary;
  readonly deep: boolean;
  readonly signal: AbortSignal;
}

async function lookAt(
  { s3, bucket, summary, deep, signal }: Surroundings,
  certified: CertifiedObject,
  versions: readonly ListedVersion[],
): Promise<Found> {
  const { key, version_id: versionId, sha256: certifiedBytes } = certified;
  const nothing = { key, checksum: false, bytes: false };
  const current = versions.find(isCurrent);
  const kept = versions.some((each) => versionId !== null && each.versionId === versionId)
    ? ` Its certified version ${versionId} is still there, as an older one.`
    : '';
  if (current === undefined) return { ...nothing, is: 'different', why: `It is missing.${kept}` };
  const object = objectOf(current);
  const differs = compareListed(certified, current);
  if (differs !== undefined) {
    const older = summary.snapshots.find(({ collection }) => snapshotPointerKey(collection) === key)?.version;
    if (older === undefined) return { ...nothing, is: 'different', why: `${differs}${kept}` };
    // The pipeline moves its pointers: one that leads to what was built from the certified snapshot lost nothing.
    const whyNot = await whyNotSuperseded(s3, older, { bucket, object }, signal);
    if (whyNot !== undefined) return { ...nothing, is: 'different', why: `${differs}${kept} ${whyNot}` };
    const why = `It names a newer snapshot, which is sound and was built from the certified one, ${older}.`;
    return { ...nothing, is: 'moved-on', why };
  }
  const checksum = certified.checksum === null ? null : await readChecksum(s3, { bucket, object }, signal);
  const reads = deep && certifiedBytes !== null;
  const sha256 = reads ? await digestObject(s3, bucket, object, 'sha256', signal) : null;
  const wasCompared =
    certified.checksum !== null && checksum !== null && areComparable(certified.checksum, checksum);
  const compared = { key, checksum: wasCompared, bytes: reads };
  const why = compareContent(certified, { checksum, sha256 });
  if (why !== undefined) return { ...compared, is: 'different', why };
  return { ...compared, is: (object.versionId ?? null) === versionId ? 'same' : 'rewritten' };
}
