import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  legacyDeltaKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
} from '../../../../contracts/bucket-layout';
import { createBucket, put, putDecoys } from '../../../support/old-buckets';
import type { SeededRandom } from '../../../support/seeded-random';
import { smallChromaDatabase } from '../../../support/small-chroma-database';

/** The names of a run's buckets. The other one has what the source lacks, where there is one. */
export interface Buckets {
  readonly source: string;
  readonly destination: string;
  readonly other: string;
}

interface PutObject {
  readonly key: string;
  /** Each but the last is overwritten: only versioned buckets keep it. */
  readonly bodies: readonly string[];
  /** Uploaded in so many parts, where it is not put whole. */
  readonly parts: number;
  /** Deleted again after it was put. */
  readonly deleted: boolean;
}

/** What lies in the buckets before the migration. */
export interface Contents {
  readonly objects: readonly PutObject[];
  readonly decoys: boolean;
  /** A snapshot, and the pointer that leads to it. */
  readonly snapshot: boolean;
  /** Another bucket has deltas and a pointer that the source lacks. */
  readonly stranded: boolean;
  /** The source has a policy and a lifecycle of its own. */
  readonly configured: boolean;
  /** Somebody has an object at the destination that the source lacks. */
  readonly theirs: boolean;
}

const ODD_KEYS = [
  ...['folder/', 'folder//double', 'a b', 'a+b', 'a%2Bb', '~tilde', 'ü', '漢字', '\ue000private', '😀'],
  ...[
    '\ufffdreplacement',
    'tab\tline\nreturn\rend',
    '\u0001control',
    'quote\'"<>&',
    './dot',
    '../dots',
    'a?b#c',
  ],
  'x'.repeat(900),
];

export function contentsOf(random: SeededRandom, versioned: boolean): Contents {
  const deltas = Array.from({ length: 3 + random.below(9) }, (_, index) =>
    legacyDeltaKey('lines', `run-${index}`),
  );
  const odd = ODD_KEYS.filter(() => random.chance(0.2));
  const objects = [...deltas, ...odd].map((key): PutObject => {
    const last = random.chance(0.1) ? '' : `body of ${key} ${random.below(1000)}`;
    const bodies = random.chance(0.2) ? [`older ${key}`, last] : [last];
    const parts = last.length > 3 && random.chance(0.2) ? 2 : 1;
    return { key, bodies, parts, deleted: versioned && random.chance(0.1) };
  });
  return {
    objects,
    decoys: random.chance(0.3),
    snapshot: random.chance(0.4),
    stranded: random.chance(0.2),
    configured: random.chance(0.4),
    theirs: random.chance(0.3),
  };
}

/** What somebody else has at the destination from the beginning. */
export const THEIRS = { key: 'folder/theirs', body: 'theirs' };

const VERSION = '20260101_000000';
const LATER = '20260102_000000';

export async function fillBuckets(
  s3: S3Client,
  { source, destination, other }: Buckets,
  contents: Contents,
  versioning: 'off' | 'enabled' | 'suspended',
): Promise<void> {
  for (const bucket of [source, destination]) await createBucket(s3, bucket);
  if (versioning !== 'off') await setVersioning(s3, source, 'Enabled');
  for (const { key, bodies, parts, deleted } of contents.objects) {
    const [last = '', ...earlier] = [...bodies].reverse();
    for (const body of earlier.reverse()) await put(s3, source, key, body);
    if (parts > 1) await putInParts(s3, source, key, last, parts);
    else await put(s3, source, key, last, { ContentType: 'application/gzip', Metadata: { of: 'a run' } });
    if (deleted) await s3.send(new DeleteObjectCommand({ Bucket: source, Key: key }));
  }
  if (versioning === 'suspended') {
    await setVersioning(s3, source, 'Suspended');
    await put(s3, source, 'written/while/suspended', 'null version');
  }
  if (contents.decoys) await putDecoys(s3, source);
  if (contents.snapshot) await putLooseSnapshot(s3, source, VERSION);
  if (contents.configured) await configure(s3, source);
  if (contents.theirs) await put(s3, destination, THEIRS.key, THEIRS.body);
  if (!contents.stranded) return;
  await createBucket(s3, other);
  for (const run of ['left-1', 'left-2']) {
    await put(s3, other, legacyDeltaKey('lines', run), `stranded ${run}`, { Tagging: 'kind=delta' });
  }
  await putLooseSnapshot(s3, other, LATER);
}

const setVersioning = (s3: S3Client, Bucket: string, Status: 'Enabled' | 'Suspended') =>
  untilTaken(() => s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } })));

let database: Buffer | undefined;

async function putLooseSnapshot(s3: S3Client, bucket: string, version: string): Promise<void> {
  database ??= smallChromaDatabase();
  await put(s3, bucket, `${snapshotVersionPrefix('lines', version)}chroma.sqlite3`, database);
  await put(s3, bucket, snapshotPointerKey('lines'), version);
}

async function putInParts(
  s3: S3Client,
  Bucket: string,
  Key: string,
  body: string,
  count: number,
): Promise<void> {
  const bytes = Buffer.from(body);
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { of: 'parts' } }),
  );
  const size = Math.ceil(bytes.length / count);
  const Parts = [];
  for (let PartNumber = 1; PartNumber <= count; PartNumber++) {
    const Body = bytes.subarray((PartNumber - 1) * size, PartNumber * size);
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

async function configure(s3: S3Client, Bucket: string): Promise<void> {
  const Statement = {
    Sid: 'Mine',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutBucketCORS',
    Resource: `arn:aws:s3:::${Bucket}`,
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
  await untilTaken(() => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })));
  const Rules = [
    { ID: 'mine', Status: 'Enabled' as const, Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 } },
  ];
  const LifecycleConfiguration = { Rules };
  await untilTaken(() =>
    s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration })),
  );
}

/** A server may refuse a change that follows another. */
async function untilTaken(change: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await change();
      return;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'OperationAborted') throw error;
    }
  }
}
