import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { COLLECTIONS } from '../../contracts/collections';
import type { RecordMetadata } from '../../contracts/delta';
import {
  addTallies,
  labelGeneration,
  NO_RECORDS,
  type RecordForm,
  recordForm,
  tallyRecords,
} from '../../contracts/record-form';

const CASES = join(__dirname, '..', 'fixtures', 'old-records', 'cases');

const ids = { image_id: 'an-image', receipt_id: 1, line_id: 3 };
const place = { x: 0.1, y: 0.2, width: 0.3, height: 0.04, confidence: 0.9 };
const line = { ...ids, ...place, text: 'MILK', source: 'openai_embedding_batch' };
const word = { ...line, word_id: 1, left: '<EDGE>', right: '1.20', label_status: 'unvalidated' };
const october = { ...ids, receipt_id: '1', embedding_type: 'line', text: 'MILK', merchant_name: 'X' };

test('A2: every record of the old system at its head is a row or a word', () => {
  for (const file of readdirSync(CASES)) {
    const old = JSON.parse(readFileSync(join(CASES, file), 'utf8'));
    for (const collection of COLLECTIONS) {
      const forms = old[collection].map((each: { metadata: RecordMetadata }) =>
        recordForm(collection, each.metadata),
      );
      expect(new Set([...forms, collection === 'lines' ? 'row' : 'word']).size).toBe(1);
    }
  }
});

test.each<[string, RecordForm, RecordMetadata]>([
  ['a row', 'row', { ...line, row_line_ids: '[3, 4]' }],
  [
    'a row with keys of the line that it replaced',
    'row',
    { ...line, row_line_ids: '[3]', prev_line: 'X', word_count: 2 },
  ],
  ['a line of its own, with or without its neighbours', 'line', { ...line, prev_line: 'X', next_line: 'Y' }],
  ['a line of its own, long ago', 'line', line],
  ['an upload whose receipt id is text', 'text-ids', { ...line, receipt_id: '1', embedding_type: 'line' }],
  ['an upload whose receipt id alone is text', 'text-ids', { ...line, receipt_id: '1' }],
  ['an upload of October 2025, without geometry', 'bare', october],
  ['such a one that got a label', 'text-ids', { ...october, valid_labels: ',TOTAL,' }],
  ['a realtime record', 'realtime', { ...line, source: 'openai_line_embedding_realtime' }],
  [
    'a realtime record of a receipt whose id is text',
    'realtime',
    { ...line, receipt_id: '1', section: 'items' },
  ],
  [
    'a realtime record whose source is gone',
    'realtime',
    { ...ids, ...place, word_count: 2, angle_degrees: 1 },
  ],
  ['our own first form', 'format-1', { ...ids, ...place, angle_degrees: 0.5, content_hash: 'a' }],
  ['something else', 'unknown', { note: 'x' }],
])('A2: %s is seen to be "%s"', (_what, form, metadata) => {
  expect(recordForm('lines', metadata)).toBe(form);
});

test.each<[string, RecordForm, RecordMetadata]>([
  ['a word', 'word', word],
  ['a word with a row’s key, which no word has', 'word', { ...word, row_line_ids: '[3]' }],
  ['a word on which somebody has put a section', 'word', { ...word, section: 'items', word_count: 1 }],
  [
    'a realtime word whose source is gone',
    'realtime',
    { ...ids, left: 'x', label_status: 'x', section: 'items' },
  ],
  ['a realtime word without its labels', 'realtime', { ...ids, left: 'x', source: 'x', section: 'items' }],
  [
    'a realtime word without neighbours',
    'realtime',
    { ...line, label_status: 'validated', section: 'items' },
  ],
  ['an upload’s word whose receipt id is text', 'text-ids', { ...word, receipt_id: '1' }],
  ['an upload’s word that names its embedding', 'text-ids', { ...word, embedding_type: 'word' }],
  ['a word of the realtime writer', 'realtime', { ...word, source: 'openai_embedding_realtime' }],
  ['a word of October 2025', 'bare', { ...october, word_id: 1, embedding_type: 'word' }],
])('A2: %s is seen to be "%s" among words', (_what, form, metadata) => {
  expect(recordForm('words', metadata)).toBe(form);
});

test.each<[string, string | undefined, RecordMetadata]>([
  ['none', undefined, { label_status: 'validated', label_confidence: 0.5, label_proposed_by: 'x' }],
  ['flags', 'flags', { label_TOTAL: true }],
  ['flags that deny', 'flags', { label_TOTAL: false }],
  ['a text', 'valid-text', { valid_labels: ',TOTAL,' }],
  ['a text of the invalid ones alone', 'valid-text', { invalid_labels: ',TOTAL,' }],
  ['an older text', 'validated-text', { validated_labels: ',TOTAL,', invalid_labels: ',X,' }],
  [
    'all of them, since Chroma keeps old keys',
    'flags',
    { label_A: true, valid_labels: ',A,', validated_labels: ',A,' },
  ],
])('A2: labels that are %s are of the generation %s', (_what, generation, metadata) => {
  expect(labelGeneration(metadata)).toBe(generation);
});

test('A2: labels in arrays are the newest', () => {
  // Chroma's newer metadata values, which ours have not.
  const stored = JSON.parse('{"valid_labels_array": ["TOTAL"], "label_TOTAL": true}');
  expect(labelGeneration(stored)).toBe('arrays');
  expect(tallyRecords('lines', [{ ...line, ...stored }, line])).toEqual({
    forms: { line: 2 },
    labels: { arrays: 1 },
  });
});

test('A2: what is added to a tally and taken from it again leaves no trace', () => {
  const metadata = fc.constantFrom<RecordMetadata>(line, word, october, { ...line, label_A: true });
  fc.assert(
    fc.property(fc.array(metadata), fc.array(metadata), (kept, gone) => {
      const tally = (records: readonly RecordMetadata[]) => tallyRecords('lines', records);
      const all = addTallies(tally(kept), tally(gone));
      expect(all).toEqual(addTallies(NO_RECORDS, tally([...kept, ...gone])));
      expect(addTallies(all, tally(gone), -1)).toEqual(addTallies(NO_RECORDS, tally(kept)));
    }),
  );
});
