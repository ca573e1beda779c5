import { nothingMissing } from '../../../stacks/guards/nothing-missing';
import { type Blocks, findings, one } from '../../support/guard-findings';

const NEEDED = [
  'aws_cloudwatch_event_rule',
  'aws_cloudwatch_event_target',
  'aws_lambda_permission',
  'aws_lambda_function_event_invoke_config',
  'aws_sns_topic',
  'aws_s3_bucket_public_access_block',
  'aws_sqs_queue_redrive_allow_policy',
  'aws_efs_file_system_policy',
];
const SERVER = { chroma: { mode: 'server', url: 'https://chroma.example' } } as const;

const all = (without?: string, more: Blocks = {}): Blocks => ({
  ...Object.fromEntries(NEEDED.filter((type) => type !== without).map((type) => [`${type}.a`, {}])),
  ...more,
});

it('accepts a stack that has one of each', () => {
  expect(findings(nothingMissing, all())).toEqual([]);
});

it.each(NEEDED)('refuses one without an %s, and says what would go unnoticed', (type) => {
  expect(findings(nothingMissing, all(type))).toEqual(
    one(RegExp(`^${type}: The stack has no ${type}: (.* would .*|.* could .*)\\.$`)),
  );
});

it('asks for no policy of a file system where there is none', () => {
  expect(findings(nothingMissing, all('aws_efs_file_system_policy'), SERVER)).toEqual([]);
  expect(findings(nothingMissing, all('aws_sns_topic'), SERVER)).toHaveLength(1);
});

describe.each([
  ['aws_sqs_queue', { name: 'mine' }, { QueueName: 'mine' }],
  ['aws_lambda_function', { function_name: 'mine' }, { FunctionName: 'mine' }],
])('an %s', (type, attributes, dimensions) => {
  const watchedBy = (alarm: object) =>
    findings(
      nothingMissing,
      all(undefined, { [`${type}.mine`]: attributes, 'aws_cloudwatch_metric_alarm.a': alarm }),
    );

  it('is named by an alarm', () => {
    expect(watchedBy({ dimensions })).toEqual([]);
    expect(watchedBy({ dimensions: { other: 'x', ...dimensions } })).toEqual([]);
  });

  it.each([{}, { dimensions: { QueueName: 'other' } }, { dimensions: { service: 'mine' } }])(
    'is refused with the alarm %j alone',
    (alarm) => {
      expect(watchedBy(alarm)).toEqual(one(RegExp(`^${type}\\.mine: ${type}\\.mine is named by no alarm`)));
    },
  );
});
