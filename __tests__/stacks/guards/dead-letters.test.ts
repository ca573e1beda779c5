import { deadLetters } from '../../../stacks/guards/dead-letters';
import { type Blocks, findings, one } from '../../support/guard-findings';

const redrive = (queue: string) => ({
  redrive_policy: JSON.stringify({ deadLetterTargetArn: `\${aws_sqs_queue.${queue}.arn}` }),
});
const blocks = (queue: object, dead: object): Blocks => ({
  'aws_sqs_queue.work': { ...redrive('work_dlq'), ...queue },
  'aws_sqs_queue.work_dlq': dead,
});
const kept = (seconds: number) => ({ message_retention_seconds: seconds });

it.each([
  [kept(100), kept(101)],
  [{}, kept(345_601)],
  [kept(345_599), {}],
])('accepts that a queue keeps %j and its dead letters %j', (queue, dead) => {
  expect(findings(deadLetters, blocks(queue, dead))).toEqual([]);
});

it.each([
  [kept(100), kept(100), '100 s and aws_sqs_queue.work 100 s'],
  [{}, {}, '345600 s and aws_sqs_queue.work 345600 s'],
  [{}, kept(345_600), '345600 s'],
  [kept(345_600), {}, '345600 s'],
])('refuses that a queue keeps %j and its dead letters %j', (queue, dead, shown) => {
  expect(findings(deadLetters, blocks(queue, dead))).toEqual(
    one(RegExp(`^aws_sqs_queue.work_dlq: .*keeps a message ${shown}`)),
  );
});

it('refuses a pair of which only one is FIFO', () => {
  const fifo = { fifo_queue: true };
  expect(findings(deadLetters, blocks(fifo, { ...kept(400_000), ...fifo }))).toEqual([]);
  expect(findings(deadLetters, blocks(fifo, kept(400_000)))).toEqual(one(/not of one kind/));
  expect(findings(deadLetters, blocks({}, { ...kept(400_000), ...fifo }))).toEqual(one(/not of one kind/));
  expect(findings(deadLetters, blocks({ fifo_queue: false }, kept(400_000)))).toEqual([]);
});

it('refuses a queue without one of this stack, and asks none of a dead letter queue', () => {
  const lone = { 'aws_sqs_queue.work': {} };
  expect(findings(deadLetters, lone)).toEqual(
    one(/^aws_sqs_queue.work: .*has no dead letter queue of this stack/),
  );
});

it('refuses a second owner, and names the first', () => {
  const shared = { ...blocks({}, kept(400_000)), 'aws_sqs_queue.other': redrive('work_dlq') };
  expect(findings(deadLetters, shared)).toEqual(
    one(/^aws_sqs_queue.other: .*other shares aws_sqs_queue.work_dlq with aws_sqs_queue.work/),
  );
});
