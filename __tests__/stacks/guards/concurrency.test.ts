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
  [undefined, 'no'],
  ['5', '5'],
  [5.5, '5.5'],
])('refuses a reservation of %p', (reserved, shown) => {
  expect(findings(concurrency, blocks(reserved))).toEqual(one(RegExp(`has ${shown} reserved concurrency`)));
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
