import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  type CreateBucketCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** S3's least length of a part that is not the last. */
export const PART_BYTES = 5 * 1024 * 1024;

/** For clients under test: the SDK would tell of each request that is refused on purpose. */
export const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** One behaviour of S3, and a check that fails where a server behaves otherwise. */
export interface ConformanceCase {
  /** A sentence: what S3 does. */
  readonly name: string;
  readonly check: (s3: Subject) => Promise<void>;
}

/**
 * The server under test, and buckets to test it in. Requests go one after the other: not every emulator
 * bears two at once.
 */
export class Subject {
  readonly #made: string[] = [];
  #plain: string | undefined;
  #versioned: string | undefined;
  #prefixes = 0;

  constructor(readonly client: S3Client) {}

  /** A bucket of its own for a case that changes a bucket. Removed with the rest by {@link clean}. */
  async newBucket(input: Partial<CreateBucketCommandInput> = {}): Promise<string> {
    const name = `conformance-${Date.now().toString(36)}-${randomBytes(5).toString('hex')}`;
    await this.client.send(new CreateBucketCommand({ Bucket: name, ...input }));
    this.#made.push(name);
    return name;
  }

  async newVersionedBucket(): Promise<string> {
    const Bucket = await this.newBucket();
    await this.client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    return Bucket;
  }

  /** The bucket that cases share which only need objects; each uses a prefix of its own. */
  async plain(): Promise<string> {
    this.#plain ??= await this.newBucket();
    return this.#plain;
  }

  async versioned(): Promise<string> {
    this.#versioned ??= await this.newVersionedBucket();
    return this.#versioned;
  }

  /** A prefix that no other case uses. */
  prefix(): string {
    this.#prefixes += 1;
    return `case-${this.#prefixes}/`;
  }

  /** A place for one object. */
  async place(): Promise<{ readonly Bucket: string; readonly Key: string }> {
    return { Bucket: await this.plain(), Key: `${this.prefix()}object` };
  }

  put(input: PutObjectCommandInput) {
    return this.client.send(new PutObjectCommand(input));
  }

  async text(place: { Bucket: string; Key: string; VersionId?: string }): Promise<string> {
    const { Body } = await this.client.send(new GetObjectCommand(place));
    return (await Body?.transformToString()) ?? '';
  }

  head(place: { Bucket: string; Key: string; VersionId?: string }) {
    return this.client.send(new HeadObjectCommand(place));
  }

  copy(from: { Bucket: string; Key: string }, to: { Bucket: string; Key: string }, extra: object = {}) {
    return this.client.send(new CopyObjectCommand({ ...to, CopySource: copySource(from), ...extra }));
  }

  async keys(Bucket: string, Prefix: string): Promise<string[]> {
    const listed = await this.client.send(new ListObjectsV2Command({ Bucket, Prefix, EncodingType: 'url' }));
    return (listed.Contents ?? []).map(({ Key = '' }) => decodeKey(Key));
  }

  /** Uploads an object in parts and completes it. */
  async multipart(
    place: { Bucket: string; Key: string },
    parts: readonly Buffer[],
    create: Partial<CreateMultipartUploadCommandInput> = {},
  ) {
    const { ChecksumAlgorithm } = create;
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand({ ...place, ...create }));
    const uploaded = [];
    for (const [index, Body] of parts.entries()) {
      const part = await this.client.send(
        new UploadPartCommand({ ...place, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm }),
      );
      const { ETag, ChecksumCRC32, ChecksumSHA256 } = part;
      uploaded.push({ PartNumber: index + 1, ETag, ChecksumCRC32, ChecksumSHA256 });
    }
    return this.client.send(
      new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts: uploaded } }),
    );
  }

  /** Removes every bucket that was made, with all versions, markers and unfinished uploads. */
  async clean(): Promise<void> {
    for (const Bucket of this.#made.splice(0)) {
      // A case that failed may leave a policy that denies the very clean-up.
      await this.client.send(new DeleteBucketPolicyCommand({ Bucket })).catch(() => undefined);
      await this.#empty(Bucket);
      await this.client.send(new DeleteBucketCommand({ Bucket }));
    }
  }

  async #empty(Bucket: string): Promise<void> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of Uploads) {
      await this.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    for (;;) {
      const page = await this.client.send(new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }));
      const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      if (found.length === 0) return;
      const Objects = found.map(({ Key = '', VersionId }) => ({ Key: decodeKey(Key), VersionId }));
      const { Errors = [] } = await this.client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors.length > 0) throw new Error(`${Bucket} cannot be emptied: ${Errors[0]?.Message}`);
    }
  }
}

/** Keys under `encoding-type=url` are form-encoded: `+` is a space. */
export const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));

/** `CopySource` must be encoded by the caller; slashes may stay. */
export const copySource = ({ Bucket, Key }: { Bucket: string; Key: string }): string =>
  `${Bucket}/${encodeURIComponent(Key).replaceAll('%2F', '/')}`;

/** Fails unless the call fails with this HTTP status, and with one of these error names if any are given. */
export async function refuses(
  call: Promise<unknown>,
  status: number,
  ...names: readonly string[]
): Promise<void> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, 'the call should have been refused, and was not');
  const { $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  assert.equal($metadata?.httpStatusCode, status, `${error.name}: ${error.message}`);
  if (names.length > 0)
    assert.ok(names.includes(error.name), `${error.name} is not one of ${names.join(', ')}`);
}
