import { type Guard, missing, refuse } from './guard';

const BUCKET = 'aws_s3_bucket.chromadb';

/** Settings of which S3 keeps one for each bucket: a second resource would overwrite the first in silence. */
const SETTINGS = [
  'aws_s3_bucket_lifecycle_configuration',
  'aws_s3_bucket_notification',
  'aws_s3_bucket_ownership_controls',
  'aws_s3_bucket_policy',
  'aws_s3_bucket_public_access_block',
  'aws_s3_bucket_server_side_encryption_configuration',
  'aws_s3_bucket_versioning',
] as const;

/** Exactly one Chroma bucket, at one address for ever, with exactly one of each setting. */
export const oneBucket: Guard = (stack) => {
  const buckets = stack.resources('aws_s3_bucket', 'aws_s3_directory_bucket', 'aws_s3control_bucket');
  return [
    ...missing(
      buckets,
      BUCKET,
      'The shared bucket is missing from its address; Terraform would destroy the one that is deployed there.',
      'Make it once, in stacks/shared/chroma-bucket.ts, and move its state before changing its address.',
    ),
    ...refuse(
      buckets.filter(({ address }) => address !== BUCKET),
      'is a second bucket: data would be split between two, and one of them would be the wrong one.',
      'Remove it and take the shared ChromaBucket as a required prop.',
    ),
    ...SETTINGS.flatMap((type) => {
      const found = stack.resources(type);
      if (found.length === 1 && stack.target(found[0]?.attributes.bucket)?.address === BUCKET) return [];
      return [
        {
          where: found.map(({ where }) => where).join(', ') || type,
          what: `The shared bucket needs exactly one ${type}, which names it by reference; there are ${found.length}.`,
          remedy:
            'Keep the one in stacks/shared (the notification in stacks/pipeline/ocr-ingest.ts), and no other.',
        },
      ];
    }),
  ];
};
