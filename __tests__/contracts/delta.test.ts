import { type Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { contentHash, type Delta, type RecordMetadata } from '../../contracts/delta';
import { decodeDelta, encodeDelta } from '../../functions/shared/delta-file';
import { deltas } from '../support/arbitraries';

const NAME = 'lines/delta/x/delta.arrow';
/** Arrow files are slow to write; this many are enough to find an off-by-one. */
const FEW = { numRuns: 30 };
const filledDeltas = deltas.filter(({ records }) => records.length > 0);

/** The delta with its Arrow table changed by hand. */
const tampered = (bytes: Uint8Array, change: (table: Table) => Table): Uint8Array =>
  tableToIPC(change(tableFromIPC(bytes)), 'file');

/** A delta of one record with this text. */
function ofText(document: string, metadata: RecordMetadata = { text: document }): Delta {
  const content = { document, metadata, embedding: Float32Array.of(1, 2) };
  const record = { id: 'id', embeddedText: document, ...content, contentHash: contentHash(content) };
  const [delta] = fc.sample(deltas, { numRuns: 1, seed: 1 });
  if (delta === undefined) throw new Error('no sample');
  return { header: { ...delta.header, dimensions: 2, records: 1 }, records: [record] };
}

test('a delta reads back as it was written, bit by bit', () => {
  fc.assert(
    fc.property(deltas, (delta) => {
      expect(decodeDelta(encodeDelta(delta), NAME)).toEqual(delta);
    }),
    FEW,
  );
});

test('a text that begins with a byte order mark keeps it', () => {
  const [read] = decodeDelta(encodeDelta(ofText('\ufeffSHOP')), NAME).records;
  expect(read).toEqual(ofText('\ufeffSHOP').records[0]);
});

test('half a character in a delta of before they were mended at the source is read as the replacement character', () => {
  const metadata = { text: 'SHOP \ud83c', list: ['a\udc00', 'b'], number: 1, flag: true };
  const [read] = decodeDelta(encodeDelta(ofText('SHOP \ud83c', metadata)), NAME).records;
  const mended = ofText('SHOP \ufffd', { ...metadata, text: 'SHOP \ufffd', list: ['a\ufffd', 'b'] });
  // With the content hash of what is merged: a version is replayed and proven by it.
  expect(read).toEqual(mended.records[0]);
});

test('the same delta is always the same bytes', () => {
  fc.assert(
    fc.property(deltas, (delta) => {
      expect(Buffer.compare(encodeDelta(delta), encodeDelta(delta))).toBe(0);
    }),
    FEW,
  );
});

test('a delta that was cut short or is something else is refused by name', () => {
  fc.assert(
    fc.property(filledDeltas, fc.double({ min: 0, max: 0.9, noNaN: true }), (delta, part) => {
      const bytes = encodeDelta(delta);
      const cut = bytes.slice(0, Math.floor(bytes.length * part));
      expect(() => decodeDelta(cut, NAME)).toThrow(NAME);
    }),
    FEW,
  );
  expect(() => decodeDelta(new TextEncoder().encode('{"not":"arrow"}'), NAME)).toThrow(NAME);
});

test('a delta whose header counts other records than it holds is refused', () => {
  fc.assert(
    fc.property(filledDeltas, (delta) => {
      const wrong = tampered(encodeDelta(delta), (table) => {
        table.schema.metadata.set('records', String(delta.records.length + 1));
        return table;
      });
      expect(() => decodeDelta(wrong, NAME)).toThrow(
        `${NAME} says ${delta.records.length + 1} records but holds ${delta.records.length}`,
      );
    }),
    FEW,
  );
});

test('a delta whose header claims other dimensions than its embeddings have is refused', () => {
  fc.assert(
    fc.property(filledDeltas, (delta) => {
      const wrong = tampered(encodeDelta(delta), (table) => {
        table.schema.metadata.set('dimensions', String(delta.header.dimensions + 1));
        return table;
      });
      expect(() => decodeDelta(wrong, NAME)).toThrow('embeddings of another length');
    }),
    FEW,
  );
});

test('a delta of another format version, or without a model, is refused', () => {
  fc.assert(
    fc.property(deltas, (delta) => {
      for (const [key, value] of [
        ['format_version', '3'],
        ['model', ''],
      ] as const) {
        const wrong = tampered(encodeDelta(delta), (table) => {
          table.schema.metadata.set(key, value);
          return table;
        });
        expect(() => decodeDelta(wrong, NAME)).toThrow(key);
      }
    }),
    FEW,
  );
});

test('a delta that lacks a column is refused', () => {
  const [delta] = fc.sample(filledDeltas, 1);
  if (delta === undefined) throw new Error('no sample');
  const wrong = tampered(encodeDelta(delta), (table) => table.select(['id', 'document', 'embedding']));
  expect(() => decodeDelta(wrong, NAME)).toThrow(`${NAME} lacks the column "metadata"`);
});

test('A1: a delta of before embedded texts were kept apart is read: its documents were what it embedded', () => {
  fc.assert(
    fc.property(filledDeltas, (delta) => {
      const old = ['id', 'document', 'metadata', 'embedding', 'content_hash'];
      const bytes = tampered(encodeDelta(delta), (table) => table.select(old));
      const { records } = decodeDelta(bytes, NAME);
      expect(records).toEqual(delta.records.map((record) => ({ ...record, embeddedText: record.document })));
    }),
    FEW,
  );
});

test('a record whose embedding has another length than its delta is not written', () => {
  const [delta] = fc.sample(filledDeltas, 1);
  const [record] = delta?.records ?? [];
  if (delta === undefined || record === undefined) throw new Error('no sample');
  const longer = { ...record, embedding: new Float32Array(delta.header.dimensions + 1) };
  expect(() => encodeDelta({ ...delta, records: [longer] })).toThrow(RangeError);
});

test('the content hash ignores the order of metadata, and nothing else', () => {
  fc.assert(
    fc.property(filledDeltas, ({ records: [record] }) => {
      if (record === undefined) return;
      const reversed = Object.fromEntries(Object.entries(record.metadata).reverse());
      expect(contentHash({ ...record, metadata: reversed })).toBe(record.contentHash);

      const embedding = Float32Array.from(record.embedding);
      embedding[0] = embedding[0] === 1 ? 2 : 1;
      const changed = [
        { ...record, document: `${record.document}x` },
        { ...record, metadata: { ...record.metadata, another: 1 } },
        { ...record, embedding },
      ];
      for (const other of changed) expect(contentHash(other)).not.toBe(record.contentHash);
    }),
    FEW,
  );
});
