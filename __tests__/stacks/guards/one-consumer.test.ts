import { oneConsumer } from '../../../stacks/guards/one-consumer';
import { type Blocks, findings, one } from '../../support/guard-findings';

const MAPPING = 'aws_lambda_event_source_mapping';
const from = (address: string) => ({ event_source_arn: `\${${address}.arn}` });
const RIGHT: Blocks = {
  'aws_sqs_queue.work': {
    redrive_policy: JSON.stringify({ deadLetterTargetArn: `\${aws_sqs_queue.dead.arn}` }),
  },
  'aws_sqs_queue.dead': {},
  'aws_dynamodb_table.runs': {},
  'aws_sns_topic.alarms': {},
  [`${MAPPING}.work`]: from('aws_sqs_queue.work'),
  [`${MAPPING}.stream`]: from('aws_dynamodb_table.runs'),
};

it('accepts one consumer of a queue, none of its dead letters, and one of a stream', () => {
  expect(findings(oneConsumer, RIGHT)).toEqual([]);
});

it('refuses a second one, and names both with their places', () => {
  expect(
    findings(oneConsumer, {
      ...RIGHT,
      'aws_pipes_pipe.second': { source: from('aws_sqs_queue.work').event_source_arn },
    }),
  ).toEqual(
    one(
      /^aws_sqs_queue.work: .*work has 2 consumers.*mapping.work \(aws_lambda_event_source_mapping.work\), aws_pipes_pipe.second \(/,
    ),
  );
});

it('refuses a queue without one', () => {
  const { [`${MAPPING}.work`]: _gone, ...without } = RIGHT;
  expect(findings(oneConsumer, without)).toEqual(
    one(/^aws_sqs_queue.work: aws_sqs_queue.work has no consumer/),
  );
});

it('refuses a consumer of dead letters', () => {
  expect(findings(oneConsumer, { ...RIGHT, [`${MAPPING}.eager`]: from('aws_sqs_queue.dead') })).toEqual(
    one(/^aws_sqs_queue.dead: The dead letter queue aws_sqs_queue.dead is consumed by .*eager/),
  );
});

it.each(['arn:aws:sqs:us-east-1:1:theirs', `\${aws_sns_topic.alarms.arn}`, undefined])(
  'refuses the source %p, which is not a queue or a stream of this stack',
  (source) => {
    const untraced = { ...RIGHT, [`${MAPPING}.second`]: { event_source_arn: source } };
    expect(findings(oneConsumer, untraced)).toEqual(
      one(/^aws_lambda_event_source_mapping.second: .*consumers cannot be counted/),
    );
  },
);
