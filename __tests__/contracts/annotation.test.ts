import { type Annotation, annotationSchema, namedRecords } from '../../contracts/annotation';
import { FRESH_METADATA } from '../../contracts/metadata-keys';
import { describeIssues } from '../../contracts/ndjson-rows';
import { recordId } from '../../contracts/record-id';

const imageId = '11111111-2222-4333-8444-555555555555';

/** Why an annotation is refused; undefined when it is not. */
const refusal = (annotation: unknown): string | undefined => {
  const { error } = annotationSchema.safeParse(annotation);
  return error && describeIssues(error);
};
const ofReceipt = (receipt: object) => ({ receipt });
const keys = (count: number, name = 'k') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, index]));

test.each([
  {},
  ofReceipt({ merchant_name: "Mona's Deli", place_id: null }),
  { lines: [{ line_id: 3, metadata: { section_label: 'ITEMS', valid_labels_array: ['TOTAL', 'TAX'] } }] },
  { words: [{ line_id: 3, word_id: 2, metadata: { 'by me': true, 'größe.ü': 1.5, many: [1, 2] } }] },
  ...Object.keys(FRESH_METADATA).map((key) => ofReceipt({ [key]: 'said' })),
  ofReceipt(keys(15)),
  ofReceipt({ ...keys(15), gone: null, also: null }),
])('an annotation may be %j', (annotation) => {
  expect(refusal(annotation)).toBeUndefined();
});

test.each(
  [
    ['text', 'image_id', 'confidence', 'content_hash', 'normalized_url', 'prev_line'].map((key) => [
      `receipt.${key}: the pipeline owns this key`,
      ofReceipt({ [key]: 'x' }),
    ]),
    ['left'].map((key) => [`receipt.${key}: the pipeline owns this key`, ofReceipt({ [key]: null })]),
    ['', '#a', '$or', 'chroma:document', '\ud800'].map((key) => [
      `receipt.${key}: Chroma does not take this key`,
      ofReceipt({ [key]: 'x' }),
    ]),
    [
      ['receipt.__proto__: Chroma does not take', ofReceipt(JSON.parse('{"__proto__": 1, "a": 2}'))],
      [
        'words.0.metadata.__proto__: Chroma does not take',
        { words: [{ line_id: 1, word_id: 1, metadata: JSON.parse('{"__proto__": null}') }] },
      ],
    ],
    [[], ['a', 1], [1, 1.5], [null], [['a']], {}, 2 ** 53, '\ud800', 'x'.repeat(4097), Number.NaN].map(
      (value) => ['receipt.k: is not a text of at most 4096 bytes', ofReceipt({ k: value })],
    ),
    [
      [
        'receipt.kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: this key is longer',
        ofReceipt({ ['k'.repeat(37)]: 1 }),
      ],
      ['(root): Unrecognized key: "line"', { line: [] }],
      ['lines.0: Unrecognized key: "word_id"', { lines: [{ line_id: 1, word_id: 1, metadata: {} }] }],
      ['words.0.word_id', { words: [{ line_id: 1, metadata: {} }] }],
      ['lines.0.line_id', { lines: [{ line_id: 0, metadata: {} }] }],
      [
        'lines.1: this record is named twice',
        { lines: [1, 1].map((line_id) => ({ line_id, metadata: {} })) },
      ],
      ['receipt: more than 15 keys', ofReceipt(keys(16))],
      [
        'words.0: more than 15 keys',
        { ...ofReceipt(keys(10)), words: [{ line_id: 1, word_id: 1, metadata: keys(6, 'other') }] },
      ],
      ['(root)', []],
      ['(root)', null],
    ],
  ].flat() as [string, unknown][],
)('one is refused with "%s"', (reason, annotation) => {
  expect(refusal(annotation)).toContain(reason);
});

test('a value is never told in the reason, since it may be what stands on the receipt', () => {
  expect(refusal(ofReceipt({ k: [`secret`, 1], text: 'secret' }))).not.toContain('secret');
});

test('a long key may be taken away, and the same keys for two records do not add up', () => {
  expect(refusal(ofReceipt({ ['k'.repeat(60)]: null }))).toBeUndefined();
  const lines = [1, 2].map((line_id) => ({ line_id, metadata: keys(15) }));
  expect(refusal({ ...ofReceipt(keys(15)), lines })).toBeUndefined();
});

test('records are named by the ids that they have in their collection', () => {
  const annotation: Annotation = annotationSchema.parse({
    lines: [{ line_id: 3, metadata: { a: 1 } }],
    words: [{ line_id: 3, word_id: 2, metadata: { b: null } }],
  });
  const receipt = { imageId, receiptId: 7 };
  expect([...namedRecords(annotation, 'lines', receipt)]).toEqual([
    [recordId({ ...receipt, lineId: 3 }), { a: 1 }],
  ]);
  expect([...namedRecords(annotation, 'words', receipt)]).toEqual([
    [recordId({ ...receipt, lineId: 3, wordId: 2 }), { b: null }],
  ]);
});
