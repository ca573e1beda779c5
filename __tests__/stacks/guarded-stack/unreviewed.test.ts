import { KinesisStream } from '@cdktf/provider-aws/lib/kinesis-stream';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3BucketAcl } from '@cdktf/provider-aws/lib/s3-bucket-acl';
import { TerraformElement, TerraformVariable } from 'cdktf';
import { addRaw, addressOf, complaints, override } from '../../support/guarded-stack';
import type { Arrange } from '../../support/template';

/** The same refusals as of the planted changes, of what really comes in by a construct or an override. */
const WAYS: readonly (readonly [way: string, arrange: Arrange, sentence: RegExp])[] = [
  [
    "a type, by the provider's construct",
    (stack) => void new KinesisStream(stack, 'mine', { name: 'mine', shardCount: 1 }),
    /reviewedTypes: chroma-pipeline\/mine: aws_kinesis_stream\.mine is of a type that nobody has reviewed/,
  ],
  [
    "a bucket's setting, by the provider's construct",
    (stack) => void new S3BucketAcl(stack, 'mine', { bucket: 'x', acl: 'public-read' }),
    /reviewedTypes: chroma-pipeline\/mine: aws_s3_bucket_acl\.mine is of a type/,
  ],
  [
    'a type of another provider, by the lowest-level construct',
    (stack) => addRaw(stack, 'awscc_s3_bucket', 'mine', {}),
    /reviewedTypes: .*awscc_s3_bucket\.mine is of a type/,
  ],
  [
    'a type, by an override of the stack',
    (stack) => stack.addOverride('resource.aws_pipes_pipe.mine', { name: 'mine' }),
    /reviewedTypes: aws_pipes_pipe\.mine: aws_pipes_pipe\.mine is of a type/,
  ],
  [
    'a data source, by an override of the stack',
    (stack) => stack.addOverride('data.external.mine', { program: ['true'] }),
    /reviewedTypes: data\.external\.mine: /,
  ],
  [
    'a type, by an element that writes JSON of its own',
    (stack) => {
      class Smuggler extends TerraformElement {
        override toTerraform() {
          return { resource: { aws_sqs_queue_redrive_policy: { mine: { queue_url: 'x' } } } };
        }
      }
      new Smuggler(stack, 'mine');
    },
    /reviewedTypes: .*aws_sqs_queue_redrive_policy\.mine is of a type/,
  ],
  [
    'a property, by an override of a construct',
    (stack) => override(stack, 'aws_sqs_queue.lines', { fifo_queue: false }),
    /reviewedProperties: chroma-pipeline\/queues\/lines\/queue: aws_sqs_queue\.lines has false as fifo_queue/,
  ],
  [
    'a property, by an override of the stack',
    (stack) => stack.addOverride('resource.aws_dynamodb_table.compaction_runs.stream_view_type', 'KEYS_ONLY'),
    /reviewedProperties: .*compaction_runs has "KEYS_ONLY" as stream_view_type.* Set adopt\.table\.streamViewType/,
  ],
  [
    'ignore_changes, by an override of a construct',
    (stack) =>
      override(stack, 'aws_lambda_function.stream_processor', { 'lifecycle.ignore_changes': ['filename'] }),
    /reviewedProperties: .*stream_processor states lifecycle\.ignore_changes/,
  ],
  [
    "a second account, by the provider's construct",
    (stack) =>
      void new AwsProvider(stack, 'other', {
        alias: 'other',
        region: 'us-east-1',
        assumeRole: [{ roleArn: 'arn:aws:iam::999999999999:role/x' }],
      }),
    /reviewedSettings: .*provider\.aws\.assume_role decides whose account/,
  ],
  [
    'another provider, by an override of the stack',
    (stack) => stack.addOverride('provider.minio', [{ minio_server: 'elsewhere.example' }]),
    /reviewedSettings: .*provider\.minio is another provider/,
  ],
  [
    'a variable, by its construct',
    (stack) => void new TerraformVariable(stack, 'mine', {}),
    /reviewedSettings: .*variable is a part of the stack that no guard reads/,
  ],
  [
    'a statement, by an override of a construct',
    (stack) =>
      override(stack, addressOf(stack, 'aws_s3_bucket_policy'), {
        policy:
          '{"Statement":[{"Sid":"Foreign","Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"s3:*"}]}',
      }),
    /reviewedStatements: chroma-pipeline\/chroma-bucket\/policy: The statement `Foreign` of .* is not as reviewed/,
  ],
  [
    'what is taken away, by an override of the stack',
    (stack) => stack.addOverride('resource.aws_cloudwatch_event_rule', undefined),
    /nothingMissing: aws_cloudwatch_event_rule: The stack has no aws_cloudwatch_event_rule/,
  ],
];

it.each(WAYS)('refuses %s', (_way, arrange, sentence) => {
  expect(complaints(arrange)).toMatch(sentence);
});
