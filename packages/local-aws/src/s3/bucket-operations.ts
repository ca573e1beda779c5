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
import { listObjectsV1, listObjectsV2 } from './listings';
import { listMultipartUploads } from './multipart-listings';
import { putNotifications } from './notifications';
import { deleteObjects, putObject } from './object-writes';
import type { Operation } from './operation';
import { listObjectVersions } from './version-listing';

const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];

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

/** What can be asked of the service and of a bucket. */
export const BUCKET_OPERATIONS: readonly Operation[] = [
  {
    level: 'service',
    method: 'GET',
    operation: 'ListBuckets',
    action: 's3:ListAllMyBuckets',
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
  ...configuration('replication', 'BucketReplication', 'GET PUT DELETE', {
    get: 's3:GetReplicationConfiguration',
  }),
  ...configuration('logging', 'BucketLogging', 'GET', { get: 's3:GetBucketLogging' }),
  ...configuration('accelerate', 'BucketAccelerateConfiguration', 'GET', {
    get: 's3:GetAccelerateConfiguration',
  }),
  ...configuration('requestPayment', 'BucketRequestPayment', 'GET', { get: 's3:GetBucketRequestPayment' }),

  { level: 'object', method: 'PUT', operation: 'PutObject', action: 's3:PutObject', run: putObject },
];
