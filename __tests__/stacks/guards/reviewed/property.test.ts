import { parseConfig } from '../../../../stacks/config';
import {
  at,
  everyItem,
  exactly,
  free,
  given,
  is,
  names,
  optional,
  type Property,
  stated,
  where,
} from '../../../../stacks/guards/reviewed/property';
import { formOf } from '../../../support/guard-findings';

const stack = formOf({
  'aws_sqs_queue.lines': {},
  'aws_sqs_queue.words': {},
  'aws_sns_topic.alarms': {},
  'data.aws_prefix_list.s3': {},
});
const [block, other] = stack.resources('aws_sqs_queue');
if (block === undefined || other === undefined) throw new Error('The form has two queues.');
const config = parseConfig({}, 'test');

const holds = (property: Property, ...values: readonly unknown[]): boolean =>
  property.holds(values, { block, stack, config });

const LINES = `\${aws_sqs_queue.lines.arn}`;
const WORDS = `\${aws_sqs_queue.words.arn}`;
const TOPIC = `\${aws_sns_topic.alarms.arn}`;

it('what is free may be anything', () => {
  expect(holds(free, 'x', undefined)).toBe(true);
  expect(free.demand).toBe('anything');
});

it('what is stated is a text', () => {
  expect(holds(stated, 'x', 'y')).toBe(true);
  for (const value of ['', undefined, 1]) expect(holds(stated, 'x', value)).toBe(false);
  expect(stated.demand).toBe('stated');
});

it('is: one of the choices, in each of the blocks', () => {
  const property = is('a', ['b', 'c'], undefined);
  expect(holds(property, 'a', ['b', 'c'], undefined)).toBe(true);
  for (const value of ['b', ['c', 'b'], null]) expect(holds(property, 'a', value)).toBe(false);
  expect(property.demand).toBe('"a" or ["b","c"] or left out');
});

it('exactly: each once over all the blocks, in whichever order', () => {
  const property = exactly('b', 'a');
  expect(holds(property, 'a', 'b')).toBe(true);
  expect(holds(property, 'b', 'a')).toBe(true);
  for (const values of [['a'], ['a', 'b', 'b'], ['a', 'b', undefined], [undefined], ['a', 'c']]) {
    expect(holds(property, ...values)).toBe(false);
  }
  expect(property.demand).toBe('each of "b", "a" once');
});

it('names: references to an address or to any of a type, alone or in a list', () => {
  const address = names('aws_sqs_queue.lines');
  expect(holds(address, LINES, [LINES])).toBe(true);
  for (const value of [WORDS, [LINES, WORDS], [], undefined, 'lines']) {
    expect(holds(address, LINES, value)).toBe(false);
  }
  expect(holds(names('aws_sqs_queue'), [LINES, WORDS])).toBe(true);
  expect(holds(names('aws_sqs_queue'), TOPIC)).toBe(false);
  expect(holds(names('aws_sqs_queue.lines', 'aws_sns_topic'), LINES, TOPIC)).toBe(true);
  expect(names('a', 'b').demand).toBe('a reference to a or b');
});

it("names: a data source's type is another than the resource's", () => {
  const list = `\${data.aws_prefix_list.s3.id}`;
  expect(holds(names('data.aws_prefix_list'), list)).toBe(true);
  expect(holds(names('aws_prefix_list'), list)).toBe(false);
});

it('everyItem: an empty list has none that could be so', () => {
  const isOne = (value: unknown) => value === 1;
  expect(everyItem([1, [1, 1]], isOne)).toBe(true);
  expect(everyItem([], isOne)).toBe(true);
  for (const value of [[], [1, 2], 2]) expect(everyItem([1, value], isOne)).toBe(false);
});

it('optional: so, where it is stated', () => {
  const property = optional(is('a'));
  expect(holds(property, 'a', undefined)).toBe(true);
  expect(holds(property, undefined, 'b')).toBe(false);
  expect(property.demand).toBe('"a", or left out');
  expect(optional(given('region', () => 'x')).setting).toBe('region');
});

it('given: what follows from the configuration for this block', () => {
  const property = given('region', ({ region }, { name }) => [region, name]);
  expect(holds(property, ['us-east-1', 'lines'])).toBe(true);
  expect(holds(property, ['us-east-1', 'lines'], ['us-east-1', 'words'])).toBe(false);
  expect(property).toMatchObject({ demand: 'as region has it', setting: 'region' });
});

it('where: for some blocks, and left out by the others', () => {
  const property = where(
    'of lines',
    (place) => place.block.name === 'lines',
    given('region', () => 'a'),
  );
  expect(property).toMatchObject({
    demand: 'as region has it of lines, and left out elsewhere',
    setting: 'region',
  });
  expect(property.holds(['a'], { block, stack, config })).toBe(true);
  expect(property.holds([undefined], { block, stack, config })).toBe(false);
  expect(property.holds([undefined, undefined], { block: other, stack, config })).toBe(true);
  expect(property.holds([undefined, 'a'], { block: other, stack, config })).toBe(false);
});

it('at: where, by the address', () => {
  const property = at('aws_sqs_queue.lines', is('a'));
  expect(property.demand).toBe('"a" at aws_sqs_queue.lines, and left out elsewhere');
  expect(property.holds(['a'], { block, stack, config })).toBe(true);
  expect(property.holds(['a'], { block: other, stack, config })).toBe(false);
});
