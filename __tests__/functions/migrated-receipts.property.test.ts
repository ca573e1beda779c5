import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordMetadata } from '../../contracts/delta';
import { foreignMetadata } from '../../contracts/metadata-keys';
import {
  parseRecordId,
  type ReceiptReference,
  receiptIdPrefix,
  recordId,
  recordName,
} from '../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../demo/old-system/write-snapshot';
import { workingCopy } from '../../functions/enhanced-compaction/chroma/working-copy';
import { isPublication } from '../../functions/enhanced-compaction/lease/publish';
import { openVersion } from '../../functions/enhanced-compaction/store/open-version';
import { embed, useCompactionHarness } from '../support/compaction-harness';
import { claimsOf, exactMetadata, replacedLines } from '../support/foreign-metadata';
import { type Command, intercepted } from '../support/intercepted-client';
import { annotate, dropReceipt } from '../support/receipt-functions';
import { type SeededRandom, seededRandom } from '../support/seeded-random';

const world = useCompactionHarness();

/** `SEEDS=40` takes some minutes. */
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 2) }, (_, index) => index + 1);
const STEPS = 12;
const TEXTS = ['TIDEWATER BOOKSHOP', 'MILK 1.20', 'TOTAL 3.30', 'TOTAI 3.30'];
const MOST_LINES = 3;

/** What people and other programs say of a record, in the old system's forms of several years. */
const SAID: Readonly<Record<string, readonly RecordMetadata[string][]>> = {
  label_status: ['validated', 'auto_suggested', 'unvalidated'],
  valid_labels_array: [['TOTAL'], ['MERCHANT_NAME', 'TOTAL']],
  section_label: ['HEADER', 'FOOTER'],
  merchant_name: ["Mona's Deli", ''],
  label_confidence: [{ '#number': '1.0' }, 0.5],
  label_TOTAL: [true, false],
  place_id: ['ChIJ-x', 'ChIJ-y'],
};
/** Some of it, chosen by the seed. */
const said = (random: SeededRandom, probability: number): RecordMetadata =>
  Object.fromEntries(
    Object.entries(SAID).flatMap(([key, values]) =>
      random.chance(probability) ? [[key, random.pick(values)]] : [],
    ),
  );

/** Old writers and Swift spell an image's id in capitals. */
const spelling = (receipt: ReceiptReference, random: SeededRandom): ReceiptReference =>
  random.chance(0.4) ? { ...receipt, imageId: receipt.imageId.toUpperCase() } : receipt;

/** Where each record is a row with its line's id, ours alike; the left-over of a line says its receipt as text. */
function migrated(receipt: ReceiptReference, random: SeededRandom): OldRecord[] {
  const spelled = spelling(receipt, random);
  return Array.from({ length: MOST_LINES }, (_, index) => {
    const [lineId, document] = [index + 1, random.pick(TEXTS)];
    const form = random.pick<RecordMetadata>([
      { receipt_id: receipt.receiptId, row_line_ids: `[${lineId}]`, normalized_url: 'a.example/' },
      { receipt_id: String(receipt.receiptId), embedding_type: 'line', prev_line: 'x' },
    ]);
    const metadata = {
      image_id: spelled.imageId,
      line_id: lineId,
      text: document,
      ...form,
      ...said(random, 0.5),
    };
    const id = recordId({ ...spelled, lineId });
    return { id, document, metadata, embedding: embed(`${document} of old`) };
  });
}

/** What is known of a receipt: the texts of its OCR result once there was one, and its annotation. */
interface Known {
  readonly receipt: ReceiptReference;
  texts: readonly string[] | undefined;
  annotation:
    | { readonly receipt: Changes; readonly lines: readonly { line_id: number; metadata: Changes }[] }
    | undefined;
  /** The keys that any state of its annotation has named. */
  readonly decided: Set<string>;
  /** Its objects' key: one spelling for each receipt, so that none stands beside another. */
  readonly key: ReceiptReference;
}
type Changes = Readonly<Record<string, RecordMetadata[string] | null>>;

const changes = (random: SeededRandom): Changes =>
  Object.fromEntries(
    Object.entries(said(random, 0.25)).map(([key, value]) => [key, random.chance(0.2) ? null : value]),
  );
const plain = (metadata: Changes) => JSON.stringify(metadata).replace(/\{"#number":"([^"]*)"\}/g, '$1');

/** Something happens to a receipt. Returns the keys that an annotation decides from now on. */
async function happen(known: Known, random: SeededRandom): Promise<string[]> {
  const { key } = known;
  if (random.chance(0.35)) {
    if (random.chance(0.2)) {
      known.annotation = undefined;
      await annotate(world, key, undefined);
      return [];
    }
    const line = { line_id: 1 + random.below(MOST_LINES), metadata: changes(random) };
    known.annotation = { receipt: changes(random), lines: [line] };
    await annotate(
      world,
      key,
      `{"receipt":${plain(known.annotation.receipt)},"lines":[{"line_id":${line.line_id},"metadata":${plain(line.metadata)}}]}`,
    );
    return [...Object.keys(known.annotation.receipt), ...Object.keys(line.metadata)];
  }
  const isGone = random.chance(0.25);
  const texts = Array.from({ length: 1 + random.below(MOST_LINES) }, () => random.pick(TEXTS));
  known.texts = isGone ? [] : texts;
  await dropReceipt(world, key, isGone ? undefined : texts);
  return [];
}

/** A compaction that dies at one of its requests, before or after it is answered; its lease is over at once. */
async function dyingCompaction(random: SeededRandom): Promise<void> {
  let left = 1 + random.below(40);
  const isAnswered = random.chance(0.5);
  const around = async ({ input }: Command, send: () => Promise<unknown>) => {
    if (input.UpdateExpression?.startsWith('REMOVE lease_owner')) return send();
    left -= 1;
    if (left === 0 && isAnswered) await send();
    if (left <= 0) throw new Error('Killed.');
    return send();
  };
  const table = { ...world.table, client: intercepted(world.table.client, around) };
  await world.compactOnce({ s3: intercepted(world.s3, around), table }).catch(() => {});
  // One that died while it took the lease did not know that it had it.
  if ((await world.pointer())?.lease_owner !== undefined) {
    await world.changePointer('SET lease_expires_at = :value', 1);
  }
}

/** What the annotation says of a key of a record, where it says anything. */
const saidOf = ({ annotation }: Known, lineId: number): Changes => ({
  ...annotation?.receipt,
  ...annotation?.lines.find(({ line_id }) => line_id === lineId)?.metadata,
});

it.each(SEEDS)(
  'issue 8: whatever happens to migrated receipts, nothing that anybody said is lost, and nothing stale stays (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const imageId = randomUUID();
    const receipts: Known[] = [1, 2, 3].map((receiptId) => ({
      receipt: { imageId, receiptId },
      texts: undefined,
      annotation: undefined,
      decided: new Set(),
      key: spelling({ imageId, receiptId }, random),
    }));
    const writer = world.writer();
    let ever = new Set<string>();
    /** The old system's last snapshot. It may have changed its mind before an earlier one was adopted. */
    let told: { version: string; records: readonly OldRecord[] } = { version: '', records: [] };
    /** A snapshot of the old system's comes into the bucket, older than all that happens here. */
    const migrate = async (minute: number) => {
      const version = `20250901_1015${String(minute).padStart(2, '0')}`;
      const records = [...olds.values()].flat();
      await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version });
      told = { version, records };
    };
    /** From its adoption on, what it says counts, but for what annotations have decided. */
    const adopt = async () => {
      const { manifest } = (await world.pointer()) ?? {};
      if (!manifest?.lineage?.includes(told.version)) return;
      for (const { receipt, decided } of receipts) {
        const prefix = receiptIdPrefix(receipt);
        for (const { id, metadata } of told.records.filter((each) =>
          recordName(each.id).startsWith(prefix),
        )) {
          const undecided = Object.entries(metadata).filter(([key]) => !decided.has(key));
          for (const claim of claimsOf(recordName(id), Object.fromEntries(undecided))) ever.add(claim);
        }
      }
      told = { ...told, records: [] };
    };
    const olds = new Map(receipts.map(({ receipt }) => [receipt.receiptId, migrated(receipt, random)]));
    await migrate(0);

    for (let step = 0; step < STEPS; step += 1) {
      const known = random.pick(receipts);
      if (random.chance(0.2)) {
        // The old system has gone on, and said more on some of it.
        for (const { receipt } of receipts)
          if (random.chance(0.5)) olds.set(receipt.receiptId, migrated(receipt, random));
        await adopt();
        await migrate(step + 1);
      }
      const decided = await happen(known, random);
      for (const key of decided) known.decided.add(key);
      // What an annotation names is its to decide.
      const named = decided.map((key) => JSON.stringify(key));
      const prefix = `["${receiptIdPrefix(known.receipt)}`;
      ever = new Set(
        [...ever].filter(
          (claim) => !claim.startsWith(prefix) || !named.some((key) => claim.includes(`,${key},`)),
        ),
      );
      if (random.chance(0.3)) await dyingCompaction(random);
      if (random.chance(0.4)) continue;
      await writer.compact();
      await adopt();
      expect(told.records).toEqual([]);

      const after = await exactMetadata(world);
      const replaced = await replacedLines(world);
      const found = new Set([
        ...[...after].flatMap(([id, metadata]) => claimsOf(recordName(id), metadata)),
        ...replaced.flatMap(({ id, metadata }) => claimsOf(recordName(id), metadata)),
      ]);
      expect({ step, lost: [...ever].filter((claim) => !found.has(claim)) }).toEqual({ step, lost: [] });
      for (const [id, metadata] of after)
        for (const claim of claimsOf(recordName(id), metadata)) ever.add(claim);
      await expectKnown(receipts, after);
    }
    await writer.compact();
    await expectKnown(receipts, await exactMetadata(world));
    await expectFilters(receipts);
  },
);

/** Each receipt has the records of its last OCR result and no other, and each of them what its annotation says. */
async function expectKnown(receipts: readonly Known[], published: ReadonlyMap<string, RecordMetadata>) {
  for (const known of receipts) {
    const records = [...published].filter(([id]) =>
      recordName(id).startsWith(receiptIdPrefix(known.receipt)),
    );
    const texts = known.texts && [...known.texts];
    if (texts !== undefined) {
      expect(records.map(([id]) => id).sort()).toEqual(
        texts.map((_, index) => recordId({ ...known.receipt, lineId: index + 1 })),
      );
      for (const [id, { text, embedding_type, prev_line, receipt_id }] of records) {
        expect({ text, embedding_type, prev_line, receipt_id }).toEqual({
          text: texts[(parseRecordId(id)?.lineId ?? 0) - 1],
          receipt_id: known.receipt.receiptId,
        });
      }
    }
    for (const [id, metadata] of records) {
      for (const [key, value] of Object.entries(saidOf(known, parseRecordId(id)?.lineId ?? 0))) {
        const foreign = foreignMetadata(metadata);
        const isUnsaid = value === null || value === 'unvalidated' || value === '';
        expect({ id, key, value: foreign[key] }).toEqual({ id, key, value: isUnsaid ? undefined : value });
      }
    }
  }
}

/** Every filter of RECORDS section 5 finds, of migrated and of new records alike, those whose metadata say so. */
async function expectFilters(receipts: readonly Known[]) {
  const published = await exactMetadata(world);
  const idsWhere = (holds: (metadata: RecordMetadata) => boolean) =>
    [...published].flatMap(([id, metadata]) => (holds(metadata) ? [id] : [])).sort();
  const has = (list: unknown, item: string) => Array.isArray(list) && list.includes(item);
  const folder = await mkdtemp(join(tmpdir(), 'filters-'));
  const copy = workingCopy(join(folder, 'data'));
  const pointer = (await world.pointer()) ?? {};
  if (!isPublication(pointer)) throw new Error('Nothing is published.');
  try {
    await openVersion({ ...world, collection: 'lines' }, pointer, () => copy);
    const database = await copy.start();
    const [collection] = await database.get<{ id: string }[]>('collections');
    const find = async (where: object) =>
      (await database.post<{ ids: string[] }>(`collections/${collection?.id}/get`, { where })).ids.sort();
    for (const { receipt, texts } of receipts) {
      if (texts === undefined) continue;
      const where = { $and: [{ image_id: receipt.imageId }, { receipt_id: receipt.receiptId }] };
      expect(await find(where)).toEqual(texts.map((_, index) => recordId({ ...receipt, lineId: index + 1 })));
    }
    for (const status of ['validated', 'auto_suggested', 'unvalidated']) {
      expect(await find({ label_status: status })).toEqual(idsWhere((each) => each.label_status === status));
    }
    for (const label of ['TOTAL', 'MERCHANT_NAME']) {
      expect(await find({ valid_labels_array: { $contains: label } })).toEqual(
        idsWhere(({ valid_labels_array: labels }) => has(labels, label)),
      );
    }
    expect(await find({ section_label: { $nin: ['FOOTER'] } })).toEqual(
      idsWhere(({ section_label: section }) => section !== 'FOOTER'),
    );
    for (const merchant of ["Mona's Deli", '']) {
      expect(await find({ merchant_name: merchant })).toEqual(
        idsWhere(({ merchant_name: name }) => name === merchant),
      );
    }
    expect(await find({ normalized_url: 'a.example/' })).toEqual(
      idsWhere(({ normalized_url: url }) => url === 'a.example/'),
    );
    expect(await find({ label_confidence: { $gte: 0.75 } })).toEqual(
      idsWhere(({ label_confidence: each }) => typeof each === 'object'),
    );
  } finally {
    await copy.remove();
    await rm(folder, { recursive: true, force: true });
  }
}
