import { consumerChoice } from '../../../stacks/guards/consumer-choice';
import { type Blocks, findings, one } from '../../support/guard-findings';

const MAPPING = 'aws_lambda_event_source_mapping';
const OURS = `\${aws_lambda_function.enhanced_compaction.arn}`;
const LEGACY = `\${data.aws_lambda_function.legacy.arn}`;
const legacy = { consumer: { legacyFunction: 'old' } } as const;

const mapping = (queue: string, changes: object = {}) => ({
  event_source_arn: `\${aws_sqs_queue.${queue}.arn}`,
  function_name: OURS,
  ...changes,
});

/** Both queues with their mappings at the fixed addresses; `changes` are of the one on lines. */
const blocks = (changes: object = {}, both: object = {}): Blocks => ({
  'aws_sqs_queue.lines': {},
  'aws_sqs_queue.words': {},
  'aws_sqs_queue.other': {},
  'aws_lambda_function.enhanced_compaction': {},
  'aws_lambda_function.other': {},
  'data.aws_lambda_function.legacy': { function_name: 'old' },
  'data.aws_iam_role.legacy': {},
  [`${MAPPING}.lines_consumer`]: mapping('lines', { ...both, ...changes }),
  [`${MAPPING}.words_consumer`]: mapping('words', both),
});

it('accepts enhanced-compaction on both queues, which is the choice unless told otherwise', () => {
  expect(findings(consumerChoice, blocks())).toEqual([]);
  expect(findings(consumerChoice, blocks({ enabled: true, lifecycle: { prevent_destroy: true } }))).toEqual(
    [],
  );
});

it('accepts disabled mappings where the choice is none', () => {
  expect(findings(consumerChoice, blocks({}, { enabled: false }), { consumer: 'none' })).toEqual([]);
});

it('accepts a function that is only read, where the choice is a legacy function', () => {
  expect(findings(consumerChoice, blocks({}, { function_name: LEGACY }), legacy)).toEqual([]);
});

it('refuses a mapping that is disabled against the choice, or enabled against it', () => {
  expect(findings(consumerChoice, blocks({ enabled: false }))).toEqual(
    one(/lines_consumer is disabled, but the configuration declares "enhanced-compaction"/),
  );
  expect(
    findings(consumerChoice, blocks({ enabled: true }, { enabled: false }), { consumer: 'none' }),
  ).toEqual(one(/lines_consumer is enabled, but the configuration declares "none"/));
});

it.each([`\${aws_lambda_function.other.arn}`, LEGACY, 'unknown', undefined])(
  'refuses %p where the choice is enhanced-compaction',
  (name) => {
    expect(findings(consumerChoice, blocks({ function_name: name }))).toEqual(
      one(/lines_consumer feeds .* declares "enhanced-compaction"/),
    );
  },
);

it.each([OURS, `\${data.aws_iam_role.legacy.arn}`, 'unknown'])(
  'refuses %p where the choice is a legacy function',
  (name) => {
    const wrong = blocks({ function_name: name }, { function_name: LEGACY });
    expect(findings(consumerChoice, wrong, legacy)).toEqual(
      one(/lines_consumer feeds ".*", but the configuration declares "the legacy function old"/),
    );
  },
);

it.each([{ create_before_destroy: true }, { replace_triggered_by: ['x'] }])(
  'refuses a mapping that would be replaced: %j',
  (lifecycle) => {
    expect(findings(consumerChoice, blocks({ lifecycle }))).toEqual(
      one(/would be replaced instead of updated/),
    );
  },
);

it('takes a lifecycle that is not one for none', () => {
  expect(findings(consumerChoice, blocks({ lifecycle: null }))).toEqual([]);
  expect(findings(consumerChoice, blocks({ lifecycle: 'create_before_destroy' }))).toEqual([]);
});

it('refuses a mapping at another address, and tells where it is', () => {
  const { [`${MAPPING}.lines_consumer`]: moved, ...others } = blocks();
  const elsewhere = { ...others, [`${MAPPING}.elsewhere`]: moved ?? {} };
  expect(findings(consumerChoice, elsewhere)).toEqual(
    one(/^aws_lambda_event_source_mapping.elsewhere: lines is not consumed through .*lines_consumer/),
  );
});

it('refuses a queue that nothing takes from, and one that is missing, at the address that it should have', () => {
  const { [`${MAPPING}.lines_consumer`]: _mapping, ...unconsumed } = blocks();
  const { 'aws_sqs_queue.lines': _queue, ...missing } = blocks();
  for (const broken of [unconsumed, missing]) {
    expect(findings(consumerChoice, broken)).toEqual(
      one(/^aws_lambda_event_source_mapping.lines_consumer: /),
    );
  }
});

it('does not take the mapping of another queue for it', () => {
  const crossed = { ...blocks(), [`${MAPPING}.lines_consumer`]: mapping('other') };
  expect(findings(consumerChoice, crossed)).toEqual(one(/lines is not consumed through/));
});
