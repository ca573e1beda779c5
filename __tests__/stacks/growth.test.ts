import type { TerraformStack } from 'cdktf';
import type { FunctionName } from '../../contracts/functions';
import type { QueueName } from '../../contracts/queues';
import type { ConfigInput, PipelineConfig } from '../../stacks/config';
import { drawFlowchart } from '../../stacks/diagram/flowchart';
import { send } from '../../stacks/pipeline/permissions';
import { PipelineFunction } from '../../stacks/pipeline/pipeline-function';
import { QueueConsumer } from '../../stacks/pipeline/queue-consumer';
import type { PipelineStack } from '../../stacks/pipeline-stack';
import { statementRows, textOf } from '../../stacks/synthesized/statement-rows';
import { Synthesized } from '../../stacks/synthesized/synthesized';
import { allowedActions, statementsOf } from '../support/allowed-actions';
import { addRaw, complaints, override } from '../support/guarded-stack';
import { type Arrange, synthesize } from '../support/template';

/*
 * What the next person adds: the collection `sections`, and the function `archive-receipts` with its queue
 * `archive`. Each mock is the line that this takes in the table of its name.
 */

jest.mock('../../contracts/collections', () => {
  const actual = jest.requireActual('../../contracts/collections');
  actual.COLLECTIONS.push('sections');
  return actual;
});

jest.mock('../../contracts/functions', () => {
  const actual = jest.requireActual('../../contracts/functions');
  actual.FUNCTIONS['archive-receipts'] = { memory: 256, timeout: 30 };
  actual.FUNCTION_NAMES.push('archive-receipts');
  return actual;
});

jest.mock('../../contracts/queues', () => {
  const actual = jest.requireActual('../../contracts/queues');
  actual.QUEUES.archive = { ...actual.QUEUES['ocr-results'], consumer: 'archive-receipts' };
  actual.QUEUE_NAMES.push('archive');
  return actual;
});

jest.mock('../../contracts/environment', () => {
  const { z } = jest.requireActual('zod');
  const actual = jest.requireActual('../../contracts/environment');
  actual.environmentSchemas['archive-receipts'] = z.object({
    CHROMADB_BUCKET: z.string(),
    ARCHIVE_QUEUE_URL: z.url(),
  });
  return actual;
});

/** The rows that `npm run statements` writes once all of it is there. @default the committed ones */
const mockReviewed: { rows?: string[] | undefined } = {};

jest.mock('../../stacks/guards/reviewed/statements', () => {
  const actual = jest.requireActual('../../stacks/guards/reviewed/statements');
  return {
    ...actual,
    reviewedRows: (config: PipelineConfig) => mockReviewed.rows ?? actual.reviewedRows(config),
  };
});

const ARCHIVE = 'archive' as QueueName;
const ARCHIVE_RECEIPTS = 'archive-receipts' as FunctionName;

const addFunction: Arrange = (stack: TerraformStack) => {
  const { context } = stack as PipelineStack;
  const queue = context.queues.work[ARCHIVE];
  const permissions = [send(queue)];
  const lambda = new PipelineFunction(stack, ARCHIVE_RECEIPTS, {
    ...context,
    name: ARCHIVE_RECEIPTS,
    permissions,
  });
  new QueueConsumer(stack, 'archive-consumer', { queue, functionName: lambda.resource.arn });
};

const addAndReview: Arrange = (stack) => {
  addFunction(stack);
  mockReviewed.rows = statementRows(Synthesized.of(stack)).map(({ cells }) => textOf(cells));
};

/** Six queues hand out more than a new account runs at once. */
const RESERVING: ConfigInput = { functions: { reserveConcurrency: true } };
const template = synthesize(RESERVING, { arrange: addAndReview });
const MAPPING = 'aws_lambda_event_source_mapping';

/** What the guards say when the grown stack is broken in a further way. */
const broken = (breakIt: Arrange): string =>
  complaints((stack) => {
    addFunction(stack);
    breakIt(stack);
  }, RESERVING);

const environmentOf = (name: string) =>
  (template.resource('aws_lambda_function', name).environment as { variables: Record<string, string> })
    .variables;

it('waits for somebody who reviews what it is allowed', () => {
  const { rows } = mockReviewed;
  mockReviewed.rows = undefined;
  const message = complaints(addFunction, RESERVING);
  mockReviewed.rows = rows;
  const sentences = message.split('\n').filter((line) => line.includes('[chroma-pipeline]'));
  expect(sentences).toContainEqual(expect.stringMatching(/archive-receipts\/policy: .*npm run statements/));
  expect(sentences.filter((sentence) => !sentence.includes('reviewedStatements: '))).toEqual([]);
});

describe.each([
  ['sections', { kind: '.fifo', consumer: 'enhanced_compaction', maximumReceives: 20 }],
  ['archive', { kind: '', consumer: 'archive_receipts', maximumReceives: 5 }],
])('the queue %s, a line in a table', (name, { kind, consumer, maximumReceives }) => {
  it('is made, with a dead letter queue of its own kind', () => {
    const physical = `chroma-pipeline-test-${name}`;
    expect(template.resource('aws_sqs_queue', name)).toMatchObject({
      name: `${physical}${kind}`,
      redrive_policy: `{"deadLetterTargetArn":"\${aws_sqs_queue.${name}_dlq.arn}","maxReceiveCount":${maximumReceives}}`,
    });
    expect(template.resource('aws_sqs_queue', `${name}_dlq`)).toMatchObject({
      name: `${physical}-dlq${kind}`,
    });
  });

  it('is consumed by its one function, which may take its messages', () => {
    expect(template.resource(MAPPING, `${name}_consumer`)).toMatchObject({
      event_source_arn: `\${aws_sqs_queue.${name}.arn}`,
      function_name: `\${aws_lambda_function.${consumer}.arn}`,
      enabled: true,
    });
    const [take] = statementsOf(template, consumer.replaceAll('_', '-') as FunctionName).filter(
      ({ actions }) => actions.includes('sqs:ReceiveMessage'),
    );
    expect(take?.resources).toContain(`\${aws_sqs_queue.${name}.arn}`);
  });

  it('is watched by alarms, and drawn by the dashboard and the diagram', () => {
    const alarms = template.all('aws_cloudwatch_metric_alarm').map(({ alarm_name }) => alarm_name);
    expect(alarms).toEqual(
      expect.arrayContaining([
        `chroma-pipeline-test-${name}-oldest-message`,
        `chroma-pipeline-test-${name}-dlq-depth`,
      ]),
    );
    const [dashboard] = template.all('aws_cloudwatch_dashboard');
    expect(dashboard?.dashboard_body).toContain(`"chroma-pipeline-test-${name}${kind}"`);
    expect(drawFlowchart(template)).toContain(`${name} == "up to 10" ==> ${consumer}`);
  });

  it('has its URL among the outputs, and in the variable of its name alone', () => {
    expect(template.outputs).toMatchObject({ [`${name}_queue_url`]: `\${aws_sqs_queue.${name}.url}` });
    const holders = template
      .resources('aws_lambda_function')
      .filter((lambda) => `${name.toUpperCase()}_QUEUE_URL` in environmentOf(lambda.name));
    expect(holders.map((lambda) => lambda.name)).toEqual(
      name === 'archive' ? ['archive_receipts'] : ['reconcile_runs', 'stream_processor'],
    );
    for (const { name: holder } of holders) {
      expect(environmentOf(holder)[`${name.toUpperCase()}_QUEUE_URL`]).toBe(`\${aws_sqs_queue.${name}.url}`);
    }
  });

  it.each<[string, Arrange, RegExp]>([
    [
      'a second consumer',
      (stack) =>
        addRaw(stack, MAPPING, 'second', {
          event_source_arn: `\${aws_sqs_queue.${name}.arn}`,
          function_name: `\${aws_lambda_function.stream_processor.arn}`,
        }),
      new RegExp(`oneConsumer: .*aws_sqs_queue.${name} has 2 consumers`),
    ],
    [
      'another function as its consumer',
      (stack) => override(stack, `${MAPPING}.${name}_consumer`, { function_name: 'another' }),
      new RegExp(`(consumerTargets|consumerChoice): .*${name}_consumer feeds "another"`),
    ],
    [
      'a shorter invisibility than its consumer works',
      (stack) => override(stack, `aws_sqs_queue.${name}`, { visibility_timeout_seconds: 30 }),
      new RegExp(`visibility: .*${name} hides a message for 30 s`),
    ],
    [
      'dead letters that go before it',
      (stack) => override(stack, `aws_sqs_queue.${name}_dlq`, { message_retention_seconds: 60 }),
      new RegExp(`deadLetters: .*${name}_dlq keeps a message 60 s`),
    ],
    [
      'its destruction',
      (stack) => override(stack, `aws_sqs_queue.${name}`, { 'lifecycle.prevent_destroy': false }),
      new RegExp(`stateful: .*${name} lacks prevent_destroy`),
    ],
    [
      'another URL in its variable',
      (stack) =>
        override(
          stack,
          `aws_lambda_function.${name === 'archive' ? 'archive_receipts' : 'stream_processor'}`,
          {
            [`environment.variables.${name.toUpperCase()}_QUEUE_URL`]: `\${aws_sqs_queue.words.url}`,
          },
        ),
      new RegExp(`environments: .*${name.toUpperCase()}_QUEUE_URL of .* is not aws_sqs_queue.${name}`),
    ],
  ])('is guarded against %s', (_what, breakIt, sentence) => {
    expect(broken(breakIt)).toMatch(sentence);
  });
});

describe('the collection sections, a line in a table', () => {
  it('has an index of its unfinished runs', () => {
    const table = template.resource('aws_dynamodb_table', 'compaction_runs');
    expect(table.global_secondary_index).toContainEqual(
      expect.objectContaining({ name: 'sections-pending', hash_key: 'sections_pending' }),
    );
    expect(table.attribute).toContainEqual({ name: 'sections_pending', type: 'S' });
  });

  it('is watched by alarms of its own', () => {
    const alarms = template.all('aws_cloudwatch_metric_alarm').map(({ alarm_name }) => String(alarm_name));
    expect(alarms.filter((name) => name.includes('-sections-')).map((name) => name.slice(30))).toEqual(
      expect.arrayContaining(['pending-run-age', 'snapshot-age', 'lease-lost']),
    );
  });

  it('lets the compaction read its deltas and write its snapshots', () => {
    const statements = statementsOf(template, 'enhanced-compaction');
    const mayTouch = (action: string) =>
      statements.filter(({ actions }) => actions.includes(action)).flatMap(({ resources }) => resources);
    expect(mayTouch('s3:GetObject')).toContain(`\${aws_s3_bucket.chromadb.arn}/sections/delta/*`);
    expect(mayTouch('s3:PutObject')).toContain(`\${aws_s3_bucket.chromadb.arn}/sections/snapshot/*`);
  });

  it('is paused and rolled back with the others', () => {
    const paused = synthesize({ ...RESERVING, consumer: 'none' }, { arrange: addFunction });
    expect(paused.resource(MAPPING, 'sections_consumer')).toMatchObject({ enabled: false });
    expect(paused.resource(MAPPING, 'archive_consumer')).toMatchObject({ enabled: true });
  });

  it('takes two more batches of the compaction at once', () => {
    expect(template.resource('aws_lambda_function', 'enhanced_compaction')).toMatchObject({
      reserved_concurrent_executions: 6,
    });
  });
});

describe('the function archive-receipts, a line in a table', () => {
  it('has its memory and its time, and may be given others', () => {
    expect(template.resource('aws_lambda_function', 'archive_receipts')).toMatchObject({
      memory_size: 256,
      timeout: 30,
      reserved_concurrent_executions: 5,
    });
    const config = { functions: { ...RESERVING.functions, timeout: { [ARCHIVE_RECEIPTS]: 90 } } };
    const slower = synthesize(config, { arrange: addFunction });
    expect(slower.resource('aws_lambda_function', 'archive_receipts')).toMatchObject({ timeout: 90 });
    expect(slower.resource('aws_sqs_queue', 'archive')).toMatchObject({ visibility_timeout_seconds: 600 });
  });

  it('is let do what it needs, and is watched', () => {
    expect(allowedActions(template, ARCHIVE_RECEIPTS)).toEqual(
      expect.arrayContaining(['logs:PutLogEvents', 'sqs:ReceiveMessage', 'sqs:SendMessage']),
    );
    const alarms = template.all('aws_cloudwatch_metric_alarm').map(({ alarm_name }) => alarm_name);
    expect(alarms).toEqual(expect.arrayContaining(['chroma-pipeline-test-archive-receipts-errors']));
  });

  it('is missed by the guards when nobody makes it', () => {
    expect(complaints(() => {})).toMatch(/oneFunctionEach: .*archive_receipts: The function is missing/);
    expect(complaints(() => {})).toMatch(/oneConsumer: .*aws_sqs_queue.archive has no consumer/);
  });
});
