import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { replacedKey, snapshotPointerKey, versionId } from '../../../contracts/bucket-layout';
import type { CompactionRun } from '../../../contracts/compaction-run';
import type { RecordMetadata } from '../../../contracts/delta';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { readObject } from '../../../functions/shared/read-object';
import {
  embed,
  quietTelemetry,
  type ReceiptSpec,
  useCompactionHarness,
} from '../../support/compaction-harness';
import { exactMetadata, replacedLines } from '../../support/foreign-metadata';
import { intercepted } from '../../support/intercepted-client';

const world = useCompactionHarness();

const imageId = '11111111-2222-4333-8444-555555555555';
const idOf = (lineId: number) => recordId({ imageId, receiptId: 1, lineId });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** A float that JavaScript would write as an integer. */
const ONE = { '#number': '1.0' };

const old = (lineId: number, document: string, metadata: RecordMetadata): OldRecord => ({
  id: idOf(lineId),
  document,
  metadata: { image_id: imageId, line_id: lineId, text: document, ...metadata },
  embedding: embed(`${document}, in the old form`),
});

/** What people and other programs put on a record, in each type that Chroma knows. */
const LABELS = {
  label_status: 'validated',
  valid_labels_array: ['MERCHANT_NAME', 'STORE_HOURS'],
  invalid_labels_array: ['DATE'],
  label_confidence: ONE,
  label_version: 3,
  label_TOTAL: true,
  validated_labels: ',TOTAL,',
  section_label: 'HEADER',
  place_id: 'ChIJ-x',
  last_place_update: '2026-03-01T00:00:00Z',
  reviewed_by: 'mona',
};
/** What older writers derived from text and geometry, which must not shine through. */
const STALE = {
  prev_line: 'x',
  next_line: 'y',
  word_count: 2,
  embedding_type: 'line',
  avg_word_confidence: 0.5,
  angle_degrees: ONE,
};

/** A row with its labels, one that was read wrong, and the leftover of a line that is part of a row by now. */
const migrated = () => [
  old(1, 'TIDEWATER BOOKSHOP', { receipt_id: 1, row_line_ids: '[1]', ...LABELS, ...STALE }),
  old(2, 'TOTAI 3.30', { receipt_id: 1, label_status: 'auto_suggested', label_confidence: ONE, ...STALE }),
  old(3, '3.30', { receipt_id: '1', embedding_type: 'line', valid_labels_array: ['GRAND_TOTAL'] }),
  old(4, 'THANK YOU', { receipt_id: '1', label_status: 'unvalidated', merchant_name: '' }),
];
const putSnapshot = (records: readonly OldRecord[], version = '20250901_101500') =>
  writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version, space: 'cosine' });

const drop = (texts: readonly string[], spec: Partial<ReceiptSpec> = {}) =>
  world.arrive({
    imageId,
    texts,
    metadata: { label_status: 'unvalidated', merchant_name: '', source: 'openai_embedding_batch' },
    ...spec,
  });

describe('A migrated receipt whose image the old system named in capitals', () => {
  const inSmall = 'abcdef11-2222-4333-8444-555555555555';
  const inCapitals = inSmall.toUpperCase();
  const idIn = (lineId: number, image = inSmall) => recordId({ imageId: image, receiptId: 1, lineId });
  const dropIt = (texts: readonly string[]) => drop(texts, { imageId: inSmall });
  /** The ids alone, the metadata alone, or both: the old system kept what each writer was given. */
  const SPELLINGS = [
    ['in id and metadata', true, inCapitals],
    ['in the id', true, inSmall],
    ['in the metadata', false, inCapitals],
    ['in the id, and is named nowhere else', true, undefined],
  ] as const;
  const spelled = (isId: boolean, image_id: string | undefined) =>
    [
      old(1, 'SHOP', { receipt_id: 1, section_label: 'HEADER', label_confidence: ONE, ...STALE }),
      old(2, 'TOTAI 3.30', { receipt_id: 1, section_label: 'TOTAL' }),
      old(3, 'LEFT OVER', { receipt_id: '1', section_label: 'FOOTER' }),
    ].map(({ id, metadata: { image_id: _, ...metadata }, ...record }) => ({
      ...record,
      id: id.replace(imageId, isId ? inCapitals : inSmall),
      metadata: image_id === undefined ? metadata : { ...metadata, image_id },
    }));

  it.each(SPELLINGS)(
    '%s is replaced, and labels stay where the text is the same',
    async (_where, isId, image) => {
      await putSnapshot(spelled(isId, image));
      await dropIt(['SHOP', 'TOTAL 3.30']);
      expect(await world.compactOnce()).toMatchObject({ publishes: 1 });
      const after = await exactMetadata(world);
      expect([...after.keys()].sort()).toEqual([idIn(1), idIn(2)]);
      expect(after.get(idIn(1))).toMatchObject({
        image_id: inSmall,
        section_label: 'HEADER',
        label_confidence: ONE,
      });
      expect(after.get(idIn(1))).not.toHaveProperty('prev_line');
      expect(after.get(idIn(2))).not.toHaveProperty('section_label');
      const kept = (await replacedLines(world)).map(({ metadata, why }) => [metadata.section_label, why]);
      expect(kept.sort()).toEqual([
        ['FOOTER', 'record-gone'],
        ['TOTAL', 'text-changed'],
      ]);
      // The same again changes nothing.
      await dropIt(['SHOP', 'TOTAL 3.30']);
      expect(await world.compactOnce()).toMatchObject({ publishes: 0 });
    },
  );

  it.each(SPELLINGS)('%s is removed with its receipt', async (_where, isId, image) => {
    await putSnapshot(spelled(isId, image));
    await dropIt([]);
    await world.compactOnce();
    expect(await world.documents()).toEqual([]);
    expect(await replacedLines(world)).toHaveLength(3);
  });

  it('is one record with the one in small letters where both are there: what either says stays', async () => {
    const [capital] = spelled(true, inCapitals);
    const [small] = spelled(false, inSmall);
    if (capital === undefined || small === undefined) throw new Error('no record');
    const more = { place_id: 'p1', section_label: 'OTHER' };
    await putSnapshot([{ ...capital, metadata: { ...capital.metadata, ...more } }, small]);
    await dropIt(['SHOP']);
    await world.compactOnce();
    const after = await exactMetadata(world);
    expect([...after.keys()]).toEqual([idIn(1)]);
    expect(after.get(idIn(1))).toMatchObject({
      section_label: 'HEADER',
      place_id: 'p1',
      label_confidence: ONE,
    });
    expect(await replacedLines(world)).toEqual([
      { id: capital.id, document: 'SHOP', metadata: { section_label: 'OTHER' }, why: 'value-changed' },
    ]);
  });
});

describe('A3: a migrated receipt that is dropped again', () => {
  it('keeps the labels of every record whose text is the same, each in its type, and none of its stale keys', async () => {
    await putSnapshot(migrated());
    await drop(['TIDEWATER BOOKSHOP', 'TOTAL 3.30']);
    await world.compactOnce();

    const published = await exactMetadata(world);
    const { content_hash: hash, ...metadata } = published.get(idOf(1)) ?? {};
    expect(metadata).toEqual({
      image_id: imageId,
      receipt_id: 1,
      line_id: 1,
      source: 'openai_embedding_batch',
      merchant_name: '',
      ...LABELS,
    });
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect([...published.keys()]).toEqual([idOf(1), idOf(2)]);
  });

  it('leaves the labels of what changed and of what is gone in the bucket, with the text before, and says so', async () => {
    await putSnapshot(migrated());
    const counted: [string, unknown][] = [];
    const telemetry = quietTelemetry();
    telemetry.metrics.addMetric = (name, _unit, value) => {
      counted.push([name, value]);
      return telemetry.metrics;
    };
    const run = await drop(['TIDEWATER BOOKSHOP', 'TOTAL 3.30']);
    await world.compactOnce({ telemetry });

    const key = replacedKey('lines', run.run_id);
    expect(await replacedLines(world, key)).toEqual([
      {
        id: idOf(2),
        document: 'TOTAI 3.30',
        metadata: { label_confidence: ONE, label_status: 'auto_suggested' },
        why: 'text-changed',
      },
      {
        id: idOf(3),
        document: '3.30',
        metadata: { valid_labels_array: ['GRAND_TOTAL'] },
        why: 'record-gone',
      },
    ]);
    expect((await readObject(world.s3, world.bucket, key))?.bytes.toString()).toContain(
      '"label_confidence":1.0,',
    );
    expect(await world.state(run)).toMatchObject({
      state: 'COMPLETED',
      replaced_key: key,
      replaced_records: 2,
    });
    expect(counted).toContainEqual(['LabelledRecordsReplaced', 2]);
    // The record with another text begins as a fresh one.
    expect((await exactMetadata(world)).get(idOf(2))).toMatchObject({ label_status: 'unvalidated' });
    expect((await exactMetadata(world)).get(idOf(2))).not.toHaveProperty('label_confidence');
  });

  it('leaves nothing in the bucket, and says nothing, where no label is lost', async () => {
    await putSnapshot(migrated().filter(({ id }) => id !== idOf(2) && id !== idOf(3)));
    const run = await drop(['TIDEWATER BOOKSHOP']);
    await world.compactOnce();
    expect(await replacedLines(world)).toEqual([]);
    expect((await world.state(run)).replaced_key).toBeUndefined();
  });

  it('keeps its labels through every later drop, and through a drop of the very same content', async () => {
    await putSnapshot(migrated());
    for (const [minutes, source] of [
      [9, 'first'],
      [8, 'second'],
      [7, 'second'],
    ] as const) {
      await drop(['TIDEWATER BOOKSHOP'], { createdAt: minutesAgo(minutes), metadata: { source } });
      await world.compactOnce();
    }
    expect((await exactMetadata(world)).get(idOf(1))).toMatchObject({ source: 'second', ...LABELS });
  });

  it('keeps the merchant that a place update wrote, and gives its own where there is none', async () => {
    const placed = old(1, 'SAME', {
      receipt_id: 1,
      merchant_name: "Mona's Deli",
      canonical_merchant_name: 'MONA',
    });
    await putSnapshot([placed, old(2, 'ALSO', { receipt_id: 1 })]);
    await drop(['SAME', 'ALSO']);
    await world.compactOnce();
    const published = await exactMetadata(world);
    expect(published.get(idOf(1))).toMatchObject({
      merchant_name: "Mona's Deli",
      canonical_merchant_name: 'MONA',
      label_status: 'unvalidated',
    });
    expect(published.get(idOf(2))).toMatchObject({ merchant_name: '', label_status: 'unvalidated' });
  });
});

describe('What is replaced', () => {
  const replacedBy = async (run: CompactionRun) =>
    (await readObject(world.s3, world.bucket, replacedKey('lines', run.run_id)))?.bytes.toString();

  it('is in the bucket before anything is published, and the same bytes when the merge is made again', async () => {
    await putSnapshot(migrated());
    const run = await drop(['TOTAL 3.30']);
    const s3 = intercepted(world.s3, async (command, send) => {
      const answer = await send();
      if (command instanceof PutObjectCommand && command.input.Key?.includes('/replaced/')) {
        throw new Error('Killed.');
      }
      return answer;
    });
    await expect(world.compactOnce({ s3 })).rejects.toThrow('Killed.');
    const first = await replacedBy(run);
    expect(first?.split('\n')).toHaveLength(4);
    expect((await exactMetadata(world)).get(idOf(1))).toMatchObject(LABELS);

    await world.compactOnce();
    expect(await replacedBy(run)).toBe(first);
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', replaced_records: 3 });
  });

  it('stops the merge, which changes nothing, where the bucket does not take it', async () => {
    await putSnapshot(migrated());
    const run = await drop(['TOTAL 3.30']);
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof PutObjectCommand && command.input.Key?.includes('/replaced/')) {
        throw new Error('The bucket is full.');
      }
      return send();
    });
    await expect(world.compactOnce({ s3 })).rejects.toThrow('The bucket is full.');
    expect((await world.state(run)).state).toBe('PROCESSING');
    expect(await world.pointer()).not.toHaveProperty('version');
  });
});

describe('A collection that is rebuilt', () => {
  it('from a snapshot of long ago and the later deltas has its labels, or they are in the bucket', async () => {
    await putSnapshot(migrated());
    await drop(['TIDEWATER BOOKSHOP', 'TOTAL 3.30'], { createdAt: minutesAgo(9) });
    await world.compactOnce();
    await drop(['TIDEWATER BOOKSHOP', 'TOTAL 3.31'], { createdAt: minutesAgo(8) });
    await world.compactOnce();
    const before = await exactMetadata(world);
    const kept = await replacedLines(world);

    // Back to the beginning: the file system is lost, and the bucket's pointer names the migrated snapshot.
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.deletePointer();
    await world.put(snapshotPointerKey('lines'), '20250901_101500');
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    const after = await exactMetadata(world);
    for (const [id, metadata] of before) expect(after.get(id)).toEqual(metadata);
    expect(await replacedLines(world)).toEqual(expect.arrayContaining(kept));
  });

  it('from a snapshot that was migrated later keeps what a delta of before takes away, though its run is over', async () => {
    const run = await drop(['TIDEWATER BOOKSHOP', 'TOTAL 3.30'], { createdAt: minutesAgo(9) });
    await world.compactOnce();
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await putSnapshot(migrated());
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();

    const key = replacedKey('lines', run.run_id);
    expect((await replacedLines(world, key)).map(({ id }) => id)).toEqual([idOf(2), idOf(3)]);
    expect(await world.state(run)).toMatchObject({
      state: 'COMPLETED',
      replaced_key: key,
      replaced_records: 2,
    });
    expect((await exactMetadata(world)).get(idOf(1))).toMatchObject(LABELS);
  });

  it('from another writer’s snapshot leaves in the bucket what only the published version knew', async () => {
    await putSnapshot([
      ...migrated().filter(({ id }) => id !== idOf(3)),
      old(5, 'GONE LATER', { receipt_id: 1, section_label: 'ITEMS' }),
    ]);
    await world.arrive({ texts: ['ELSEWHERE'], metadata: { label_confidence: 0.25 } });
    await world.compactOnce();
    const version = versionId(new Date(Date.now() + 60_000), '0badcafe');
    await putSnapshot(
      [
        old(1, 'TIDEWATER BOOKSHOP', { receipt_id: 1, ...LABELS, section_label: 'FOOTER' }),
        old(2, 'TOTAL 3.30', { receipt_id: 1 }),
        old(4, 'THANK YOU', { receipt_id: 1 }),
      ],
      version,
    );
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();

    const lines = await replacedLines(world, replacedKey('lines', version));
    expect(lines.map(({ id, document, why, metadata }) => [id, document, why, metadata]).sort()).toEqual([
      [idOf(1), 'TIDEWATER BOOKSHOP', 'value-changed', { section_label: 'HEADER' }],
      [idOf(2), 'TOTAI 3.30', 'text-changed', { label_status: 'auto_suggested', label_confidence: ONE }],
      [idOf(5), 'GONE LATER', 'record-gone', { section_label: 'ITEMS' }],
    ]);
    expect((await exactMetadata(world)).get(idOf(1))).toMatchObject({ section_label: 'FOOTER' });
  });

  it('takes receipts along with their labels’ types', async () => {
    await putSnapshot([old(1, 'MIGRATED', { receipt_id: 1, ...LABELS })]);
    await world.arrive({ texts: ['LIVE'] });
    await world.compactOnce();
    await putSnapshot([], versionId(new Date(Date.now() + 60_000), '0badcafe'));
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect((await exactMetadata(world)).get(idOf(1))).toMatchObject(LABELS);
  });
});
