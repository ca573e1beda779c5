import { deltaLifetime } from '../../../stacks/guards/delta-lifetime';
import { type Blocks, findings, one } from '../../support/guard-findings';

const DAY = 86_400;
const COVERED = { tag: [{ key: 'covered-by-snapshot', value: 'true' }] };

const rule = (changes: object = {}) => ({
  id: 'deltas',
  status: 'Enabled',
  filter: [COVERED],
  expiration: [{ days: 19 }],
  ...changes,
});
const kept = (days: number) => ({ message_retention_seconds: days * DAY });

/** A message lives four days in `lines` and fourteen among its dead letters, eighteen together. */
const QUEUES = {
  'aws_sqs_queue.lines': kept(4),
  'aws_sqs_queue.lines_dlq': kept(14),
  'aws_sqs_queue.words': kept(1),
  'aws_sqs_queue.words_dlq': kept(2),
};
const blocks = (changes: object = {}, queues: Blocks = QUEUES): Blocks => ({
  ...queues,
  'aws_s3_bucket_lifecycle_configuration.bucket': { rule: [rule(changes)] },
});

it('accepts that a covered delta expires a day after the last message that can ask for it', () => {
  expect(findings(deltaLifetime, blocks())).toEqual([]);
});

it('refuses that it expires on the very day', () => {
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 18 }] }))).toEqual(
    one(/"deltas" expires deltas after 18 days, but a message may ask for one for 18 /),
  );
});

it('counts from the collection whose messages live longest', () => {
  const queues = { ...QUEUES, 'aws_sqs_queue.words': kept(6), 'aws_sqs_queue.words_dlq': kept(14) };
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 21 }] }, queues))).toEqual([]);
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 20 }] }, queues))).toEqual(
    one(/for one for 20 /),
  );
});

it("counts SQS's own four days for a queue that says nothing", () => {
  const queues = { 'aws_sqs_queue.lines': {}, 'aws_sqs_queue.lines_dlq': {} };
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 9 }] }, queues))).toEqual([]);
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 8 }] }, queues))).toEqual(
    one(/for one for 8 /),
  );
});

it('counts no other queue', () => {
  const queues = { ...QUEUES, 'aws_sqs_queue.ocr_results': kept(100) };
  expect(findings(deltaLifetime, blocks({}, queues))).toEqual([]);
});

it('counts nothing where no collection has a queue', () => {
  expect(findings(deltaLifetime, blocks({ expiration: [{ days: 1 }] }, {}))).toEqual([]);
});

it.each([
  ['nothing at all', undefined],
  ['a prefix', [{ prefix: 'lines/delta/' }]],
  ['another tag', [{ tag: [{ key: 'other', value: 'true' }] }]],
  ['the tag with another value', [{ tag: [{ key: 'covered-by-snapshot', value: 'false' }] }]],
  ['another tag beside the right one', [{ and: [{ tags: { other: 'true' } }] }]],
  ['the tag with another value among others', [{ and: [{ tags: { 'covered-by-snapshot': 'no' } }] }]],
])('refuses expiry by %s', (_what, filter) => {
  expect(findings(deltaLifetime, blocks({ filter }))).toEqual(one(/"deltas" expires objects by age alone/));
});

it('refuses expiry by a date as by age', () => {
  expect(
    findings(deltaLifetime, blocks({ filter: [], expiration: [{ date: '2030-01-01T00:00:00Z' }] })),
  ).toEqual(one(/expires objects by age alone/));
});

it('accepts the tag among other conditions', () => {
  const and = [{ prefix: 'lines/delta/', tags: { 'covered-by-snapshot': 'true' } }];
  expect(findings(deltaLifetime, blocks({ filter: [{ and }] }))).toEqual([]);
});

it.each([
  ['is disabled', { status: 'Disabled', filter: [] }],
  ['expires nothing by age', { filter: [], expiration: [{ expired_object_delete_marker: true }] }],
  ['expires nothing', { filter: [], expiration: undefined }],
])('leaves a rule alone that %s', (_what, changes) => {
  expect(findings(deltaLifetime, blocks(changes))).toEqual([]);
});

it('refuses rules on the bucket itself', () => {
  const inline = { 'aws_s3_bucket.chromadb': { lifecycle_rule: [] }, 'aws_s3_bucket.other': {} };
  expect(findings(deltaLifetime, inline)).toEqual(
    one(/^aws_s3_bucket.chromadb: .*declares lifecycle rules of its own/),
  );
});
