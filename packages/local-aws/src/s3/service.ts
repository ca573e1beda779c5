import { authorize } from './access';
import { eventMessages } from './event-messages';
import { ConfigurationSight, type EventualConfiguration } from './eventual-configuration';
import { History } from './history';
import type { ByteKey } from './key-order';
import { QueueDelivery } from './queue-delivery';
import { type Quirk, type Quirks, quirksOf } from './quirks';
import type { S3Request } from './request';
import type { RequestLog } from './request-log';
import { S3Error } from './s3-error';
import type { Bucket, Deletion, ExistingObject } from './store';

/** What of the server's behaviour can be set. */
export interface Settings {
  /** Principal ARNs by access key id. Others are `arn:aws:iam::000000000000:user/{accessKeyId}`. */
  readonly principals: Readonly<Record<string, string>>;
  /** Tags of principals by access key id, for `aws:PrincipalTag/…`. */
  readonly principalTags: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where notifications are sent. @default - they are stored and not sent. */
  readonly sqsEndpoint: string | undefined;
  /** CopyObject and UploadPartCopy refuse more than this. @default 5 GiB, as S3; less makes tests small. */
  readonly maximumCopyBytes: number;
  /** Each part but the last must be this long. @default 5 MiB, as S3. */
  readonly minimumPartBytes: number;
  /** @default {} - configurations are consistent at once. */
  readonly eventualConfiguration: EventualConfiguration;
  /** How it differs from S3, as servers of other makers do. @default - nowhere */
  readonly quirks: readonly Quirk[];
  /** A page of a listing has at most so many keys. @default 1000, as S3; less makes small buckets stand for large ones. */
  readonly maximumKeys: number;
  /** Whether {@link History} is kept, which costs memory. @default false */
  readonly history: boolean;
}

/** Everything that lives as long as the server: buckets, and what operations do to the world outside. */
export class Service {
  readonly buckets = new Map<string, Bucket>();
  readonly queues: QueueDelivery;
  readonly configurationSight: ConfigurationSight;
  readonly quirks: Quirks;
  readonly history: History;
  /** Set once the server listens. */
  endpoint = '';

  constructor(
    readonly settings: Settings,
    private readonly log: RequestLog,
  ) {
    this.queues = new QueueDelivery(settings.sqsEndpoint);
    this.configurationSight = new ConfigurationSight(settings.eventualConfiguration);
    this.quirks = quirksOf(settings.quirks);
    this.history = new History(settings.history);
  }

  /** @throws {S3Error} NoSuchBucket. */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket !== undefined) return bucket;
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  }

  /** @throws {S3Error} AccessDenied when the caller expects another owner. */
  expectOwner(bucket: Bucket, expected: string | undefined): void {
    if (expected !== undefined && expected !== bucket.owner)
      throw new S3Error('AccessDenied', 'Access Denied');
  }

  /** @throws {S3Error} AccessDenied. */
  authorize(request: S3Request, action: string, bucket: Bucket, key?: ByteKey): void {
    const accessKeyId = request.caller.principal?.accessKeyId ?? '';
    this.log.noteAction({ accessKeyId, action, bucket: bucket.name, onObject: key !== undefined });
    if (this.quirks.has('ignores-policies')) return;
    const tags = this.settings.principalTags[accessKeyId] ?? {};
    authorize(request, action, bucket, key, tags);
  }

  /** Nobody is refused what concerns the whole account; that it was asked for is noted. */
  noteAccountAction({ caller }: S3Request, action: string | undefined): void {
    if (action === undefined) return;
    const { accessKeyId = '' } = caller.principal ?? {};
    this.log.noteAction({ accessKeyId, action, bucket: '*', onObject: false });
  }

  notify(
    request: S3Request,
    bucket: Bucket,
    eventName: string,
    { versionId, content }: ExistingObject,
  ): void {
    if (!bucket.configurations.has('notification')) return;
    this.queues.send(
      eventMessages(request, bucket, eventName, request.key, {
        size: content.body.size,
        etag: content.etag,
        versionId: bucket.versioning === undefined ? undefined : versionId,
      }),
    );
  }

  notifyRemoval(
    request: S3Request,
    bucket: Bucket,
    eventName: string,
    key: ByteKey,
    { versionId }: Deletion,
  ): void {
    if (!bucket.configurations.has('notification')) return;
    this.queues.send(eventMessages(request, bucket, eventName, key, { versionId }));
  }
}
