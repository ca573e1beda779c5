import { deltaLifetime } from '../../../stacks/guards/delta-lifetime';
import { oneBucket } from '../../../stacks/guards/one-bucket';
import { privateResources } from '../../../stacks/guards/private-resources';
import { at, blocks } from '../../../stacks/synthesized/json';
import { statements } from '../../../stacks/synthesized/policy';
import type { Synthesized, SynthesizedBlock } from '../../../stacks/synthesized/synthesized';
import { refusedBy, rulesFor } from '../rule';

const has = (type: string) => (bucket: SynthesizedBlock, stack: Synthesized) =>
  stack.about(bucket, type).length > 0;

/** Whether the bucket has the setting, and once. */
const hasOne = (type: string) => refusedBy(oneBucket, RegExp(`exactly one ${type},`));

const encryptedWith = (algorithm: RegExp) => (bucket: SynthesizedBlock, stack: Synthesized) =>
  stack
    .about(bucket, 'aws_s3_bucket_server_side_encryption_configuration')
    .some(({ attributes }) =>
      algorithm.test(String(at(attributes, 'rule.apply_server_side_encryption_by_default.sse_algorithm'))),
    );

const bucketItselfRules = rulesFor('aws_s3_bucket', [
  ['CKV_AWS_19 AVD-AWS-0088', 'is encrypted at rest', encryptedWith(/^(AES256|aws:kms)$/)],
  ['CKV_AWS_145 AVD-AWS-0132 S3.17', 'is encrypted with a customer key', encryptedWith(/^aws:kms$/)],
  ['CKV_AWS_21 AVD-AWS-0090 S3.14', 'keeps versions', hasOne('aws_s3_bucket_versioning')],
  ['CKV2_AWS_6 AVD-AWS-0094 S3.8', 'blocks public access', hasOne('aws_s3_bucket_public_access_block')],
  ['CKV2_AWS_65 S3.12', 'has access control lists disabled', hasOne('aws_s3_bucket_ownership_controls')],
  [
    'CKV_AWS_20 CKV_AWS_57 CKV_AWS_375 AVD-AWS-0092 S3.2 S3.3',
    'grants nothing to the public by a list',
    ({ attributes }, stack) =>
      attributes.acl === undefined && stack.resources('aws_s3_bucket_acl').length === 0,
  ],
  [
    'CKV_AWS_379 S3.5',
    'refuses requests without TLS',
    refusedBy(privateResources, /aws_s3_bucket.*refuses requests without TLS/),
  ],
  ['CKV2_AWS_61 S3.10 S3.13', 'has a lifecycle', hasOne('aws_s3_bucket_lifecycle_configuration')],
  ['CKV2_AWS_62 S3.11', 'notifies of new objects', hasOne('aws_s3_bucket_notification')],
  [
    'AVD-AWS-0320',
    'has a name without dots, so that its TLS certificate matches',
    ({ attributes }) =>
      !String(attributes.bucket)
        .replaceAll(/\$\{[^}]*\}/g, '')
        .includes('.'),
  ],
  ['CKV_AWS_18 AVD-AWS-0089 S3.9', 'logs accesses', has('aws_s3_bucket_logging')],
  ['CKV_AWS_144 S3.7', 'is replicated to another region', has('aws_s3_bucket_replication_configuration')],
  ['CKV_AWS_143 S3.15', 'has object lock', ({ attributes }) => attributes.object_lock_enabled === true],
  [
    'AVD-AWS-0170 S3.20',
    'demands MFA for deletions',
    (bucket, stack) =>
      stack
        .about(bucket, 'aws_s3_bucket_versioning')
        .some(({ attributes }) => at(attributes, 'versioning_configuration.mfa_delete') === 'Enabled'),
  ],
]);

const bucketSettingRules = [
  ...rulesFor('aws_s3_bucket_public_access_block', [
    [
      'CKV_AWS_53 AVD-AWS-0086',
      'blocks public ACLs',
      refusedBy(privateResources, /does not set block_public_acls/),
    ],
    [
      'CKV_AWS_54 AVD-AWS-0087',
      'blocks public policies',
      refusedBy(privateResources, /does not set block_public_policy/),
    ],
    [
      'CKV_AWS_55 AVD-AWS-0091',
      'ignores public ACLs',
      refusedBy(privateResources, /does not set ignore_public_acls/),
    ],
    [
      'CKV_AWS_56 AVD-AWS-0093',
      'restricts public buckets',
      refusedBy(privateResources, /does not set restrict_public_buckets/),
    ],
  ]),
  ...rulesFor('aws_s3_bucket_policy', [
    [
      'CKV_AWS_70 S3.6',
      'lets no other account or unnamed principal in',
      refusedBy(privateResources, /aws_s3_bucket_policy.* lets in principals/),
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
      ({ attributes }) =>
        blocks(attributes.rule).some((rule) =>
          Number.isInteger(at(rule, 'abort_incomplete_multipart_upload.days_after_initiation')),
        ),
    ],
    [
      '',
      'expires nothing by age alone: each expiry of current objects asks for a tag',
      refusedBy(deltaLifetime, /by age alone/),
    ],
  ]),
  ...rulesFor('aws_s3_bucket_ownership_controls', [
    [
      'CKV2_AWS_65 S3.12',
      'enforces the bucket owner',
      ({ attributes }) => at(attributes, 'rule.object_ownership') === 'BucketOwnerEnforced',
    ],
  ]),
  ...rulesFor('aws_s3_bucket_server_side_encryption_configuration', [
    [
      '',
      'uses bucket keys with a customer key, so that not every object asks KMS',
      ({ attributes }) =>
        at(attributes, 'rule.apply_server_side_encryption_by_default.sse_algorithm') !== 'aws:kms' ||
        at(attributes, 'rule.bucket_key_enabled') === true,
    ],
  ]),
  ...rulesFor('aws_s3_bucket_versioning', [
    [
      'CKV_AWS_21 AVD-AWS-0090 S3.14',
      'is on',
      refusedBy(privateResources, /aws_s3_bucket_versioning.* is not Enabled/),
    ],
  ]),
  ...rulesFor('aws_s3_bucket_notification', [
    [
      '',
      'goes to queues of this stack alone, filtered by prefix',
      ({ attributes }, stack) =>
        blocks(attributes.queue).length > 0 &&
        attributes.lambda_function === undefined &&
        attributes.topic === undefined &&
        blocks(attributes.queue).every(
          (target) =>
            at(target, 'filter_prefix') !== undefined &&
            stack.resources('aws_sqs_queue').some((queue) => stack.mentions(at(target, 'queue_arn'), queue)),
        ),
    ],
  ]),
];

/** The bucket and its settings. */
export const bucketRules = [...bucketItselfRules, ...bucketSettingRules];
