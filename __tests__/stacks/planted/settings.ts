import type { Draft, Planted } from './draft';

type Section = Record<string, unknown>;

const setting = (
  what: string,
  says: string,
  sections: Section,
  guard: 'reviewedSettings' | 'nothingHidden' = 'reviewedSettings',
): Planted => ({
  what,
  guard,
  says,
  plant: ({ json }: Draft) => void Object.assign(json, merged(json, sections)),
});

/** As `addOverride` on the stack does: objects are merged, all else takes the place of what was there. */
const merged = (old: unknown, given: unknown): unknown =>
  isSection(old) && isSection(given)
    ? Object.fromEntries(
        [...new Set([...Object.keys(old), ...Object.keys(given)])].map((key) => [
          key,
          key in given ? merged(old[key], given[key]) : old[key],
        ]),
      )
    : given;

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const AWS = { region: 'us-east-1' };

export const plantedSettings: readonly Planted[] = [
  setting('a provider of its own', 'provider.awscc is another provider', { provider: { awscc: [AWS] } }),
  setting('a second account', 'provider.aws.assume_role decides whose account', {
    provider: { aws: [{ ...AWS, assume_role: [{ role_arn: 'arn:aws:iam::999999999999:role/x' }] }] },
  }),
  setting('a second AWS provider', 'provider.aws.alias decides', {
    provider: { aws: [AWS, { ...AWS, alias: 'other' }] },
  }),
  setting('another region', 'provider.aws.region is "eu-west-1"', {
    provider: { aws: [{ region: 'eu-west-1' }] },
  }),
  setting('other servers', 'provider.aws.endpoints decides', {
    provider: { aws: [{ ...AWS, endpoints: [{ s3: 'https://elsewhere.example' }] }] },
  }),
  setting('keys in the JSON', 'provider.aws.access_key decides', {
    provider: { aws: [{ ...AWS, access_key: 'x' }] },
  }),
  setting(
    'another required provider',
    'terraform.required_providers.minio takes a provider from "aminueza/minio"',
    {
      terraform: { required_providers: { minio: { source: 'aminueza/minio', version: '3.0.0' } } },
    },
  ),
  setting(
    "somebody's fork of the AWS provider",
    'terraform.required_providers.aws takes a provider from "someone/aws"',
    {
      terraform: { required_providers: { aws: { source: 'someone/aws' } } },
    },
  ),
  setting('another backend', 'terraform.backend.http keeps the state', {
    terraform: { backend: { http: { address: 'https://elsewhere.example' } } },
  }),
  setting("Terraform's cloud", 'terraform.cloud was reviewed by nobody', {
    terraform: { cloud: { organization: 'x' } },
  }),
  setting('a variable', 'variable is a part of the stack that no guard reads', {
    variable: { queue: { type: 'string' } },
  }),
  setting('a check block', 'check is a part of the stack that no guard reads', { check: { x: {} } }),
  setting('an ephemeral resource', 'ephemeral is a part of the stack that no guard reads', {
    ephemeral: { aws_secretsmanager_secret_version: { key: { secret_id: 'x' } } },
  }),
  setting('an action', 'action is a part of the stack that no guard reads', {
    action: { aws_lambda_invoke: { x: {} } },
  }),
  setting('an import of a bucket', 'import of aws_s3_bucket.chromadb brings "another"', {
    import: [{ to: 'aws_s3_bucket.chromadb', id: 'another' }],
  }),
  setting('an import of a queue', 'import of aws_sqs_queue.lines brings "https://sqs.example/lines"', {
    import: [{ to: 'aws_sqs_queue.lines', id: 'https://sqs.example/lines' }],
  }),
  setting('a move of a queue', 'moved from aws_sqs_queue.lines hands to aws_sqs_queue.words', {
    moved: [{ from: 'aws_sqs_queue.lines', to: 'aws_sqs_queue.words' }],
  }),
  setting('a move of the file system', 'moved from aws_efs_file_system.chroma hands to', {
    moved: [{ from: 'aws_efs_file_system.chroma', to: 'aws_efs_file_system.other' }],
  }),
  setting('a bucket that is let go of', 'removed from aws_s3_bucket.chromadb drops', {
    removed: [{ from: 'aws_s3_bucket.chromadb', lifecycle: { destroy: false } }],
  }),
  setting('a file system that is destroyed', 'removed from aws_efs_file_system.chroma drops', {
    removed: [{ from: 'aws_efs_file_system.chroma', lifecycle: { destroy: true } }],
  }),
  setting('a program that runs when something is let go of', 'removed from aws_kms_key.encryption drops', {
    removed: [
      {
        from: 'aws_kms_key.encryption',
        lifecycle: { destroy: false },
        provisioner: { 'local-exec': { command: 'true', when: 'destroy' } },
      },
    ],
  }),
  setting(
    'a module',
    'A module is used',
    { module: { bucket: { source: 'some/bucket/aws' } } },
    'nothingHidden',
  ),
];
