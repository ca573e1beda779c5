import { OWN_PREFIX } from '../../../contracts/migrate-buckets/own-objects';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { partitionOf } from './partition';

interface Migrated extends Pick<Plan, 'source' | 'destination' | 'region' | 'owner'> {
  /** Other buckets, whose stranded deltas are copied along. */
  readonly alsoFrom: readonly string[];
  /** @default - the destination's */
  readonly sourceRegion?: string;
}

/**
 * What the operator's credentials must be allowed to do, from discover to retire. A test compares it with what a
 * server was asked for.
 */
export function requiredPermissions({
  source,
  destination,
  region,
  sourceRegion = region,
  owner,
  alsoFrom,
}: Migrated) {
  const partition = partitionOf(region);
  const bucket = (name: string) => `arn:${partition}:s3:::${name}`;
  const objects = (name: string) => `${bucket(name)}/*`;
  /** Probes, locks and saved configurations, which all lie there. */
  const ownObjects = (name: string) => `${bucket(name)}/${OWN_PREFIX}*`;
  // A key of KMS is in the region of its bucket.
  const keys = [...new Set([region, sourceRegion])].map(
    (each) => `arn:${partition}:kms:${each}:${owner ?? '*'}:key/*`,
  );
  const read = (name: string) => [
    { actions: ['s3:ListBucket'], resource: bucket(name) },
    { actions: ['s3:GetObject', 's3:GetObjectTagging'], resource: objects(name) },
  ];
  // To be verified: objects are then read by version id, where versions are kept.
  const readVersions = (name: string) => [
    { actions: ['s3:ListBucketVersions', 's3:GetBucketVersioning'], resource: bucket(name) },
    { actions: ['s3:GetObjectVersion', 's3:GetObjectVersionTagging'], resource: objects(name) },
  ];
  return [
    { actions: ['s3:ListAllMyBuckets'], resource: '*' },
    ...[source, ...alsoFrom, destination].flatMap(read),
    ...[source, destination].flatMap(readVersions),
    {
      actions: [
        's3:ListBucketMultipartUploads',
        's3:GetBucketPolicy',
        's3:PutBucketPolicy',
        's3:DeleteBucketPolicy',
        's3:GetLifecycleConfiguration',
        's3:PutLifecycleConfiguration',
        's3:GetBucketObjectLockConfiguration',
        's3:GetEncryptionConfiguration',
        's3:GetBucketOwnershipControls',
      ],
      resource: bucket(source),
    },
    {
      actions: ['s3:PutObject', 's3:PutObjectTagging', 's3:DeleteObject', 's3:DeleteObjectVersion'],
      resource: ownObjects(source),
    },
    // To see whether it deletes what is copied there.
    { actions: ['s3:GetLifecycleConfiguration'], resource: bucket(destination) },
    // To see whether it is frozen as another migration's source, or, where its server lacks conditions, against others.
    { actions: ['s3:GetBucketPolicy'], resource: bucket(destination) },
    {
      actions: [
        's3:PutObject',
        's3:PutObjectTagging',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      resource: objects(destination),
    },
    { actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'], resource: ownObjects(destination) },
    // Objects under a key of KMS.
    ...keys.map((resource) => ({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resource })),
    {
      actions: ['lambda:ListFunctions', 'states:ListStateMachines', 'sts:GetCallerIdentity'],
      resource: '*',
    },
    // Environments of Lambdas that are encrypted with a key of the account's own.
    { actions: ['kms:Decrypt'], resource: '*' },
    {
      actions: ['states:DescribeStateMachine', 'states:ListExecutions', 'states:DescribeExecution'],
      resource: '*',
    },
    {
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:AbortMultipartUpload'],
      resource: objects(source),
      retire: true,
    },
    {
      actions: [
        's3:GetReplicationConfiguration',
        's3:GetBucketNotification',
        's3:GetBucketTagging',
        's3:PutBucketTagging',
        's3:DeleteBucket',
      ],
      resource: bucket(source),
      retire: true,
    },
  ];
}
