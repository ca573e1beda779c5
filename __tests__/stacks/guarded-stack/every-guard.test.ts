import { TerraformHclModule } from 'cdktf';
import type { PipelineConfig } from '../../../stacks/config';
import { GUARDS } from '../../../stacks/guards';
import { addRaw, addressOf, complaints, override } from '../../support/guarded-stack';
import type { Arrange } from '../../support/template';

/** The guard that the stacks of this file are made without. */
const mockGuarding: { without?: string } = {};

jest.mock('../../../contracts/lease', () => ({ LEASE_SECONDS: 90, LEASE_RENEWAL_SECONDS: 30 }));
jest.mock('../../../stacks/guards', () => {
  const actual = jest.requireActual('../../../stacks/guards');
  return {
    ...actual,
    guardStack: (stack: unknown, config: PipelineConfig) => {
      const { [mockGuarding.without ?? '']: _omitted, ...guards } = actual.GUARDS;
      actual.guardStack(stack, config, guards);
    },
  };
});

afterEach(() => {
  mockGuarding.without = undefined;
  jest.restoreAllMocks();
});

const MAPPING = 'aws_lambda_event_source_mapping';

/** For each guard one change that it alone refuses, and the sentence with which it does. */
const BROKEN: Readonly<Record<string, readonly [Arrange, RegExp]>> = {
  reviewedTypes: [
    (stack) => addRaw(stack, 'aws_kinesis_stream', 'mine', {}),
    /mine is of a type that nobody has reviewed/,
  ],
  reviewedProperties: [
    (stack) =>
      override(stack, `${MAPPING}.lines_consumer`, { filter_criteria: [{ filter: [{ pattern: '{}' }] }] }),
    /as filter_criteria.filter.pattern; it must be/,
  ],
  reviewedSettings: [
    (stack) => stack.addOverride('provider.awscc', [{ region: 'us-east-1' }]),
    /provider.awscc is another provider/,
  ],
  reviewedStatements: [
    (stack) =>
      override(stack, addressOf(stack, 'aws_iam_role', 'reconcile-runs'), {
        assume_role_policy:
          '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
      }),
    /its principals are AWS `\*`, and were reviewed as Service `lambda.amazonaws.com`/,
  ],
  nothingHidden: [
    (stack) => void new TerraformHclModule(stack, 'bucket', { source: 'some/bucket/aws' }),
    /A module is used/,
  ],
  nothingMissing: [
    (stack) =>
      override(stack, addressOf(stack, 'aws_cloudwatch_metric_alarm', 'lost-events-dlq-depth'), {
        'dimensions.QueueName': 'another',
      }),
    /lost_events_dlq is named by no alarm/,
  ],
  oneBucket: [
    (stack) => addRaw(stack, 'aws_s3_bucket', 'second', { bucket: 'another' }),
    /is a second bucket/,
  ],
  oneSetOfQueues: [
    (stack) => addRaw(stack, 'aws_sqs_queue', 'mine', { name: 'mine' }),
    /is not one of the pipeline's queues/,
  ],
  oneRunTable: [
    (stack) => addRaw(stack, 'aws_dynamodb_table', 'locks', { name: 'locks' }),
    /is a second table/,
  ],
  oneBucketOutput: [
    (stack) => stack.addOverride('output.chromadb_bucket_arn', { value: 'x' }),
    /2 outputs match chromadb_bucket/,
  ],
  uniqueNames: [
    (stack) => {
      for (const queue of ['ocr_results', 'embed_ndjson']) {
        override(stack, `aws_sqs_queue.${queue}`, { name: 'pipeline-queue' });
      }
    },
    /has the same name in AWS as/,
  ],
  oneConsumer: [
    (stack) =>
      addRaw(stack, MAPPING, 'second', {
        event_source_arn: `\${aws_sqs_queue.embed_ndjson.arn}`,
        function_name: `\${aws_lambda_function.embed_from_ndjson.arn}`,
      }),
    /embed_ndjson has 2 consumers/,
  ],
  consumerTargets: [
    (stack) =>
      override(stack, `${MAPPING}.embed_ndjson_consumer`, {
        function_name: `\${aws_lambda_function.process_ocr_results.arn}`,
      }),
    /embed_ndjson_consumer feeds/,
  ],
  declaredStreamConsumers: [
    (stack) => override(stack, `${MAPPING}.run_stream_consumer`, { bisect_batch_on_function_error: false }),
    /does not bisect/,
  ],
  oneFunctionEach: [
    (stack) =>
      override(stack, 'aws_lambda_function.stream_processor', { 'lifecycle.create_before_destroy': true }),
    /AWS answers 409/,
  ],
  environments: [
    (stack) =>
      override(stack, 'aws_lambda_function.enhanced_compaction', {
        'environment.variables.CHROMADB_BUCKET': 'the-old-bucket',
      }),
    /"the-old-bucket", which is not aws_s3_bucket.chromadb/,
  ],
  visibility: [
    (stack) => override(stack, 'aws_sqs_queue.lines', { visibility_timeout_seconds: 30 }),
    /hides a message for 30 s/,
  ],
  deadLetters: [
    (stack) => override(stack, 'aws_sqs_queue.words_dlq', { message_retention_seconds: 345_600 }),
    /words_dlq keeps a message 345600 s/,
  ],
  deltaLifetime: [
    (stack) => override(stack, 'aws_s3_bucket.chromadb', { lifecycle_rule: [{ enabled: true }] }),
    /declares lifecycle rules of its own/,
  ],
  leaseRenewal: [
    () =>
      void jest.replaceProperty(
        jest.requireMock<Record<string, number>>('../../../contracts/lease'),
        'LEASE_RENEWAL_SECONDS',
        31,
      ),
    /A lease of 90 s is renewed every 31 s/,
  ],
  concurrency: [
    (stack) =>
      override(stack, 'aws_lambda_function.enhanced_compaction', { reserved_concurrent_executions: 3 }),
    /has 3 reserved concurrency/,
  ],
  stateful: [
    (stack) => override(stack, 'aws_s3_bucket.chromadb', { force_destroy: true }),
    /chromadb has force_destroy/,
  ],
  leastPrivilege: [
    (stack) => addRaw(stack, 'aws_iam_user', 'mine', { name: 'mine' }),
    /grants rights that are not written out/,
  ],
  noSecrets: [
    (stack) =>
      override(stack, 'aws_lambda_function.embed_from_ndjson', {
        'environment.variables.EMBEDDING_MODEL': 'sk-abcdefghijklmnopqrstuvwxyz',
      }),
    /looks like a secret/,
  ],
  privateResources: [
    (stack) => override(stack, addressOf(stack, 'aws_efs_file_system'), { encrypted: false }),
    /is not encrypted at rest/,
  ],
  isolatedNetwork: [(stack) => addRaw(stack, 'aws_nat_gateway', 'way_out', {}), /way_out opens the network/],
  observableFunctions: [
    (stack) =>
      override(stack, 'aws_lambda_function.reconcile_runs', { 'tracing_config.mode': 'PassThrough' }),
    /is not traced/,
  ],
  consumerChoice: [
    (stack) =>
      override(stack, `${MAPPING}.lines_consumer`, { 'lifecycle.replace_triggered_by': ['aws_sqs_queue.x'] }),
    /replaced instead of updated/,
  ],
};

it('every guard has a change here that it refuses', () => {
  expect(Object.keys(BROKEN).sort()).toEqual(Object.keys(GUARDS).sort());
});

describe.each(Object.entries(BROKEN))('%s', (name, [arrange, sentence]) => {
  it('refuses its change among all guards', () => {
    expect(complaints(arrange)).toMatch(new RegExp(`${name}: .*${sentence.source}`));
  });

  it('is the only one that does: without it nobody says so', () => {
    mockGuarding.without = name;
    expect(complaints(arrange)).not.toMatch(sentence);
  });
});
