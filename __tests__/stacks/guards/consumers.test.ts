import {
  consumers,
  consumersOf,
  deadLetterQueues,
  deadLettersOf,
  retentionOf,
} from '../../../stacks/guards/consumers';
import { formOf } from '../../support/guard-findings';

const reference = (address: string, attribute = 'arn') => `\${${address}.${attribute}}`;
const QUEUE = { type: 'aws_sqs_queue', name: 'lines', where: '', attributes: {} };

const form = formOf({
  'aws_sqs_queue.lines': {
    redrive_policy: JSON.stringify({ deadLetterTargetArn: reference('aws_sqs_queue.lines_dlq') }),
  },
  'aws_sqs_queue.lines_dlq': {},
  'aws_sqs_queue.lost': {},
  'aws_sqs_queue.dropped': {},
  'aws_lambda_event_source_mapping.first': {
    event_source_arn: reference('aws_sqs_queue.lines'),
    function_name: 'worker',
    destination_config: [{ on_failure: [{ destination_arn: reference('aws_sqs_queue.lost') }] }],
  },
  'aws_pipes_pipe.second': { source: reference('aws_sqs_queue.lines'), target: 'another' },
  'aws_lambda_event_source_mapping.elsewhere': { event_source_arn: 'arn:aws:sqs:us-east-1:1:theirs' },
  'aws_lambda_function_event_invoke_config.invoked': {
    destination_config: { on_failure: { destination: reference('aws_sqs_queue.dropped') } },
  },
});

it('finds mappings and pipes alike, with their source and their function', () => {
  expect(consumers(form)).toMatchObject([
    { source: reference('aws_sqs_queue.lines'), functionName: 'worker' },
    { source: 'arn:aws:sqs:us-east-1:1:theirs' },
    { source: reference('aws_sqs_queue.lines'), functionName: 'another' },
  ]);
});

it('finds the consumers of one queue, and none of a queue that nothing names', () => {
  const addresses = (address: string) =>
    consumersOf(form, { ...QUEUE, address }).map(({ block }) => block.address);
  expect(addresses('aws_sqs_queue.lines')).toEqual([
    'aws_lambda_event_source_mapping.first',
    'aws_pipes_pipe.second',
  ]);
  expect(addresses('aws_sqs_queue.lost')).toEqual([]);
});

it('finds the dead letter queue that a redrive policy names', () => {
  const [queue, dead] = form.resources('aws_sqs_queue');
  expect(queue && deadLettersOf(form, queue)?.address).toBe('aws_sqs_queue.lines_dlq');
  expect(dead && deadLettersOf(form, dead)).toBeUndefined();
});

it('counts as dead letter queues what a queue, a mapping or an invocation sends its failures to', () => {
  expect([...deadLetterQueues(form)].sort()).toEqual([
    'aws_sqs_queue.dropped',
    'aws_sqs_queue.lines_dlq',
    'aws_sqs_queue.lost',
  ]);
});

it('takes a destination of elsewhere for none', () => {
  const away = formOf({
    'aws_sqs_queue.lines': {},
    'aws_lambda_event_source_mapping.first': {
      destination_config: [{ on_failure: [{ destination_arn: 'arn:aws:sqs:us-east-1:1:theirs' }] }],
    },
  });
  expect(deadLetterQueues(away)).toEqual(new Set());
});

it('reads how long a queue keeps a message, which is four days unless it says otherwise', () => {
  const queue = (attributes: object) =>
    retentionOf({ ...QUEUE, address: 'aws_sqs_queue.lines', attributes: { ...attributes } });
  expect(queue({ message_retention_seconds: 60 })).toBe(60);
  expect(queue({ message_retention_seconds: 0 })).toBe(0);
  expect(queue({})).toBe(4 * 86_400);
});
