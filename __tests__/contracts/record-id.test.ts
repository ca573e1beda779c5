import fc from 'fast-check';
import {
  idSpellings,
  imageIdSchema,
  parseRecordId,
  receiptIdPrefix,
  recordId,
  recordName,
} from '../../contracts/record-id';
import { recordReferences } from '../support/arbitraries';

test('a record id reads back as the reference it was made of', () => {
  fc.assert(
    fc.property(recordReferences, (reference) => {
      expect(parseRecordId(recordId(reference))).toEqual(reference);
    }),
  );
});

test("a record id begins with its receipt's prefix and stays under Chroma Cloud's 128 bytes", () => {
  fc.assert(
    fc.property(recordReferences, (reference) => {
      const id = recordId(reference);
      expect(id.startsWith(receiptIdPrefix(reference))).toBe(true);
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(128);
    }),
  );
});

test("no receipt's prefix is the beginning of another receipt's", () => {
  fc.assert(
    fc.property(recordReferences, recordReferences, (a, b) => {
      const same = a.imageId === b.imageId && a.receiptId === b.receiptId;
      expect(recordId(a).startsWith(receiptIdPrefix(b))).toBe(same);
    }),
  );
});

test('both spellings of an id have one name, and ids of another form are their own', () => {
  fc.assert(
    fc.property(recordReferences, (reference) => {
      const id = recordId(reference);
      expect(idSpellings(id)).toContain(id.toUpperCase());
      for (const each of [...idSpellings(id), ...idSpellings(id.toUpperCase())]) {
        expect(recordName(each)).toBe(id);
        expect(idSpellings(each)).toContain(id);
      }
    }),
  );
  expect([recordName('note-a'), idSpellings('note-a')]).toEqual(['note-a', ['note-a']]);
});

test('ids of another form are not taken for records', () => {
  const ids = ['', 'IMAGE#x', 'IMAGE#0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b#RECEIPT#1#LINE#1', 'a'.repeat(200)];
  expect(ids.map(parseRecordId)).toEqual(ids.map(() => undefined));
});

test('an image’s id is any of the form of a UUID, also one that no generator makes, in small letters', () => {
  expect(imageIdSchema.parse('12345678-1234-1234-1234-12345678ABCD')).toBe(
    '12345678-1234-1234-1234-12345678abcd',
  );
  for (const id of ['', '12345678123412341234123456789012', 'g2345678-1234-1234-1234-123456789012'])
    expect(imageIdSchema.safeParse(id).success).toBe(false);
});
