import { randomBytes } from 'node:crypto';
import type { HashedRecord, RecordMetadata } from '../../../../contracts/delta';
import { contentHash } from '../../../../contracts/delta';
import { FRESH_METADATA, foreignMetadata, isOwnedKey } from '../../../../contracts/metadata-keys';
import { recordId } from '../../../../contracts/record-id';
import {
  type ChromaCollection,
  createChromaCollection,
  pagesOf,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { keepForRuns } from '../../../../functions/enhanced-compaction/merge/keep-replaced';
import { mergeReceipts } from '../../../../functions/enhanced-compaction/merge/merge-receipts';
import { asHashedRecord } from '../../../../functions/enhanced-compaction/snapshot/missing-receipts';
import { useChromaServer } from '../../../support/chroma-server';
import { embed, makeDelta, quietTelemetry, useCompactionHarness } from '../../../support/compaction-harness';
import { claimsOf, replacedLines } from '../../../support/foreign-metadata';
import { type SeededRandom, seededRandom } from '../../../support/seeded-random';

const world = useCompactionHarness();
const server = useChromaServer();

const IMAGES = ['11111111-2222-4333-8444-555555555555', '99999999-2222-4333-8444-555555555555'];
const TEXTS = ['TOTAL', 'TOTAI', 'MILK 1.20', ''];
const MOST_LINES = 5;

/** Values of every type that Chroma knows, each a new one, so that none is taken for another. */
let serial = 0;
function foreignValue(random: SeededRandom): RecordMetadata[string] {
  serial += 1;
  return random.pick<RecordMetadata[string]>([
    `said ${serial}`,
    serial,
    serial + 0.5,
    { '#number': `${serial}.0` },
    [`A${serial}`, 'B'],
    [serial, serial + 1],
    [{ '#number': `${serial}.0` }],
    true,
  ]);
}
const FOREIGN = [
  'label_status',
  'merchant_name',
  'valid_labels_array',
  'section_label',
  'place_id',
  'by me',
  'a.b',
];
const STALE = ['prev_line', 'embedding_type', 'angle_degrees', 'normalized_url', 'left'];

function labels(random: SeededRandom): RecordMetadata {
  const chosen = [...FOREIGN, ...STALE].filter(() => random.chance(0.4));
  return Object.fromEntries(
    chosen.map((key) => [key, random.chance(0.1) ? (FRESH_METADATA[key] ?? 'x') : foreignValue(random)]),
  );
}

/** Receipts as the old system left them, in its several forms. */
const migrated = (random: SeededRandom): HashedRecord[] =>
  IMAGES.flatMap((imageId) =>
    Array.from({ length: MOST_LINES }, (_, index) => index + 1)
      .filter(() => random.chance(0.7))
      .map((lineId) => {
        const document = random.pick(TEXTS);
        return asHashedRecord({
          id: recordId({ imageId, receiptId: 1, lineId }),
          document,
          metadata: { image_id: imageId, receipt_id: random.pick([1, '1']), ...labels(random) },
          embedding: embed(`${document} of old`),
        });
      }),
  );

/** A drop of a receipt: any texts, and some of the keys that a pipeline of that day wrote. */
function drop(random: SeededRandom) {
  const texts = Array.from({ length: random.below(MOST_LINES + 1) }, () => random.pick(TEXTS));
  const written = random.pick<RecordMetadata>([
    {},
    { ...FRESH_METADATA },
    { ...FRESH_METADATA, left: 'x', angle_degrees: 2 },
  ]);
  return makeDelta({
    imageId: random.pick(IMAGES),
    texts,
    records: (records) =>
      records.map((record) => {
        const content = { ...record, metadata: { ...record.metadata, ...written } };
        return { ...content, contentHash: contentHash(content) };
      }),
  });
}

async function everything(chroma: ChromaCollection) {
  const records = [];
  for await (const page of pagesOf(chroma)) records.push(...page);
  return records;
}

/** A collection that dies at one of its writes, before or after it is done. */
function dying(chroma: ChromaCollection, random: SeededRandom): ChromaCollection {
  const at = random.pick(['delete', 'update', 'add'] as const);
  const after = random.chance(0.5);
  const die = async (done: () => Promise<void>) => {
    if (after) await done();
    throw new Error('Killed.');
  };
  return {
    ...chroma,
    ...(at === 'delete' && { delete: (ids: readonly string[]) => die(() => chroma.delete(ids)) }),
    ...(at === 'update' && { update: (records) => die(() => chroma.update(records)) }),
    ...(at === 'add' && { add: (records) => die(() => chroma.add(records)) }),
  };
}

it.each([1, 2, 3, 4, 5, 6])(
  'A3: whatever is dropped, every foreign key that was ever there is in the collection or in replaced/ (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const database = chromaDatabase({ url: server.url });
    const chroma = await createChromaCollection(
      database,
      `lines-${seed}-${randomBytes(4).toString('hex')}`,
      'l2',
    );
    await chroma.add(migrated(random));
    const keep = keepForRuns({ ...world, telemetry: quietTelemetry() });
    const ever = new Set<string>();
    for (let step = 0; step < 25; step += 1) {
      const before = await everything(chroma);
      for (const { id, metadata } of before) for (const claim of claimsOf(id, metadata)) ever.add(claim);
      if (before.length > 0 && random.chance(0.5)) {
        // Somebody labels a record meanwhile; what they write over is theirs to take away.
        const record = random.pick(before);
        const metadata = foreignMetadata(labels(random));
        const overwritten = Object.fromEntries(
          Object.entries(record.metadata).filter(([key]) => Object.hasOwn(metadata, key)),
        );
        const kept = new Set(
          (await replacedLines(world)).flatMap((line) => claimsOf(line.id, line.metadata)),
        );
        for (const claim of claimsOf(record.id, overwritten)) if (!kept.has(claim)) ever.delete(claim);
        await chroma.update([{ ...asHashedRecord(record), metadata }]);
        for (const claim of claimsOf(record.id, metadata)) ever.add(claim);
      }
      const delta = drop(random);
      if (random.chance(0.4)) {
        await mergeReceipts(dying(chroma, random), [delta], keep).catch(() => {});
      }
      await mergeReceipts(chroma, [delta], keep);

      const after = await everything(chroma);
      const replaced = await replacedLines(world);
      const found = new Set([...after, ...replaced].flatMap(({ id, metadata }) => claimsOf(id, metadata)));
      expect({ step, lost: [...ever].filter((claim) => !found.has(claim)) }).toEqual({ step, lost: [] });
      const own = new Map(delta.records.map((record) => [record.id, record]));
      const ofReceipt = after.filter(({ id }) => id.includes(delta.header.image_id));
      expect(ofReceipt.map(({ id, document }) => [id, document]).sort()).toEqual(
        delta.records.map(({ id, document }) => [id, document]).sort(),
      );
      for (const { id, metadata } of ofReceipt) {
        const expected = { ...own.get(id)?.metadata, content_hash: own.get(id)?.contentHash };
        expect(Object.keys(metadata).filter(isOwnedKey).sort()).toEqual(
          Object.keys(expected).filter(isOwnedKey).sort(),
        );
      }
    }
    expect(ever.size).toBeGreaterThan(20);
    expect((await replacedLines(world)).length).toBeGreaterThan(5);
  },
);
