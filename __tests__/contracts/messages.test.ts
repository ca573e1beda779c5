import fc from 'fast-check';
import {
  type CompactionMessage,
  compactionDeduplicationId,
  compactionMessageAttributes,
  compactionMessageSchema,
  type EmbedNdjsonMessage,
  embedNdjsonMessageSchema,
  reconcileDeduplicationId,
} from '../../contracts/messages';
import { collections, imageIds, receiptIds, runIds } from '../support/arbitraries';

const embedMessages: fc.Arbitrary<EmbedNdjsonMessage> = fc.record({
  version: fc.constant(1 as const),
  image_id: imageIds,
  receipt_id: receiptIds,
  bucket: fc.string({ minLength: 3, maxLength: 63 }),
  lines_key: fc.string({ minLength: 1 }),
  words_key: fc.string({ minLength: 1 }),
  ocr: fc.option(
    fc.record({
      key: fc.string({ minLength: 1 }),
      etag: fc.option(fc.string({ minLength: 1 })),
      version: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  removal: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
});
const doorbells: fc.Arbitrary<CompactionMessage> = fc.record({
  version: fc.constant(1 as const),
  type: fc.constant('COMPACTION_RUN' as const),
  run_id: runIds,
  image_id: imageIds,
  receipt_id: receiptIds,
  collection: collections,
  delta_key: fc.string({ minLength: 1 }),
});

test('messages survive the queue', () => {
  fc.assert(
    fc.property(embedMessages, doorbells, (message, doorbell) => {
      expect(embedNdjsonMessageSchema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message);
      expect(compactionMessageSchema.parse(JSON.parse(JSON.stringify(doorbell)))).toEqual(doorbell);
    }),
  );
});

test('a message of another version is refused', () => {
  const otherVersions = fc.oneof(
    fc.integer().filter((version) => version !== 1),
    fc.constantFrom('1', null, undefined),
  );
  fc.assert(
    fc.property(embedMessages, doorbells, otherVersions, (message, doorbell, version) => {
      expect(embedNdjsonMessageSchema.safeParse({ ...message, version }).success).toBe(false);
      expect(compactionMessageSchema.safeParse({ ...doorbell, version }).success).toBe(false);
    }),
  );
});

test.each(['image_id', 'receipt_id', 'bucket', 'lines_key', 'words_key'])(
  'an embed message without %s is refused, naming it',
  (field) => {
    const [message] = fc.sample(embedMessages, 1);
    const result = embedNdjsonMessageSchema.safeParse({ ...message, [field]: undefined });
    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  },
);

test("deduplication ids fit SQS's 128 characters and differ between collections, runs and rounds", () => {
  fc.assert(
    fc.property(runIds, fc.uuid(), (run, round) => {
      const ids = [
        compactionDeduplicationId(run, 'lines'),
        compactionDeduplicationId(run, 'words'),
        reconcileDeduplicationId('lines', round),
        reconcileDeduplicationId('words', round),
      ];
      expect(new Set(ids).size).toBe(4);
      for (const id of ids) expect(id).toMatch(/^[\w:-]{1,128}$/);
    }),
  );
});

test('a doorbell carries the attributes that consumers of the old system filter on', () => {
  const attributes = compactionMessageAttributes('stream-processor', 'words');
  expect(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue])).toEqual([
    ['source', 'stream-processor'],
    ['entity_type', 'COMPACTION_RUN'],
    ['event_name', 'INSERT'],
    ['collection', 'words'],
  ]);
});
