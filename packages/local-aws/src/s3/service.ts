import { authorize } from './access';
import { eventMessages } from './event-messages';
import { ConfigurationSight, type EventualConfiguration } from './eventual-configuration';
import type { ByteKey } from './key-order';
import { QueueDelivery } from './queue-delivery';
import type { S3Request } from './request';
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
}

/** Everything that lives as long as the server: buckets, and what operations do to the world outside. */
export class Service {
  readonly buckets = new Map<string, Bucket>();
  readonly queues: QueueDelivery;
  readonly configurationSight: ConfigurationSight;
  /** Set once the server listens. */
  endpoint = '';

  constructor(readonly settings: Settings) {
    this.queues = new QueueDelivery(settings.sqsEndpoint);
    this.configurationSight = new ConfigurationSight(settings.eventualConfiguration);
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
    const tags = this.settings.principalTags[request.caller.principal?.accessKeyId ?? ''] ?? {};
    authorize(request, action, bucket, key, tags);
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
