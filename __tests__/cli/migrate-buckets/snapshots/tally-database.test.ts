import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Database } from 'node-sqlite3-wasm';
import { tallyDatabase } from '../../../../cli/migrate-buckets/snapshots/tally-database';
import type { RecordMetadata } from '../../../../contracts/delta';
import { type RecordTally, tallyRecords } from '../../../../contracts/record-form';
import { makeSnapshot, type Snapshot } from '../../../support/chroma-snapshots';

const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });
/** Metadata with whatever signs of forms and labels, in whatever company. */
const records: fc.Arbitrary<RecordMetadata> = fc
  .record({
    image_id: fc.constant('0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b'),
    receipt_id: fc.oneof(fc.constant('1'), fc.constant(1)),
    text: optional(fc.constant('{"row_line_ids": "[1]"}')),
    source: optional(fc.constantFrom('openai_embedding_batch', 'openai_embedding_realtime', 'a "writer"\n')),
    row_line_ids: optional(fc.constant('[1]')),
    embedding_type: optional(fc.constant('line')),
    word_count: optional(fc.nat(9)),
    confidence: optional(fc.constant(0.5)),
    angle_degrees: optional(fc.constant(0.5)),
    label_status: optional(fc.constant('validated')),
    label_TOTAL: optional(fc.oneof(fc.boolean(), fc.constant('yes'))),
    valid_labels: optional(fc.constant(',TOTAL,')),
    validated_labels: optional(fc.constant(',TOTAL,')),
    valid_labels_array: optional(fc.constant(['TOTAL', 'TAX'])),
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as RecordMetadata,
  );

const SAMPLE = fc.sample(records, { numRuns: 400, seed: 8 });
let snapshot: Snapshot;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tally-database-'));
  snapshot = await makeSnapshot(SAMPLE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** Counts the forms in the snapshot's database after something was done to it. */
function tally(collection: 'lines' | 'words', ...statements: readonly string[]): RecordTally {
  const path = join(folder, `${++made}.sqlite3`);
  writeFileSync(path, snapshot.database);
  const database = new Database(path);
  try {
    database.exec('PRAGMA foreign_keys = OFF');
    for (const statement of statements) database.exec(statement);
    return tallyDatabase(database, collection);
  } finally {
    database.close();
  }
}

it.each(['lines', 'words'] as const)(
  'counts the same forms of %s that the records themselves tell',
  (collection) => {
    const expected = tallyRecords(collection, SAMPLE);
    expect(tally(collection)).toEqual(expected);
    expect(Object.keys(expected.forms).length).toBeGreaterThan(3);
    expect(Object.keys(expected.labels)).toHaveLength(4);
  },
);

it('tells each record’s own form', () => {
  for (const [index, record] of SAMPLE.slice(0, 40).entries()) {
    const alone = `DELETE FROM embeddings WHERE embedding_id <> 'record-${index}'`;
    expect(tally('lines', alone)).toEqual(tallyRecords('lines', [record]));
  }
});

it('reads the databases of early releases, which know neither flags nor lists', () => {
  const before = [
    'DROP TABLE embedding_metadata_array',
    'ALTER TABLE embedding_metadata DROP COLUMN bool_value',
  ];
  const known = SAMPLE.map(
    ({ valid_labels_array: _list, ...record }) =>
      (typeof record.label_TOTAL === 'boolean' ? { ...record, label_TOTAL: 0 } : record) as RecordMetadata,
  );
  expect(tally('lines', ...before)).toEqual(tallyRecords('lines', known));
});

it('counts nothing where nothing is stored yet', () => {
  expect(tally('lines', 'DELETE FROM embeddings')).toEqual({ forms: {}, labels: {} });
  expect(tally('lines', 'DROP TABLE embedding_metadata')).toEqual({ forms: {}, labels: {} });
});
