import { ANNOTATIONS_PREFIX, OCR_PREFIX } from '../../../contracts/bucket-layout';
import { customerKey } from './customer-key';
import { exactly, free, given, is, names, type ReviewedTypes } from './property';

/** The bucket and its settings. That each setting is there once, and the bucket's, `oneBucket` sees to. */
export const buckets: ReviewedTypes = {
  aws_s3_bucket: {
    properties: {
      bucket: free, // the state's record of it refuses another
      force_destroy: free, // stateful
    },
  },
  aws_s3_bucket_lifecycle_configuration: {
    properties: {
      bucket: free,
      'rule.id': free,
      'rule.status': is('Enabled'),
      // What expires, and when: deltaLifetime. A transition is not here: what lies in an archive cannot be read.
      'rule.filter.prefix': free,
      'rule.filter.tag.key': free,
      'rule.filter.tag.value': free,
      'rule.filter.and.prefix': free,
      'rule.filter.and.tags': free,
      'rule.expiration.days': free,
      'rule.expiration.date': free,
      'rule.expiration.expired_object_delete_marker': free,
      'rule.noncurrent_version_expiration.noncurrent_days': {
        holds: (values, { config }) =>
          values.every((days) => days === undefined || Number(days) >= config.retention.noncurrentDays),
        demand: 'retention.noncurrentDays or more, so that what was overwritten can be brought back',
        setting: 'retention.noncurrentDays',
      },
      'rule.abort_incomplete_multipart_upload.days_after_initiation': free,
    },
  },
  aws_s3_bucket_notification: {
    properties: {
      bucket: free,
      'queue.id': free,
      'queue.queue_arn': names('aws_sqs_queue.ocr_results'),
      'queue.events': is(['s3:ObjectCreated:*', 's3:ObjectRemoved:*']),
      // Without a prefix the pipeline's own objects would be taken for input.
      'queue.filter_prefix': exactly(OCR_PREFIX, ANNOTATIONS_PREFIX),
    },
  },
  aws_s3_bucket_ownership_controls: {
    properties: { bucket: free, 'rule.object_ownership': is('BucketOwnerEnforced') },
  },
  aws_s3_bucket_policy: { properties: { bucket: free, policy: free } }, // reviewedStatements
  aws_s3_bucket_public_access_block: {
    properties: {
      bucket: free,
      // privateResources
      block_public_acls: free,
      block_public_policy: free,
      ignore_public_acls: free,
      restrict_public_buckets: free,
    },
  },
  aws_s3_bucket_server_side_encryption_configuration: {
    properties: {
      bucket: free,
      'rule.apply_server_side_encryption_by_default.sse_algorithm': given('encryption', ({ encryption }) =>
        encryption.type === 'kms' ? 'aws:kms' : 'AES256',
      ),
      'rule.apply_server_side_encryption_by_default.kms_master_key_id': customerKey,
      'rule.bucket_key_enabled': free, // what KMS costs
    },
  },
  aws_s3_bucket_versioning: {
    properties: { bucket: free, 'versioning_configuration.status': free }, // privateResources
  },
};
