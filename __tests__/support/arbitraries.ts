import fc from 'fast-check';
import { COLLECTIONS } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import { contentHash, type Delta, type DeltaRecord } from '../../contracts/delta';
import type { Region } from '../../contracts/geometry';
import type { LineRow, WordRow } from '../../contracts/ndjson-rows';
import type { RecordReference } from '../../contracts/record-id';

export const imageIds = fc.uuid();
export const receiptIds = fc.integer({ min: 0, max: 99_999 });
const lineIds = fc.integer({ min: 1, max: 99_999 });
export const runIds = fc.stringMatching(/^[0-9a-f]{32}$/);
export const sha256s = fc.stringMatching(/^[0-9a-f]{64}$/);
export const collections = fc.constantFrom(...COLLECTIONS);
export const instants = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Any text, lone surrogates excepted: UTF-8 cannot carry them. */
export const texts = fc.string({ unit: 'grapheme', maxLength: 40 });

export const recordReferences: fc.Arbitrary<RecordReference> = fc
  .record({ imageId: imageIds, receiptId: receiptIds, lineId: lineIds, wordId: fc.option(lineIds) })
  .map(({ wordId, ...line }) => (wordId === null ? line : { ...line, wordId }));

/** JSON has no negative zero. */
const fractions = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const points = fc.record({ x: fractions, y: fractions });
const angles = fc.double({ min: -180, max: 180, noNaN: true }).map((value) => value + 0);

export const regions: fc.Arbitrary<Region> = fc.record({
  text: texts,
  bounding_box: fc.record({ x: fractions, y: fractions, width: fractions, height: fractions }),
  top_left: points,
  top_right: points,
  bottom_left: points,
  bottom_right: points,
  angle_degrees: angles,
  angle_radians: angles,
  confidence: fractions,
});

export const lineRows: fc.Arbitrary<LineRow> = fc
  .tuple(
    regions,
    fc.record({ receipt_id: receiptIds, image_id: imageIds, line_id: lineIds, is_noise: fc.boolean() }),
  )
  .map(([region, head]) => ({ ...region, ...head }));

export const wordRows: fc.Arbitrary<WordRow> = fc
  .tuple(lineRows, lineIds)
  .map(([row, word_id]) => ({ ...row, word_id }));

const collectionRuns: fc.Arbitrary<CollectionRun> = fc.record(
  {
    state: fc.constantFrom('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'SUPERSEDED'),
    started_at: instants,
    finished_at: instants,
    error: texts,
    merged_vectors: fc.nat(),
    replaced_key: fc.string({ minLength: 1 }),
    replaced_records: fc.integer({ min: 1 }),
    delta_key: fc.string({ minLength: 1 }),
    delta_sha256: sha256s,
    records: fc.nat(),
  },
  { requiredKeys: ['state', 'delta_key', 'records'] },
);

export const compactionRuns: fc.Arbitrary<CompactionRun> = fc.record({
  version: fc.constant(1 as const),
  run_id: runIds,
  image_id: imageIds,
  receipt_id: receiptIds,
  created_at: instants,
  lines: collectionRuns,
  words: collectionRuns,
});

const metadata = fc.dictionary(
  fc.stringMatching(/^[a-z_]{1,36}$/),
  fc.oneof(
    texts,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.boolean(),
    fc.array(texts),
  ),
  { maxKeys: 8, noNullPrototype: true },
);

const deltaRecords = (dimensions: number): fc.Arbitrary<DeltaRecord> =>
  fc
    .record({
      id: texts,
      document: texts,
      embeddedText: texts,
      metadata,
      embedding: fc.float32Array({ minLength: dimensions, maxLength: dimensions, noNaN: true }),
    })
    .map((record) => ({ ...record, contentHash: contentHash(record) }));

export const deltas: fc.Arbitrary<Delta> = fc.integer({ min: 1, max: 12 }).chain((dimensions) =>
  fc
    .record({
      run_id: runIds,
      collection: collections,
      image_id: imageIds,
      receipt_id: receiptIds,
      created_at: instants,
      model: fc.string({ minLength: 1 }),
      text_format_version: fc.integer({ min: 1, max: 9 }),
      records: fc.array(deltaRecords(dimensions), { maxLength: 6 }),
    })
    .map(({ records, ...header }) => ({
      header: { ...header, format_version: 1 as const, dimensions, records: records.length },
      records,
    })),
);
