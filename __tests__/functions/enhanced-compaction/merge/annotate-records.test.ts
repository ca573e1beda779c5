import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ANNOTATION_FORMAT_VERSION, type Delta, type RecordMetadata } from '../../../../contracts/delta';
import { foreignMetadata } from '../../../../contracts/metadata-keys';
import { recordId } from '../../../../contracts/record-id';
import {
  type ChromaCollection,
  createChromaCollection,
  pagesOf,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { annotateRecords } from '../../../../functions/enhanced-compaction/merge/annotate-records';
import { NO_CENSUS } from '../../../../functions/enhanced-compaction/merge/census';
import { MergeNotProven } from '../../../../functions/enhanced-compaction/merge/merge-not-proven';
import { asHashedRecord } from '../../../../functions/enhanced-compaction/snapshot/missing-receipts';
import { parseAnnotation } from '../../../../functions/shared/annotation';
import { UnreadableInput } from '../../../../functions/shared/quarantine';
import { stringifyExactly } from '../../../../functions/shared/written-numbers';
import { useChromaServer } from '../../../support/chroma-server';
import { embed, makeDelta, quietTelemetry } from '../../../support/compaction-harness';

const server = useChromaServer();

const imageId = 'abcdef11-2222-4333-8444-555555555555';
const idOf = (lineId: number, image = imageId) => recordId({ imageId: image, receiptId: 1, lineId });
const telemetry = quietTelemetry();

/** The receipt's lines as they lie there, of the old system and of ours, and a record of another receipt. */
const OLD: readonly { readonly id: string; readonly metadata: RecordMetadata }[] = [
  { id: idOf(1), metadata: { image_id: imageId, receipt_id: 1, label_status: 'unvalidated', x: 0.5 } },
  { id: idOf(2), metadata: { image_id: imageId, receipt_id: '1', section_label: 'HEADER', place_id: 'old' } },
  // The old system kept an image's id as it was given; the fourth names its image nowhere else.
  {
    id: idOf(3).replace(imageId, imageId.toUpperCase()),
    metadata: { image_id: imageId.toUpperCase(), receipt_id: 1 },
  },
  { id: idOf(4), metadata: { line_id: 4 } },
  { id: idOf(1).replace('RECEIPT#00001', 'RECEIPT#00002'), metadata: { image_id: imageId, receipt_id: 2 } },
];
const RECORDS = OLD.map((record, index) =>
  asHashedRecord({ ...record, document: `TEXT ${index}`, embedding: embed(`vector ${index}`) }),
);

async function collection(): Promise<ChromaCollection> {
  const name = `lines-${randomBytes(8).toString('hex')}`;
  const chroma = await createChromaCollection(chromaDatabase({ url: server.url }), name, 'l2');
  await chroma.add(RECORDS);
  return chroma;
}

const annotation = (text: string): Delta => {
  const { header } = makeDelta({ imageId, texts: [] });
  return { header: { ...header, format_version: ANNOTATION_FORMAT_VERSION, annotation: text }, records: [] };
};
const annotate = (chroma: ChromaCollection, ...said: readonly object[]) =>
  annotateRecords(
    chroma,
    said.map((each) => annotation(stringifyExactly(each))),
    telemetry,
  );

async function everything(chroma: ChromaCollection) {
  const records = [];
  for await (const page of pagesOf(chroma)) records.push(...page);
  return new Map(records.map((record) => [record.id, record]));
}
const line = (line_id: number, metadata: object) => ({ line_id, metadata });

describe('An annotation', () => {
  it('is put on all records of the receipt, and over that on those that it names, and on nothing else', async () => {
    const chroma = await collection();
    const before = await everything(chroma);
    const { replaced, added, removed } = await annotate(chroma, {
      receipt: { merchant_name: 'Blue Heron', place_id: null },
      lines: [
        line(2, { section_label: 'FOOTER' }),
        line(3, { merchant_name: 'Other' }),
        line(4, { me: [true] }),
      ],
      words: [{ line_id: 1, word_id: 1, metadata: { only: 'words' } }],
    });
    expect({ replaced, added, removed }).toEqual({ replaced: 4, added: 0, removed: 0 });
    const after = await everything(chroma);
    const foreign = RECORDS.map(({ id }) => foreignMetadata(after.get(id)?.metadata ?? {}));
    expect(foreign).toEqual([
      { merchant_name: 'Blue Heron' },
      { merchant_name: 'Blue Heron', section_label: 'FOOTER' },
      { merchant_name: 'Other' },
      { merchant_name: 'Blue Heron', me: [true] },
      {},
    ]);
    for (const [id, { document, embedding }] of before)
      expect(after.get(id)).toMatchObject({ document, embedding });
    const own = (metadata: object = {}) =>
      Object.entries(metadata).filter(([key]) =>
        ['image_id', 'receipt_id', 'x', 'content_hash', 'line_id'].includes(key),
      );
    for (const [id, { metadata }] of before) {
      expect(own(after.get(id)?.metadata).sort()).toEqual(own(metadata).sort());
    }
    const [[nearest] = []] = await chroma.nearest([embed('vector 1')], 1);
    expect(nearest).toMatchObject({ id: idOf(2), distance: 0, document: 'TEXT 1' });
  });

  it('touches no record that has already what it says', async () => {
    const chroma = await collection();
    const said = {
      receipt: { label_status: 'validated', label_confidence: 1, gone: null, small: { '#number': '1e-5' } },
      lines: [line(1, { many: [{ '#number': '1.0' }, 2.5] })],
    };
    expect((await annotate(chroma, said)).replaced).toBe(3);
    const write = jest.fn();
    const counts = await annotate({ ...chroma, updateMetadata: write }, said);
    expect(counts).toEqual({
      added: 0,
      replaced: 0,
      removed: 0,
      sought: [],
      census: NO_CENSUS,
    });
    expect(write).not.toHaveBeenCalled();
  });

  it('gives the state of labels its fresh value where it takes that away, and a line no merchant', async () => {
    const chroma = await collection();
    await annotate(chroma, { lines: [line(1, { label_status: 'validated', merchant_name: 'M' })] });
    await annotate(chroma, { lines: [line(1, { label_status: null, merchant_name: null })] });
    const { metadata } = (await everything(chroma)).get(idOf(1)) ?? {};
    expect(metadata).toMatchObject({ label_status: 'unvalidated' });
    expect(metadata).not.toHaveProperty('merchant_name');
  });

  it('gives a word the merchant that a fresh one has where it takes that away', async () => {
    const chroma = await collection();
    const { header } = makeDelta({ imageId, texts: [], header: { collection: 'words' } });
    const text = JSON.stringify({ receipt: { merchant_name: null } });
    const annotated = { ...header, format_version: ANNOTATION_FORMAT_VERSION, annotation: text } as const;
    await annotateRecords(chroma, [{ header: annotated, records: [] }], telemetry);
    expect((await everything(chroma)).get(idOf(1))?.metadata).toMatchObject({ merchant_name: '' });
  });

  it('is put over an earlier one of the same receipt, of which stays what it does not name', async () => {
    const chroma = await collection();
    await annotate(
      chroma,
      { receipt: { a: 1, b: 1 }, lines: [line(1, { c: 1 })] },
      { receipt: { b: 2, c: 2 }, lines: [line(2, { a: null })] },
    );
    const after = await everything(chroma);
    expect(foreignMetadata(after.get(idOf(1))?.metadata ?? {})).toEqual({ a: 1, b: 2, c: 2 });
    expect(after.get(idOf(2))?.metadata).not.toHaveProperty('a');
  });

  it('says in the log how many of the records that it names are not there', async () => {
    const warn = jest.spyOn(telemetry.logger, 'warn').mockImplementation();
    const chroma = await collection();
    await annotate(chroma, { lines: [line(1, { a: 1 }), line(8, { a: 1 }), line(9, { a: 1 })] });
    expect(warn.mock.calls).toEqual([
      [
        'An annotation names records that are not there; it is put on them when their receipt comes',
        { collection: 'lines', run_id: expect.any(String), records: 2 },
      ],
    ]);
    warn.mockRestore();
  });

  it('changes the tally of labels by what it writes', async () => {
    const chroma = await collection();
    const arrays = { valid_labels_array: ['TOTAL'] };
    expect(
      (await annotate(chroma, { lines: [line(1, arrays), line(2, arrays)] })).census.tally.labels,
    ).toEqual({
      arrays: 2,
    });
    const gone = { valid_labels_array: null };
    expect((await annotate(chroma, { lines: [line(1, gone)] })).census.tally.labels).toEqual({ arrays: -1 });
  });

  it.each<[string, Partial<ChromaCollection>]>([
    ['nothing is written', { updateMetadata: async () => {} }],
    ['the records go meanwhile', {}],
  ])('is not taken for written where %s', async (_what, lie) => {
    const honest = await collection();
    const going = {
      updateMetadata: () => honest.delete([idOf(1)]),
    };
    const chroma = { ...honest, ...(Object.keys(lie).length === 0 ? going : lie) };
    const said = annotate(chroma, { lines: [line(1, { a: 1 })] });
    await expect(said).rejects.toThrow(MergeNotProven);
    const taken = { lines: [line(2, { place_id: null })] };
    await expect(annotate({ ...honest, updateMetadata: async () => {} }, taken)).rejects.toThrow(
      MergeNotProven,
    );
  });
});

describe('Whatever an annotation may say,', () => {
  const scalars = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    fc
      .constantFrom('1.0', '-0.0', '1e3', '1E-5', '0.10', '-0', '9007199254740993', '1e400', '5e-324')
      .map((text) => ({
        '#number': text,
      })),
  );
  const values = fc.oneof(scalars, fc.array(scalars, { maxLength: 3 }), fc.constant(null));
  const metadata = fc.dictionary(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('constructor', 'label_confidence', 'a.b'),
    ),
    values,
    { maxKeys: 6 },
  );

  it('Chroma takes it, and gives back what was said; what Chroma would change is refused', async () => {
    const chroma = await collection();
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(metadata, async (said) => {
        const text = stringifyExactly({ lines: [line(1, said)] });
        try {
          parseAnnotation(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableInput);
          return;
        }
        taken += 1;
        await annotateRecords(chroma, [annotation(text)], telemetry);
        const again = await annotateRecords(chroma, [annotation(text)], telemetry);
        expect(again.replaced).toBe(0);
        const after = (await everything(chroma)).get(idOf(1));
        expect(after).toMatchObject({ document: 'TEXT 0' });
        for (const [key, value] of Object.entries(said)) {
          if (typeof value === 'string' || typeof value === 'boolean')
            expect(after?.metadata[key]).toBe(value);
          if (value === null) expect(Object.keys(after?.metadata ?? {})).not.toContain(key);
        }
      }),
      { seed: 8, numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(60);
  });
});
