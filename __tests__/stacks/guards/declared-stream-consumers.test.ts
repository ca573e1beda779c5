import { RUN_STREAM } from '../../../contracts/event-sources';
import { declaredStreamConsumers } from '../../../stacks/guards/declared-stream-consumers';
import { type Blocks, findings, one } from '../../support/guard-findings';

const MAPPING = 'aws_lambda_event_source_mapping';
const STREAM = `\${aws_dynamodb_table.compaction_runs.stream_arn}`;
const filter = (...patterns: object[]) => [
  { filter: patterns.map((pattern) => ({ pattern: JSON.stringify(pattern) })) },
];
const DECLARED = {
  event_source_arn: STREAM,
  bisect_batch_on_function_error: true,
  destination_config: [{ on_failure: [{ destination_arn: 'arn' }] }],
  maximum_retry_attempts: 1,
  maximum_record_age_in_seconds: 60,
  filter_criteria: filter(...RUN_STREAM.filters),
};
const blocks = (changes: object = {}): Blocks => ({
  'aws_dynamodb_table.compaction_runs': {},
  [`${MAPPING}.run_stream_consumer`]: { ...DECLARED, ...changes },
});

it('accepts the declared consumer with the least that it needs', () => {
  expect(findings(declaredStreamConsumers, blocks())).toEqual([]);
  expect(findings(declaredStreamConsumers, blocks({ enabled: true }))).toEqual([]);
});

it('accepts it on the stream of an adopted table', () => {
  const adopted = {
    'data.aws_dynamodb_table.compaction_runs': {},
    [`${MAPPING}.run_stream_consumer`]: {
      ...DECLARED,
      event_source_arn: `\${data.aws_dynamodb_table.compaction_runs.stream_arn}`,
    },
  };
  expect(findings(declaredStreamConsumers, adopted)).toEqual([]);
});

it.each<[object, string]>([
  [{ bisect_batch_on_function_error: undefined }, 'does not bisect'],
  [{ bisect_batch_on_function_error: false }, 'does not bisect'],
  [{ destination_config: [] }, 'no on-failure destination'],
  [{ destination_config: [{ on_failure: [{}] }] }, 'no on-failure destination'],
  [{ maximum_retry_attempts: 0 }, 'no bounded number of retries'],
  [{ maximum_retry_attempts: undefined }, 'no bounded number of retries'],
  [{ maximum_record_age_in_seconds: 59 }, 'no bounded age'],
  [{ maximum_record_age_in_seconds: undefined }, 'no bounded age'],
  ...[
    [],
    filter({ eventName: ['INSERT'] }),
    filter(...RUN_STREAM.filters.slice(1)),
    filter(...RUN_STREAM.filters, { eventName: ['REMOVE'] }),
    filter({ eventName: ['INSERT', 'MODIFY'] }),
    [{ filter: [{ pattern: 'not JSON' }] }],
  ].map((filter_criteria): [object, string] => [
    { filter_criteria },
    'does not filter for new runs and new deltas alone',
  ]),
])('refuses %j', (changes, fault) => {
  expect(findings(declaredStreamConsumers, blocks(changes))).toEqual(
    one(RegExp(`run_stream_consumer ${fault.startsWith('no') ? `has ${fault}` : fault}`)),
  );
});

it('refuses a second consumer, named by its own place', () => {
  const second = { ...blocks(), [`${MAPPING}.second`]: { event_source_arn: STREAM } };
  expect(findings(declaredStreamConsumers, second)).toEqual(
    one(/^aws_lambda_event_source_mapping.second: .*second is a second consumer/),
  );
});

it('refuses a stream whose declared consumer is gone, or takes from elsewhere', () => {
  const gone = { 'aws_dynamodb_table.compaction_runs': {} };
  const away = blocks({ event_source_arn: 'arn:aws:sqs:us-east-1:1:theirs' });
  for (const broken of [gone, away]) {
    expect(findings(declaredStreamConsumers, broken)).toEqual(
      one(/^aws_lambda_event_source_mapping.run_stream_consumer: .*has lost its declared consumer/),
    );
  }
});

it('does not take an undeclared consumer for the declared one', () => {
  const undeclared = {
    'aws_dynamodb_table.compaction_runs': {},
    [`${MAPPING}.another`]: DECLARED,
  };
  expect(findings(declaredStreamConsumers, undeclared)).toEqual(one(/has lost its declared consumer/));
});
