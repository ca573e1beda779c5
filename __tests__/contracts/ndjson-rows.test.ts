import fc from 'fast-check';
import {
  decodeNdjson,
  encodeNdjson,
  lineRowSchema,
  rowRecordId,
  wordRowSchema,
} from '../../contracts/ndjson-rows';
import { parseRecordId } from '../../contracts/record-id';
import { lineRows, wordRows } from '../support/arbitraries';

test('rows read back as they were written, line breaks and all', () => {
  fc.assert(
    fc.property(fc.array(lineRows), fc.array(wordRows), (lines, words) => {
      expect(decodeNdjson(encodeNdjson(lines), lineRowSchema, 'lines.ndjson')).toEqual(lines);
      expect(decodeNdjson(encodeNdjson(words), wordRowSchema, 'words.ndjson')).toEqual(words);
    }),
  );
});

test("a row's record id names its image, receipt, line and word", () => {
  fc.assert(
    fc.property(wordRows, (row) => {
      expect(parseRecordId(rowRecordId(row))).toEqual({
        imageId: row.image_id,
        receiptId: row.receipt_id,
        lineId: row.line_id,
        wordId: row.word_id,
      });
    }),
  );
});

test('no rows are no bytes', () => {
  expect(encodeNdjson([])).toBe('');
  expect(decodeNdjson('', lineRowSchema, 'lines.ndjson')).toEqual([]);
});

test('a row that is not JSON is named by file and line, without its text', () => {
  const [row] = fc.sample(lineRows, 1);
  const text = `${encodeNdjson([row ?? {}])}\nsecret text\n`;
  const read = () => decodeNdjson(text, lineRowSchema, 'lines.ndjson');
  expect(read).toThrow('lines.ndjson: line 3 is not JSON');
  expect(read).not.toThrow('secret');
});

test('a row that lacks a field or holds receipt_id as text is named, without its text', () => {
  const [row] = fc.sample(lineRows, 1);
  const wrong = { ...row, text: 'secret text', receipt_id: '7', confidence: undefined };
  const read = () => decodeNdjson(encodeNdjson([wrong]), lineRowSchema, 'lines.ndjson');
  expect(read).toThrow(/lines.ndjson: line 1 is not a valid row: .*confidence.*receipt_id/);
  expect(read).not.toThrow('secret');
});

test('coordinates in pixels are refused', () => {
  const [row] = fc.sample(lineRows, 1);
  const wrong = { ...row, top_left: { x: 812, y: 0.5 } };
  expect(() => decodeNdjson(encodeNdjson([wrong]), lineRowSchema, 'lines.ndjson')).toThrow('top_left.x');
});
