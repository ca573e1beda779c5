import {
  deleteConfiguration,
  getAcl,
  getConfiguration,
  getVersioning,
  putAcl,
  putConfiguration,
  putVersioning,
} from './bucket-configuration';
import { deleteBucketPolicy, getBucketPolicy, getBucketPolicyStatus, putBucketPolicy } from './bucket-policy';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets';
import { copyObject } from './copy';
import { listObjectsV1, listObjectsV2 } from './listings';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart';
import { listMultipartUploads, listParts } from './multipart-listings';
import { putNotifications } from './notifications';
import { getLegalHold, getRetention, putLegalHold, putRetention } from './object-lock';
import { getObject, getObjectAttributes, RESPONSE_OVERRIDES } from './object-reads';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging';
import { deleteObject, deleteObjects, putObject } from './object-writes';
import type { Reply, Target } from './request';
import { S3Error } from './s3-error';
import type { Exchange } from './service';
import type { Bucket } from './store';
import { listObjectVersions } from './version-listing';

type Level = 'service' | 'bucket' | 'object';

interface Route {
  readonly level: Level;
  readonly method: string;
  /** The query parameter that selects the operation; absent for the plain verb. */
  readonly subresource?: string;
  /** A header that selects the operation. */
  readonly selectedBy?: string;
  readonly operation: string;
  /** Query parameters that the operation understands, beside its sub-resource. Any other is a 501. */
  readonly parameters?: readonly string[];
  /** What the caller must be allowed, on the bucket or the object; `[without, with]` a version id. */
  readonly action?: string | readonly [string, string];
}

/** Operations that need no existing bucket, and those on one. */
type Located = Route & { readonly run: (exchange: Exchange, bucket: Bucket) => Reply | Promise<Reply> };
type Homeless = Route & { readonly runWithoutBucket: (exchange: Exchange) => Reply };
export type Operation = Located | Homeless;

const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const VERSION = ['versionId'];

/** The one whose delete AWS names otherwise. */
const LIFECYCLE = 'BucketLifecycleConfiguration';

/** The three verbs of a bucket's configuration. */
const configuration = (
  subresource: string,
  name: string,
  verbs: string,
  actions: { readonly get: string; readonly put?: string; readonly delete?: string },
): Operation[] => {
  const on = { level: 'bucket', subresource } as const;
  const all: Operation[] = [
    {
      ...on,
      method: 'GET',
      operation: `Get${name}`,
      action: actions.get,
      run: getConfiguration(subresource),
    },
    {
      ...on,
      method: 'PUT',
      operation: `Put${name}`,
      action: actions.put ?? actions.get.replace('Get', 'Put'),
      run: putConfiguration(subresource),
    },
    {
      ...on,
      method: 'DELETE',
      operation: `Delete${name === LIFECYCLE ? 'BucketLifecycle' : name}`,
      action: actions.delete ?? actions.put ?? actions.get.replace('Get', 'Put'),
      run: deleteConfiguration(subresource),
    },
  ];
  return all.filter(({ method }) => verbs.includes(method));
};

const OPERATIONS: readonly Operation[] = [
  {
    level: 'service',
    method: 'GET',
    operation: 'ListBuckets',
    parameters: ['prefix', 'max-buckets', 'continuation-token', 'bucket-region'],
    runWithoutBucket: listBuckets,
  },

  { level: 'bucket', method: 'PUT', operation: 'CreateBucket', runWithoutBucket: createBucket },
  { level: 'bucket', method: 'HEAD', operation: 'HeadBucket', action: 's3:ListBucket', run: headBucket },
  {
    level: 'bucket',
    method: 'DELETE',
    operation: 'DeleteBucket',
    action: 's3:DeleteBucket',
    run: deleteBucket,
  },
  {
    level: 'bucket',
    method: 'GET',
    operation: 'ListObjects',
    parameters: [...LISTING, 'marker'],
    action: 's3:ListBucket',
    run: listObjectsV1,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'list-type',
    operation: 'ListObjectsV2',
    parameters: [...LISTING, 'start-after', 'continuation-token', 'fetch-owner'],
    action: 's3:ListBucket',
    run: listObjectsV2,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'versions',
    operation: 'ListObjectVersions',
    parameters: [...LISTING, 'key-marker', 'version-id-marker'],
    action: 's3:ListBucketVersions',
    run: listObjectVersions,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'uploads',
    operation: 'ListMultipartUploads',
    parameters: ['prefix', 'encoding-type', 'key-marker', 'upload-id-marker', 'max-uploads'],
    action: 's3:ListBucketMultipartUploads',
    run: listMultipartUploads,
  },
  // Each key is authorized by itself.
  { level: 'bucket', method: 'POST', subresource: 'delete', operation: 'DeleteObjects', run: deleteObjects },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'location',
    operation: 'GetBucketLocation',
    action: 's3:GetBucketLocation',
    run: getBucketLocation,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'versioning',
    operation: 'GetBucketVersioning',
    action: 's3:GetBucketVersioning',
    run: getVersioning,
  },
  {
    level: 'bucket',
    method: 'PUT',
    subresource: 'versioning',
    operation: 'PutBucketVersioning',
    action: 's3:PutBucketVersioning',
    run: putVersioning,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'policy',
    operation: 'GetBucketPolicy',
    action: 's3:GetBucketPolicy',
    run: getBucketPolicy,
  },
  {
    level: 'bucket',
    method: 'PUT',
    subresource: 'policy',
    operation: 'PutBucketPolicy',
    action: 's3:PutBucketPolicy',
    run: putBucketPolicy,
  },
  {
    level: 'bucket',
    method: 'DELETE',
    subresource: 'policy',
    operation: 'DeleteBucketPolicy',
    action: 's3:DeleteBucketPolicy',
    run: deleteBucketPolicy,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'policyStatus',
    operation: 'GetBucketPolicyStatus',
    action: 's3:GetBucketPolicyStatus',
    run: getBucketPolicyStatus,
  },
  {
    level: 'bucket',
    method: 'GET',
    subresource: 'acl',
    operation: 'GetBucketAcl',
    action: 's3:GetBucketAcl',
    run: getAcl,
  },
  {
    level: 'bucket',
    method: 'PUT',
    subresource: 'acl',
    operation: 'PutBucketAcl',
    action: 's3:PutBucketAcl',
    run: putAcl,
  },
  {
    level: 'bucket',
    method: 'PUT',
    subresource: 'notification',
    operation: 'PutBucketNotificationConfiguration',
    action: 's3:PutBucketNotification',
    run: putNotifications,
  },
  ...configuration('notification', 'BucketNotificationConfiguration', 'GET', {
    get: 's3:GetBucketNotification',
  }),
  ...configuration('lifecycle', LIFECYCLE, 'GET PUT DELETE', {
    get: 's3:GetLifecycleConfiguration',
  }),
  ...configuration('tagging', 'BucketTagging', 'GET PUT DELETE', { get: 's3:GetBucketTagging' }),
  ...configuration('encryption', 'BucketEncryption', 'GET PUT DELETE', {
    get: 's3:GetEncryptionConfiguration',
  }),
  ...configuration('publicAccessBlock', 'PublicAccessBlock', 'GET PUT DELETE', {
    get: 's3:GetBucketPublicAccessBlock',
  }),
  ...configuration('ownershipControls', 'BucketOwnershipControls', 'GET PUT DELETE', {
    get: 's3:GetBucketOwnershipControls',
  }),
  ...configuration('object-lock', 'ObjectLockConfiguration', 'GET PUT', {
    get: 's3:GetBucketObjectLockConfiguration',
  }),
  ...configuration('cors', 'BucketCors', 'GET', { get: 's3:GetBucketCORS' }),
  ...configuration('website', 'BucketWebsite', 'GET', { get: 's3:GetBucketWebsite' }),
  ...configuration('replication', 'BucketReplication', 'GET', { get: 's3:GetReplicationConfiguration' }),
  ...configuration('logging', 'BucketLogging', 'GET', { get: 's3:GetBucketLogging' }),
  ...configuration('accelerate', 'BucketAccelerateConfiguration', 'GET', {
    get: 's3:GetAccelerateConfiguration',
  }),
  ...configuration('requestPayment', 'BucketRequestPayment', 'GET', { get: 's3:GetBucketRequestPayment' }),

  { level: 'object', method: 'PUT', operation: 'PutObject', action: 's3:PutObject', run: putObject },
  {
    level: 'object',
    method: 'PUT',
    selectedBy: 'x-amz-copy-source',
    operation: 'CopyObject',
    action: 's3:PutObject',
    run: copyObject,
  },
  {
    level: 'object',
    method: 'GET',
    operation: 'GetObject',
    parameters: [...VERSION, 'partNumber', ...Object.keys(RESPONSE_OVERRIDES)],
    action: ['s3:GetObject', 's3:GetObjectVersion'],
    run: getObject,
  },
  {
    level: 'object',
    method: 'HEAD',
    operation: 'HeadObject',
    parameters: [...VERSION, 'partNumber'],
    action: ['s3:GetObject', 's3:GetObjectVersion'],
    run: getObject,
  },
  {
    level: 'object',
    method: 'DELETE',
    operation: 'DeleteObject',
    parameters: VERSION,
    action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    run: deleteObject,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'attributes',
    operation: 'GetObjectAttributes',
    parameters: VERSION,
    action: ['s3:GetObject', 's3:GetObjectVersion'],
    run: getObjectAttributes,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'tagging',
    operation: 'GetObjectTagging',
    parameters: VERSION,
    action: ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
    run: getObjectTagging,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'tagging',
    operation: 'PutObjectTagging',
    parameters: VERSION,
    action: ['s3:PutObjectTagging', 's3:PutObjectVersionTagging'],
    run: putObjectTagging,
  },
  {
    level: 'object',
    method: 'DELETE',
    subresource: 'tagging',
    operation: 'DeleteObjectTagging',
    parameters: VERSION,
    action: ['s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'],
    run: deleteObjectTagging,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'acl',
    operation: 'GetObjectAcl',
    parameters: VERSION,
    action: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
    run: getAcl,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'acl',
    operation: 'PutObjectAcl',
    parameters: VERSION,
    action: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
    run: putAcl,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'legal-hold',
    operation: 'GetObjectLegalHold',
    parameters: VERSION,
    action: 's3:GetObjectLegalHold',
    run: getLegalHold,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'legal-hold',
    operation: 'PutObjectLegalHold',
    parameters: VERSION,
    action: 's3:PutObjectLegalHold',
    run: putLegalHold,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'retention',
    operation: 'GetObjectRetention',
    parameters: VERSION,
    action: 's3:GetObjectRetention',
    run: getRetention,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'retention',
    operation: 'PutObjectRetention',
    parameters: VERSION,
    action: 's3:PutObjectRetention',
    run: putRetention,
  },

  {
    level: 'object',
    method: 'POST',
    subresource: 'uploads',
    operation: 'CreateMultipartUpload',
    action: 's3:PutObject',
    run: createMultipartUpload,
  },
  {
    level: 'object',
    method: 'POST',
    subresource: 'uploadId',
    operation: 'CompleteMultipartUpload',
    action: 's3:PutObject',
    run: completeMultipartUpload,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'uploadId',
    operation: 'UploadPart',
    parameters: ['partNumber'],
    action: 's3:PutObject',
    run: uploadPart,
  },
  {
    level: 'object',
    method: 'PUT',
    subresource: 'uploadId',
    selectedBy: 'x-amz-copy-source',
    operation: 'UploadPartCopy',
    parameters: ['partNumber'],
    action: 's3:PutObject',
    run: uploadPartCopy,
  },
  {
    level: 'object',
    method: 'GET',
    subresource: 'uploadId',
    operation: 'ListParts',
    parameters: ['max-parts', 'part-number-marker'],
    action: 's3:ListMultipartUploadParts',
    run: listParts,
  },
  {
    level: 'object',
    method: 'DELETE',
    subresource: 'uploadId',
    operation: 'AbortMultipartUpload',
    action: 's3:AbortMultipartUpload',
    run: abortMultipartUpload,
  },
];

const table = new Map<string, Operation>(
  OPERATIONS.map((route) => [
    routeKey(route.level, route.method, route.subresource, route.selectedBy),
    route,
  ]),
);
/** As the SDK's commands are called. */
export const OPERATION_NAMES: ReadonlySet<string> = new Set(OPERATIONS.map(({ operation }) => operation));
const SUBRESOURCES = new Set(OPERATIONS.flatMap(({ subresource }) => subresource ?? []));

function routeKey(level: Level, method: string, subresource = '', selectedBy = ''): string {
  return `${level} ${method} ${subresource} ${selectedBy}`;
}

/** Sent by SDKs for their own logs, or part of a presigned URL. */
const isMeaningless = (parameter: string): boolean => parameter === 'x-id' || parameter.startsWith('X-Amz-');

const COPY_SOURCE = 'x-amz-copy-source';

/**
 * The operation that a request means. Whatever is not known is refused: an emulator that ignored
 * `?tagging` once overwrote an object's body, and one that ignored `?policy` deleted the bucket.
 *
 * @throws {S3Error} NotImplemented, which names what is not known.
 */
export function findOperation(target: Target, method: string, hasCopySource: boolean): Operation {
  const level: Level = target.bucket === '' ? 'service' : target.key === '' ? 'bucket' : 'object';
  let subresource: string | undefined;
  for (const parameter of target.query.keys()) {
    if (SUBRESOURCES.has(parameter)) subresource ??= parameter;
  }
  const selectedBy = hasCopySource ? COPY_SOURCE : undefined;
  const operation = table.get(routeKey(level, method, subresource, selectedBy));
  if (operation === undefined) {
    throw notImplemented(level, method, subresource ?? firstOf(target.query) ?? selectedBy);
  }
  for (const parameter of target.query.keys()) {
    const known =
      parameter === subresource || operation.parameters?.includes(parameter) || isMeaningless(parameter);
    if (!known) throw notImplemented(level, method, parameter);
  }
  return operation;
}

const firstOf = (query: Target['query']): string | undefined =>
  [...query.keys()].find((parameter) => !isMeaningless(parameter));

const notImplemented = (level: Level, method: string, what: string | undefined) =>
  new S3Error(
    'NotImplemented',
    `This server does not implement ${method} on ${level === 'object' ? 'an object' : `a ${level}`}${
      what === undefined ? '' : ` with "${what}"`
    }.`,
    what === undefined ? {} : { Parameter: what },
  );

/** The action that a policy can deny for this request. */
export function actionOf(operation: Operation, target: Target): string | undefined {
  const { action } = operation;
  if (typeof action === 'string' || action === undefined) return action;
  return action[target.query.has('versionId') ? 1 : 0];
}
