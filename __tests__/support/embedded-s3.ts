import { randomUUID } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type S3Admin, type S3ServerOptions, s3Admin, startS3Server } from 'local-aws';
import type { ListedObject } from '../../cli/migrate-buckets/listing/listed-object';

/** An S3 in the test's own process. */
export interface EmbeddedS3 {
  readonly s3: S3Client;
  readonly admin: S3Admin;
  /** A bucket of the test's own. */
  bucket(): Promise<string>;
  /** Stores an object, and gives it back as a listing shows it. */
  put(
    bucket: string,
    key: string,
    body: string | Uint8Array,
    more?: Partial<PutObjectCommandInput>,
  ): Promise<ListedObject>;
  /** The same as an upload in one part, whose ETag is not the MD5 of the bytes. */
  putInParts(bucket: string, key: string, body: string): Promise<ListedObject>;
  /** An object as a listing shows it. */
  look(bucket: string, key: string): Promise<ListedObject>;
  /** The text of an object, or undefined where there is none. */
  text(bucket: string, key: string): Promise<string | undefined>;
}

/** Gives a suite an S3 that is stopped after its last test, and forgets its faults and requests after each. */
export function useEmbeddedS3(options: S3ServerOptions = {}): EmbeddedS3 {
  const embedded = {} as EmbeddedS3;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    const { endpoint, close } = await startS3Server(options);
    const s3 = new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
      forcePathStyle: true,
    });
    stop = async () => {
      s3.destroy();
      await close();
    };
    const look: EmbeddedS3['look'] = async (bucket, key) => {
      const {
        ContentLength = 0,
        ETag = '',
        StorageClass,
        LastModified,
      } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return {
        key,
        size: ContentLength,
        etag: ETag.replaceAll('"', ''),
        storageClass: StorageClass ?? 'STANDARD',
        modified: LastModified?.getTime() ?? 0,
      };
    };
    const made: EmbeddedS3 = {
      s3,
      admin: s3Admin(endpoint),
      look,
      async bucket() {
        const name = `bucket-${randomUUID()}`;
        await s3.send(new CreateBucketCommand({ Bucket: name }));
        return name;
      },
      async put(bucket, key, body, more = {}) {
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }));
        return look(bucket, key);
      },
      async putInParts(bucket, key, body) {
        const where = { Bucket: bucket, Key: key };
        const { UploadId } = await s3.send(new CreateMultipartUploadCommand(where));
        const upload = { ...where, UploadId };
        const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: body }));
        const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
        await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
        return look(bucket, key);
      },
      async text(bucket, key) {
        const got = s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return got.then(
          ({ Body }) => Body?.transformToString(),
          () => undefined,
        );
      },
    };
    Object.assign(embedded, made);
  });
  beforeEach(() => embedded.admin.resetRequests());
  afterEach(() => embedded.admin.clearFaults());
  afterAll(() => stop?.());
  return embedded;
}
