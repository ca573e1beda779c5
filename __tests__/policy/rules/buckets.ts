import { rulesFor } from '../rule';
import {
  allowed,
  blocks,
  deniesPlainText,
  mentions,
  type Resource,
  type SynthesizedStack,
  statements,
  value,
} from '../synthesized-stack';

const has = (type: string) => (bucket: Resource, stack: SynthesizedStack) =>
  stack.about(bucket, type).length > 0;

const encryptedWith = (algorithm: RegExp) => (bucket: Resource, stack: SynthesizedStack) =>
  stack
    .about(bucket, 'aws_s3_bucket_server_side_encryption_configuration')
    .some(({ block }) =>
      algorithm.test(String(value(block, 'rule.apply_server_side_encryption_by_default.sse_algorithm'))),
    );

const bucketItselfRules = rulesFor('aws_s3_bucket', [
  ['CKV_AWS_19 AVD-AWS-0088', 'is encrypted at rest', encryptedWith(/^(AES256|aws:kms)$/)],
  ['CKV_AWS_145 AVD-AWS-0132 S3.17', 'is encrypted with a customer key', encryptedWith(/^aws:kms$/)],
  [
    'CKV_AWS_21 AVD-AWS-0090 S3.14',
    'keeps versions',
    (bucket, stack) =>
      stack
        .about(bucket, 'aws_s3_bucket_versioning')
        .some(({ block }) => value(block, 'versioning_configuration.status') === 'Enabled'),
  ],
  ['CKV2_AWS_6 AVD-AWS-0094 S3.8', 'blocks public access', has('aws_s3_bucket_public_access_block')],
  [
    'CKV2_AWS_65 S3.12',
    'has access control lists disabled',
    (bucket, stack) =>
      stack
        .about(bucket, 'aws_s3_bucket_ownership_controls')
        .some(({ block }) => value(block, 'rule.object_ownership') === 'BucketOwnerEnforced'),
  ],
  [
    'CKV_AWS_20 CKV_AWS_57 CKV_AWS_375 AVD-AWS-0092 S3.2 S3.3',
    'grants nothing to the public by a list',
    ({ block }, stack) => block.acl === undefined && stack.of('aws_s3_bucket_acl').length === 0,
  ],
  [
    'CKV_AWS_379 S3.5',
    'refuses requests without TLS',
    (bucket, stack) =>
      stack.about(bucket, 'aws_s3_bucket_policy').some((policy) => statements(policy).some(deniesPlainText)),
  ],
  ['CKV2_AWS_61 S3.10 S3.13', 'has a lifecycle', has('aws_s3_bucket_lifecycle_configuration')],
  ['CKV2_AWS_62 S3.11', 'notifies of new objects', has('aws_s3_bucket_notification')],
  [
    'AVD-AWS-0320',
    'has a name without dots, so that its TLS certificate matches',
    ({ block }) =>
      !String(block.bucket)
        .replaceAll(/\$\{[^}]*\}/g, '')
        .includes('.'),
  ],
  ['CKV_AWS_18 AVD-AWS-0089 S3.9', 'logs accesses', has('aws_s3_bucket_logging')],
  ['CKV_AWS_144 S3.7', 'is replicated to another region', has('aws_s3_bucket_replication_configuration')],
  ['CKV_AWS_143 S3.15', 'has object lock', ({ block }) => block.object_lock_enabled === true],
  [
    'AVD-AWS-0170 S3.20',
    'demands MFA for deletions',
    (bucket, stack) =>
      stack
        .about(bucket, 'aws_s3_bucket_versioning')
        .some(({ block }) => value(block, 'versioning_configuration.mfa_delete') === 'Enabled'),
  ],
]);

const bucketSettingRules = [
  ...rulesFor('aws_s3_bucket_public_access_block', [
    ['CKV_AWS_53 AVD-AWS-0086', 'blocks public ACLs', ({ block }) => block.block_public_acls === true],
    ['CKV_AWS_54 AVD-AWS-0087', 'blocks public policies', ({ block }) => block.block_public_policy === true],
    ['CKV_AWS_55 AVD-AWS-0091', 'ignores public ACLs', ({ block }) => block.ignore_public_acls === true],
    [
      'CKV_AWS_56 AVD-AWS-0093',
      'restricts public buckets',
      ({ block }) => block.restrict_public_buckets === true,
    ],
  ]),
  ...rulesFor('aws_s3_bucket_policy', [
    [
      'CKV_AWS_70 S3.6',
      'lets no other account or unnamed principal in',
      (policy) => allowed(policy).every(({ principals }) => !principals.includes('*')),
    ],
    [
      'CKV_AWS_93',
      'locks nobody out without a condition',
      (policy) =>
        statements(policy).every(
          ({ effect, principals, conditions }) =>
            effect !== 'Deny' || !principals.includes('*') || Object.keys(conditions).length > 0,
        ),
    ],
  ]),
  ...rulesFor('aws_s3_bucket_lifecycle_configuration', [
    [
      'CKV_AWS_300',
      'aborts uploads that were never finished',
      ({ block }) =>
        blocks(block, 'rule').some((rule) =>
          Number.isInteger(value(rule, 'abort_incomplete_multipart_upload.days_after_initiation')),
        ),
    ],
    [
      '',
      'expires nothing by age alone: each expiry of current objects asks for a tag',
      ({ block }) =>
        blocks(block, 'rule').every(
          (rule) =>
            value(rule, 'expiration.days') === undefined || value(rule, 'filter.tag.key') !== undefined,
        ),
    ],
  ]),
  ...rulesFor('aws_s3_bucket_ownership_controls', [
    [
      'CKV2_AWS_65 S3.12',
      'enforces the bucket owner',
      ({ block }) => value(block, 'rule.object_ownership') === 'BucketOwnerEnforced',
    ],
  ]),
  ...rulesFor('aws_s3_bucket_server_side_encryption_configuration', [
    [
      '',
      'uses bucket keys with a customer key, so that not every object asks KMS',
      ({ block }) =>
        value(block, 'rule.apply_server_side_encryption_by_default.sse_algorithm') !== 'aws:kms' ||
        value(block, 'rule.bucket_key_enabled') === true,
    ],
  ]),
  ...rulesFor('aws_s3_bucket_versioning', [
    [
      'CKV_AWS_21 AVD-AWS-0090 S3.14',
      'is on',
      ({ block }) => value(block, 'versioning_configuration.status') === 'Enabled',
    ],
  ]),
  ...rulesFor('aws_s3_bucket_notification', [
    [
      '',
      'goes to queues of this stack alone, filtered by prefix',
      ({ block }, stack) =>
        blocks(block, 'queue').length > 0 &&
        block.lambda_function === undefined &&
        block.topic === undefined &&
        blocks(block, 'queue').every(
          (target) =>
            value(target, 'filter_prefix') !== undefined &&
            stack.of('aws_sqs_queue').some((queue) => mentions(value(target, 'queue_arn'), queue)),
        ),
    ],
  ]),
];

/** The bucket and its settings. */
export const bucketRules = [...bucketItselfRules, ...bucketSettingRules];
