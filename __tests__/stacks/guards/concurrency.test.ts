import { concurrency } from '../../../stacks/guards/concurrency';
import { findings, one } from '../../support/guard-findings';

const mapping = (queue: string, maximum?: unknown) => ({
  event_source_arn: `\${aws_sqs_queue.${queue}.arn}`,
  function_name: `\${aws_lambda_function.worker.arn}`,
  ...(maximum === undefined ? {} : { scaling_config: [{ maximum_concurrency: maximum }] }),
});

/** Two queues, whose mappings may hand one function two and three batches at once. */
const blocks = (reserved: unknown, second: unknown = 3) => ({
  'aws_sqs_queue.one': {},
  'aws_sqs_queue.two': {},
  'aws_lambda_event_source_mapping.one': mapping('one', 2),
  'aws_lambda_event_source_mapping.two': mapping('two', second),
  'aws_lambda_function.worker': { reserved_concurrent_executions: reserved },
});

it('accepts a function that reserves what its mappings may hand it together', () => {
  expect(findings(concurrency, blocks(5))).toEqual([]);
});

it('refuses one less, naming both numbers', () => {
  expect(findings(concurrency, blocks(4))).toEqual(
    one(/worker has 4 reserved concurrency, but its mappings may hand it 5 batches/),
  );
});

it.each([
  ['5', '5'],
  [5.5, '5.5'],
  [0, '0'],
])('refuses a reservation of %p', (reserved, shown) => {
  expect(findings(concurrency, blocks(reserved))).toEqual(one(RegExp(`has ${shown} reserved concurrency`)));
});

const RESERVING = { functions: { reserveConcurrency: true } };

it('refuses none where the configuration says that it is reserved', () => {
  expect(findings(concurrency, blocks(undefined), RESERVING)).toEqual(one(/has no reserved concurrency/));
  expect(findings(concurrency, blocks(undefined, 9), RESERVING)).toEqual(one(/has no reserved concurrency/));
  expect(findings(concurrency, blocks(5), RESERVING)).toEqual([]);
});

describe('functions that reserve nothing', () => {
  const more = (maximum: number, functionName: unknown) => ({
    'aws_sqs_queue.more': {},
    'aws_lambda_event_source_mapping.more': { ...mapping('more', maximum), function_name: functionName },
  });
  const other = `\${aws_lambda_function.other.arn}`;

  it('are handed together what a new account runs, and no more', () => {
    expect(findings(concurrency, blocks(undefined, 8))).toEqual([]);
    expect(findings(concurrency, blocks(undefined, 9))).toEqual(
      one(/worker reserves no concurrency, and .* may hand out 11 batches at once, .* runs 10 executions/),
    );
  });

  it('share with each other, and with functions of somebody else', () => {
    const two = { 'aws_lambda_function.other': {}, ...more(6, other) };
    expect(findings(concurrency, { ...blocks(undefined), ...two })).toEqual([
      expect.stringMatching(/worker reserves no .* 11 batches/),
      expect.stringMatching(/other reserves no .* 11 batches/),
    ]);
    expect(findings(concurrency, { ...blocks(undefined), ...more(6, 'theirs') })).toEqual(
      one(/worker reserves no .* 11 batches/),
    );
  });

  it('do not share with those that reserve', () => {
    const reserving = {
      'aws_lambda_function.other': { reserved_concurrent_executions: 6 },
      ...more(6, other),
    };
    expect(findings(concurrency, { ...blocks(undefined), ...reserving })).toEqual([]);
    expect(findings(concurrency, { ...blocks(undefined, 9), ...reserving })).toEqual(
      one(/worker reserves no/),
    );
  });

  it('that no mapping feeds may be as they are, whatever others are handed', () => {
    const idle = { 'aws_lambda_function.idle': {} };
    expect(findings(concurrency, { ...blocks(undefined, 9), ...idle })).toEqual(one(/worker reserves no/));
  });
});

it.each([undefined, '3', 2.5])('refuses a mapping whose maximum is %p, and counts the others', (maximum) => {
  const mute = { ...blocks(2), 'aws_lambda_event_source_mapping.two': mapping('two', maximum) };
  expect(findings(concurrency, mute)).toEqual(one(/mapping.two states no maximum concurrency.*queue.two/));
});

it('demands one of a function that no mapping feeds, whatever others are handed', () => {
  const idle = (reserved: number) => ({
    ...blocks(5),
    'aws_lambda_function.idle': { reserved_concurrent_executions: reserved },
  });
  expect(findings(concurrency, idle(1))).toEqual([]);
  expect(findings(concurrency, idle(0))).toEqual(one(/has 0 reserved .* hand it 1 batches/));
});

it('asks nothing of a function of somebody else that a mapping feeds', () => {
  const foreign = {
    'aws_sqs_queue.one': {},
    'aws_lambda_event_source_mapping.one': { ...mapping('one', 2), function_name: 'theirs' },
  };
  expect(findings(concurrency, foreign)).toEqual([]);
});
