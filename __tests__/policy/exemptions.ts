import type { Environment } from './shipped-environments';

/** Rules that a shipped environment breaks on purpose, each with a reason that an auditor can weigh. */
export interface Exemption {
  /** The first id of the rule. */
  readonly id: string;
  readonly type: string;
  /** The resources that break it. @default all of the type */
  readonly resources?: readonly string[];
  /** The shipped environments that break it. */
  readonly environments: readonly Environment[];
  readonly reason: string;
}

const both = ['dev', 'prod'] as const;
const dev = ['dev'] as const;

const OWN_KEY =
  "dev takes the service's own key (SSE with keys that AWS manages): its data is made for tests. prod takes a customer key, by one line of configuration";

const ownKey = (type: string, id: string): Exemption => ({ type, id, environments: dev, reason: OWN_KEY });

export const EXEMPTIONS: readonly Exemption[] = [
  ownKey('aws_s3_bucket', 'CKV_AWS_145'),
  ownKey('aws_sqs_queue', 'CKV2_AWS_73'),
  ownKey('aws_dynamodb_table', 'CKV_AWS_119'),
  ownKey('aws_efs_file_system', 'CKV_AWS_184'),
  ownKey('aws_cloudwatch_log_group', 'CKV_AWS_158'),
  {
    type: 'aws_lambda_function',
    id: 'CKV_AWS_173',
    environments: dev,
    reason: `The environment holds names and numbers, never a secret (a rule of its own checks that), and Lambda encrypts it. ${OWN_KEY}`,
  },
  {
    type: 'aws_s3_bucket',
    id: 'CKV_AWS_18',
    environments: both,
    reason:
      "Access logs need a second bucket, and exactly one bucket is this stack's first invariant. Record object access with CloudTrail data events in the account's own trail, which also tells who",
  },
  {
    type: 'aws_s3_bucket',
    id: 'CKV_AWS_144',
    environments: both,
    reason:
      'Whether receipts may leave their region is for their owner to decide. Vectors can be rebuilt from the OCR results; versions bring back what was overwritten or deleted',
  },
  {
    type: 'aws_s3_bucket',
    id: 'CKV_AWS_143',
    environments: both,
    reason:
      'Covered deltas and outdated snapshots must be deletable, or the bucket grows for ever. Versions are kept for the configured days instead',
  },
  {
    type: 'aws_s3_bucket',
    id: 'AVD-AWS-0170',
    environments: both,
    reason:
      "Only the account's root user can set it, by hand, which no deployment should need. Security Hub's own control gives no finding for a bucket with a lifecycle",
  },
  {
    type: 'aws_dynamodb_table',
    id: 'DynamoDB.4',
    environments: both,
    reason:
      'Point-in-time recovery keeps 35 days, and deletion protection is on. Runs older than that are history: deltas and snapshots in S3 rebuild the collections without them',
  },
  {
    type: 'aws_efs_file_system',
    id: 'EFS.7',
    environments: both,
    reason:
      'It holds published versions of collections, which the S3 snapshot and the deltas after it rebuild. A backup would copy, for money, what S3 holds already',
  },
  {
    type: 'aws_efs_file_system',
    id: 'CKV2_AWS_18',
    environments: both,
    reason: 'As for EFS.7: it is a view of what S3 holds',
  },
  {
    type: 'aws_lambda_function',
    id: 'CKV_AWS_117',
    resources: ['process_ocr_results', 'embed_from_ndjson', 'stream_processor', 'reconcile_runs'],
    environments: both,
    reason:
      "They talk to AWS's public endpoints and to the embedding endpoint, over TLS. A network would need a NAT gateway and protect nothing: nobody can connect to a Lambda",
  },
  {
    type: 'aws_lambda_function',
    id: 'CKV_AWS_115',
    environments: dev,
    reason:
      'A new account has ten executions, and may reserve none of them: dev can be applied there. Its mappings together hand out fewer than that, which a guard checks; prod reserves, by one line of configuration',
  },
  {
    type: 'aws_lambda_function',
    id: 'CKV_AWS_116',
    environments: both,
    reason:
      "Lambda's own dead letter queue is for asynchronous calls. Queues have theirs, the stream mapping and the schedule have an on-failure destination: rules of their own check each",
  },
  {
    type: 'aws_lambda_function',
    id: 'CKV_AWS_272',
    environments: both,
    reason:
      'Packages are reproducible, and Terraform deploys each by its hash, so that other code shows as drift in the next plan. A signing profile belongs to the account, not to this stack',
  },
  {
    type: 'aws_iam_role_policy',
    id: 'CKV_AWS_290',
    resources: ['enhanced-compaction'],
    environments: both,
    reason:
      "Lambda demands these EC2 actions on every resource before it attaches a function to a network. The function's own code is denied them by lambda:SourceFunctionArn",
  },
  {
    type: 'aws_iam_role_policy',
    id: 'CKV_AWS_355',
    resources: ['enhanced-compaction'],
    environments: both,
    reason: 'As for CKV_AWS_290: the statement is Lambda’s demand, and the code is denied it',
  },
  {
    type: 'aws_vpc',
    id: 'EC2.10',
    environments: both,
    reason: 'Nothing in the network calls the EC2 API: the one function there reaches S3 and DynamoDB alone',
  },
  {
    type: 'aws_sns_topic',
    id: 'SNS.2',
    environments: both,
    reason:
      'Delivery status can be logged for HTTP, SQS, Lambda, Firehose and app endpoints; the topic has none of them, only e-mail',
  },
];
