import fc from 'fast-check';
import { describeRecordForms } from '../../../../cli/migrate-buckets/snapshots/describe-record-forms';
import type { CollectionEvidence } from '../../../../contracts/migrate-buckets/authority';

const evidence = (
  forms: Readonly<Record<string, number>>,
  changes: Partial<CollectionEvidence> = {},
): CollectionEvidence => ({
  collection: 'lines',
  has_data: true,
  gates: [],
  version: null,
  snapshot_at: null,
  records: Object.values(forms).reduce((sum, count) => sum + count, 0),
  record_forms: { forms: { ...forms }, labels: {} },
  ...changes,
});
const shares = (...given: Parameters<typeof evidence>) => describeRecordForms(evidence(...given))?.shares;
const warning = (...given: Parameters<typeof evidence>) => describeRecordForms(evidence(...given))?.warning;

test('each form is named with its share, the largest first, and the labels after them', () => {
  const labels = { arrays: 3, flags: 9 };
  const forms = { line: 1, row: 3 };
  expect(shares(forms, { record_forms: { forms, labels } })).toBe(
    'row 75.0 % (3), line 25.0 % (1); labels: flags 9, arrays 3',
  );
});

test('what is there is never said to be nothing, and what is missing never to be nothing', () => {
  expect(shares({ row: 9_999, line: 1 })).toBe('row 99.99 % (9999), line < 0.1 % (1)');
  expect(shares({ row: 3 }, { records: 5 })).toBe('row 100.0 % (3), 2 in the log alone, not looked at');
});

test('a collection of several forms, or of an older one, comes with one sentence of what to do', () => {
  expect(warning({ row: 2, line: 1 })).toMatch(
    /^1 record of lines has an older form than "row": .* drop the OCR results of their receipts again .*$/,
  );
  expect(warning({ word: 3, 'text-ids': 2 }, { collection: 'words' })).toMatch(/^2 records of words have/);
  expect(warning({ line: 3 })).toContain('3 records');
});

test('a collection in today’s form alone, or that nobody looked at, comes with none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), (count) => {
      expect(warning({ row: count })).toBeUndefined();
      expect(warning({ word: count }, { collection: 'words' })).toBeUndefined();
    }),
  );
  for (const nothing of [
    { record_forms: null },
    { record_forms: undefined },
    { records: null },
    { records: 0 },
  ]) {
    expect(describeRecordForms(evidence({ line: 1 }, nothing))).toBeUndefined();
  }
});
