import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { Construct } from 'constructs';
import { COVERED_DELTA_TAG } from '../../contracts/bucket-layout';
import { bucketName } from '../names';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import { denyWithoutTls, policyDocument } from './policy-document';

interface ChromaBucketProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
}

/** The one bucket. Whatever reads or writes data takes it as a required prop. */
export class ChromaBucket extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { deployment, encryption }: ChromaBucketProps) {
    super(scope, id);
    const { config } = deployment;
    const adopted = config.adopt.bucket?.name;

    const bucket = new S3Bucket(this, 'bucket', {
      bucket: bucketName(config, deployment.accountId),
      forceDestroy: deployment.ephemeral,
      lifecycle: deployment.statefulLifecycle,
    });
    // The address is pinned: under a generated one, moving this construct would replace the bucket.
    bucket.overrideLogicalId('chromadb');
    if (adopted !== undefined) bucket.importFrom(adopted);
    this.name = bucket.bucket;
    this.arn = bucket.arn;

    const publicAccess = new S3BucketPublicAccessBlock(this, 'public-access', {
      bucket: this.name,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, 'ownership', {
      bucket: this.name,
      rule: { objectOwnership: 'BucketOwnerEnforced' },
    });
    const versioning = new S3BucketVersioningA(this, 'versioning', {
      bucket: this.name,
      versioningConfiguration: { status: 'Enabled' },
    });
    new S3BucketServerSideEncryptionConfigurationA(this, 'encryption', {
      bucket: this.name,
      rule: [
        {
          applyServerSideEncryptionByDefault:
            encryption.keyArn === undefined
              ? { sseAlgorithm: 'AES256' }
              : { sseAlgorithm: 'aws:kms', kmsMasterKeyId: encryption.keyArn },
          // One data key for many objects: without it every object costs a KMS request.
          bucketKeyEnabled: encryption.keyArn !== undefined,
        },
      ],
    });
    new S3BucketPolicy(this, 'policy', {
      bucket: this.name,
      policy: policyDocument([denyWithoutTls('s3:*', [this.arn, `${this.arn}/*`])]),
      // S3 refuses two changes of one bucket's access at the same time.
      dependsOn: [publicAccess],
    });
    new S3BucketLifecycleConfiguration(this, 'lifecycle', {
      bucket: this.name,
      rule: lifecycleRules(config.retention),
      // Rules for noncurrent versions mean something only once there are versions.
      dependsOn: [versioning],
    });
  }
}

interface Retention {
  readonly coveredDeltaDays: number;
  readonly noncurrentDays: number;
}

function lifecycleRules(retention: Retention): S3BucketLifecycleConfigurationRule[] {
  return [
    // A delta goes only when a checkpoint tagged it as covered: age alone once deleted deltas that a
    // redriven message still needed. The compaction may tag deltas and nothing else, so the tag suffices.
    {
      id: 'covered-deltas',
      status: 'Enabled',
      filter: [{ tag: [{ key: COVERED_DELTA_TAG.Key, value: COVERED_DELTA_TAG.Value }] }],
      expiration: [{ days: retention.coveredDeltaDays }],
    },
    {
      id: 'noncurrent-versions',
      status: 'Enabled',
      filter: [{ prefix: '' }],
      noncurrentVersionExpiration: [{ noncurrentDays: retention.noncurrentDays }],
      expiration: [{ expiredObjectDeleteMarker: true }],
    },
    {
      id: 'unfinished-uploads',
      status: 'Enabled',
      filter: [{ prefix: '' }],
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
    },
  ];
}
