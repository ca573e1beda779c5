import fc from 'fast-check';
import { CONTENT_HASH_KEY } from '../../contracts/delta';
import { FRESH_METADATA, foreignMetadata, isOwnedKey } from '../../contracts/metadata-keys';
import { receiptRecords } from '../../functions/embed-from-ndjson/receipt-records';
import { lineRows, wordRows } from '../support/arbitraries';

test('every key that the pipeline writes is its own, or has the fresh value of a foreign key', () => {
  fc.assert(
    fc.property(
      fc.array(lineRows, { maxLength: 4 }),
      fc.array(wordRows, { maxLength: 4 }),
      (lines, words) => {
        const { lines: ofLines, words: ofWords } = receiptRecords({ lines, words });
        for (const { metadata } of [...ofLines, ...ofWords]) expect(foreignMetadata(metadata)).toEqual({});
      },
    ),
  );
});

test.each([
  [
    'what the old system’s writers set',
    'image_id receipt_id line_id word_id text source confidence x y width height',
  ],
  ['rows and neighbours', 'avg_word_confidence row_line_ids left right'],
  ['recognised data', 'normalized_phone_10 normalized_full_address normalized_url'],
  ['what the pipeline adds', `${CONTENT_HASH_KEY} angle_degrees`],
  ['what earlier formats derived from text and neighbours', 'prev_line next_line word_count embedding_type'],
])('the pipeline owns %s', (_what, keys) => {
  for (const key of keys.split(' ')) expect({ key, owned: isOwnedKey(key) }).toEqual({ key, owned: true });
});

test.each([
  [
    'labels',
    'label_status valid_labels_array invalid_labels_array label_confidence label_proposed_by label_validated_at',
  ],
  [
    'labels of earlier generations',
    'validated_labels invalid_labels valid_labels label_TOTAL last_label_update',
  ],
  ['sections', 'section section_label'],
  [
    'places',
    'merchant_name canonical_merchant_name address phone_number place_id merchant_category last_place_update',
  ],
  ['what no writer is known of', 'anchor_phone anchor_address anchor_url reviewed_by constructor'],
])('%s are foreign', (_what, keys) => {
  for (const key of keys.split(' ')) expect(foreignMetadata({ [key]: 'said' })).toEqual({ [key]: 'said' });
});

test('a fresh value is not foreign: nobody said it', () => {
  expect(foreignMetadata({ ...FRESH_METADATA, by: '' })).toEqual({ by: '' });
  expect(FRESH_METADATA).toEqual({ label_status: 'unvalidated', merchant_name: '' });
});
