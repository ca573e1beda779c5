import { parseConfig } from '../../../stacks/config';
import { reviewedProperties } from '../../../stacks/guards/reviewed-properties';
import { findings, formOf, one } from '../../support/guard-findings';

const ALARM = 'aws_cloudwatch_metric_alarm.mine';
const TOPIC = [`\${aws_sns_topic.alarms.arn}`];
const RIGHT = {
  comparison_operator: 'GreaterThanOrEqualToThreshold',
  evaluation_periods: 1,
  treat_missing_data: 'breaching',
  alarm_actions: TOPIC,
  ok_actions: TOPIC,
};
const topic = { kms_master_key_id: `\${aws_kms_key.encryption.arn}` };
const key = { enable_key_rotation: true, deletion_window_in_days: 30 };
const OTHERS = { 'aws_sns_topic.alarms': topic, 'aws_kms_key.encryption': key };
const alarm = (changes: object) =>
  findings(reviewedProperties, { ...OTHERS, [ALARM]: { ...RIGHT, ...changes } });

it('accepts what was reviewed, with what any resource may state', () => {
  expect(alarm({})).toEqual([]);
  expect(
    alarm({
      threshold: 1,
      dimensions: { QueueName: 'x' },
      tags: { a: 'b' },
      timeouts: { create: '1m' },
      depends_on: ['x'],
      lifecycle: { prevent_destroy: true },
      '//': { metadata: { path: ALARM } },
    }),
  ).toEqual([]);
});

it('leaves a type that nobody has reviewed to reviewedTypes', () => {
  expect(findings(reviewedProperties, { 'aws_kinesis_stream.a': { name: 'x' } })).toEqual([]);
});

it.each<[object, string]>([
  [{ actions_enabled: false }, 'actions_enabled'],
  [{ lifecycle: { ignore_changes: 'all' } }, 'lifecycle.ignore_changes'],
  [{ lifecycle: [{ ignore_changes: ['threshold'] }] }, 'lifecycle.ignore_changes'],
  [{ metric_query: [{ metric: [{ period: 60 }] }] }, 'metric_query.metric.period'],
  [{ metric_query: [{ id: 'a' }, { id: 'b' }] }, 'metric_query.id'],
  [{ metric_query: {} }, 'metric_query'],
  [{ metric_query: [{}] }, 'metric_query'],
  [{ actions: ['a'] }, 'actions'],
  [{ count: 0 }, 'count'],
  [{ provider: '' }, 'provider'],
  [{ '//more': 1 }, '//more'],
])('refuses %j, of which nobody has reviewed %s', (changes, path) => {
  expect(alarm(changes)).toEqual([
    `${ALARM}: ${ALARM} states ${path}, which nobody has reviewed for its type.`,
  ]);
});

it.each([{ actions_enabled: null }, { actions_enabled: undefined }, { metric_query: [] }, { lifecycle: {} }])(
  'takes %j for left out, as Terraform does',
  (changes) => {
    expect(alarm(changes)).toEqual([]);
  },
);

it.each<[object, string]>([
  [{ evaluation_periods: 2 }, 'has 2 as evaluation_periods; it must be 1'],
  [{ evaluation_periods: undefined }, 'has nothing as evaluation_periods; it must be 1'],
  [{ evaluation_periods: null }, 'has nothing as evaluation_periods; it must be 1'],
  [{ alarm_actions: [] }, 'has [] as alarm_actions; it must be a reference to aws_sns_topic.alarms'],
  [{ treat_missing_data: 'x'.repeat(200) }, `has "${'x'.repeat(119)} as treat_missing_data; it must be `],
])('refuses %j: %s', (changes, sentence) => {
  expect(alarm(changes)).toEqual([expect.stringContaining(`${ALARM}: ${ALARM} ${sentence}`)]);
});

describe('a property of a block in a block', () => {
  const queue = {
    'aws_sqs_queue.ocr_results': {
      message_retention_seconds: 345_600,
      redrive_policy: '{"maxReceiveCount":5}',
    },
  };
  const announced = (filter_prefix: string | undefined) => ({
    queue_arn: `\${aws_sqs_queue.ocr_results.arn}`,
    events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
    filter_prefix,
  });
  const notification = (attributes: object) =>
    findings(reviewedProperties, { ...queue, 'aws_s3_bucket_notification.chromadb': attributes });

  it('is looked at in each of the blocks', () => {
    expect(notification({ queue: [announced('ocr/'), announced('annotations/')] })).toEqual([]);
    expect(
      notification({ queue: [announced('ocr/'), announced('annotations/'), announced(undefined)] }),
    ).toEqual(one(/has "ocr\/", "annotations\/", nothing as queue\.filter_prefix; it must be each of/));
  });

  it('is found however deep it stands', () => {
    const rules = (noncurrent_days: number) =>
      findings(reviewedProperties, {
        'aws_s3_bucket_lifecycle_configuration.mine': {
          rule: [{ status: 'Enabled', noncurrent_version_expiration: [{ noncurrent_days }] }],
        },
      });
    expect(rules(30)).toEqual([]);
    expect(rules(29)).toEqual(one(/has 29 as rule\.noncurrent_version_expiration\.noncurrent_days; /));
  });

  it('is missing once where there is no block', () => {
    for (const attributes of [{}, { queue: [] }]) {
      expect(notification(attributes)).toContainEqual(
        expect.stringMatching(/has nothing as queue\.queue_arn; it must be a reference/),
      );
    }
  });
});

describe('what to do', () => {
  const remedies = (attributes: object, type: string) =>
    reviewedProperties(formOf({ ...OTHERS, [type]: attributes }), parseConfig({}, 'test'))
      .filter(({ where }) => where === type)
      .map(({ remedy }) => remedy);

  it('names the file in which something is reviewed', () => {
    expect(remedies({ ...RIGHT, actions_enabled: false }, ALARM)).toEqual([
      'Remove it, or add it to stacks/guards/reviewed/observation.ts with what it may be.',
    ]);
    expect(remedies({ ...RIGHT, evaluation_periods: 2 }, ALARM)).toEqual([
      'Restore what the stack declares; what was reviewed stands in stacks/guards/reviewed/observation.ts.',
    ]);
    expect(remedies({ role: 'x', name_prefix: 'x' }, 'data.aws_partition.mine')).toEqual(
      Array(2).fill('Remove it, or add it to stacks/guards/reviewed/data-sources.ts with what it may be.'),
    );
  });

  it('names the setting that decides it', () => {
    expect(remedies({ kms_master_key_id: 'alias/aws/sns' }, 'aws_sns_topic.other')).toEqual([
      'Set encryption in the configuration, which alone decides it.',
    ]);
  });
});
