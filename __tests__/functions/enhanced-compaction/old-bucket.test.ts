import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { GetObjectCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { COVERED_DELTA_TAG, legacyDeltaKey } from '../../../contracts/bucket-layout';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldDelta, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { listKeys } from '../../../functions/enhanced-compaction/snapshot/locate';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { embed, quietTelemetry, useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';

const world = useCompactionHarness();

describe('A bucket of the old system', () => {
  const imageId = '11111111-2222-4333-8444-555555555555';
  const old = (receiptId: number, lineId: number, document: string, asText: boolean): OldRecord => ({
    id: recordId({ imageId, receiptId, lineId }),
    document,
    metadata: {
      image_id: imageId,
      receipt_id: asText ? String(receiptId) : receiptId,
      line_id: lineId,
      merchant: 'OLD',
    },
    embedding: embed(document),
  });

  it.each([
    ['a tarball with a hash', { form: 'tarball', hash: true }, '20250901_101500'],
    ['a tarball without a hash', { form: 'tarball', hash: false }, '20250901_101500_123456_0badcafe'],
    ['loose files', { form: 'loose', hash: true }, '20250901_101500'],
  ] as const)(
    'whose snapshot is %s simply works: its records stay, its deltas come in, its space is kept',
    async (_what, form, version) => {
      const records = [
        old(1, 1, 'OLD MILK', true),
        old(1, 2, 'OLD BREAD', true),
        old(2, 1, 'OLD COFFEE', false),
      ];
      await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version, ...form });
      await writeOldDelta(world.s3, world.bucket, 'lines', randomUUID(), [
        old(2, 1, 'OLD COFFEE', false),
        old(3, 1, 'STRANDED TEA', false),
      ]);
      await world.put('lines/delta/.placeholder', 'x');
      // The receipt was embedded again: its old records, with a receipt id in text, must all make room.
      await world.arrive({ imageId, receiptId: 1, texts: ['NEW MILK'] });
      await world.compactOnce();

      const published = await world.published();
      expect([...published.values()].map(({ document }) => document)).toEqual([
        'NEW MILK',
        'OLD COFFEE',
        'STRANDED TEA',
      ]);
      expect(published.get(recordId({ imageId, receiptId: 1, lineId: 1 }))?.metadata).toMatchObject({
        receipt_id: 1,
      });
      expect((await world.pointer())?.manifest).toMatchObject({ space: 'l2', records: 3 });
    },
  );

  it('A1: loses, with its receipt embedded anew, lines that are now in a row, and keys that records have no more', async () => {
    const left = { prev_line: '<EDGE>', next_line: 'MILK', angle_degrees: 1, embedding_type: 'line' };
    const records = [1, 2].flatMap((lineId) => {
      const record = old(1, lineId, `OLD ${lineId}`, lineId === 2);
      return { ...record, metadata: { ...record.metadata, ...left } };
    });
    await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version: '20260110_101500' });
    await world.arrive({
      imageId,
      receiptId: 1,
      texts: ['OLD 1 OLD 2'],
      metadata: { row_line_ids: '[1, 2]' },
    });
    await world.compactOnce();
    const published = await world.published();
    const [id = ''] = published.keys();
    expect([...published.keys()]).toEqual([recordId({ imageId, receiptId: 1, lineId: 1 })]);
    expect(Object.keys(published.get(id)?.metadata ?? {}).sort()).toEqual([
      'content_hash',
      'image_id',
      'line_id',
      'receipt_id',
      'row_line_ids',
    ]);
  });

  it('finds a record of a delta again under the other spelling of its id, and adds it once', async () => {
    const image = 'abcdef11-2222-4333-8444-555555555555';
    const spelled = (id: string, document: string): OldRecord => ({ ...old(1, 1, document, false), id });
    const id = recordId({ imageId: image, receiptId: 1, lineId: 1 });
    const version = '20260210_101500';
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [spelled(id, 'MIGRATED')], { version });
    const delta = [spelled(id.toUpperCase(), 'STRANDED'), old(3, 1, 'STRANDED TEA', false)];
    await writeOldDelta(world.s3, world.bucket, 'lines', randomUUID(), delta);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['MIGRATED', 'STRANDED TEA']);
  });

  it('A2: with records of several forms says so once with figures, keeps count of them, and goes on working', async () => {
    const more = (record: OldRecord, metadata: OldRecord['metadata']): OldRecord => ({
      ...record,
      metadata: { ...record.metadata, ...metadata },
    });
    const source = 'openai_embedding_batch';
    const records = [
      more(old(1, 1, 'A ROW', false), { source, row_line_ids: '[1, 2]', label_TOTAL: true }),
      more(old(1, 2, 'LEFT OVER', false), { source, valid_labels: ',TOTAL,' }),
      more(old(2, 1, 'AN UPLOAD', true), { embedding_type: 'line' }),
    ];
    await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version: '20260210_101500' });
    const telemetry = quietTelemetry();
    const warnings = jest.spyOn(telemetry.logger, 'warn').mockImplementation(() => {});
    const writer = world.writer({ telemetry });
    const tally = async () => (await world.pointer())?.manifest?.record_tally;

    await world.arrive({ texts: ['NEW'], metadata: { row_line_ids: '[1]' } });
    await writer.compact();
    const forms = { row: 2, line: 1, 'text-ids': 1 };
    expect(await tally()).toEqual({ forms, labels: { flags: 1, 'valid-text': 1 } });
    await world.arrive({ imageId, receiptId: 1, texts: ['BOTH'], metadata: { row_line_ids: '[1, 2]' } });
    await writer.compact();
    expect(await tally()).toEqual({ forms: { row: 2, 'text-ids': 1 }, labels: {} });
    await world.arrive({ imageId, receiptId: 2, texts: ['ITS ROW'], metadata: { row_line_ids: '[1]' } });
    await writer.compact();
    expect(await tally()).toEqual({ forms: { row: 3 }, labels: {} });
    const said = warnings.mock.calls.filter(([message]) => String(message).includes('older forms'));
    expect(said).toEqual([
      [expect.any(String), expect.objectContaining({ collection: 'lines', records: 4, older: 2, forms })],
    ]);
  });

  it('whose deltas tell of a receipt twice: the newer one counts', async () => {
    // Named so that the order of keys is the other one.
    await writeOldDelta(world.s3, world.bucket, 'lines', 'a-older', [old(1, 1, 'OLDER FORM', false)]);
    const seconds = () => Math.floor(Date.now() / 1000);
    // S3 tells when an object was written to the second.
    const written = seconds();
    await eventually('the next second', () => seconds() > written);
    await writeOldDelta(world.s3, world.bucket, 'lines', 'b-newer', [old(1, 1, 'NEWER FORM', false)]);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['NEWER FORM', 'NEXT']);
  });

  it('of which a delta is damaged is rebuilt without it; the delta stays, untagged', async () => {
    const good = await writeOldDelta(world.s3, world.bucket, 'lines', 'good', [old(1, 1, 'GOOD', false)]);
    const get = await world.s3.send(new GetObjectCommand({ Bucket: world.bucket, Key: good }));
    const bytes = (await get.Body?.transformToByteArray()) ?? new Uint8Array();
    const damaged = ['text', 'head', 'half'].map((name) => legacyDeltaKey('lines', name));
    await world.put(damaged[0] ?? '', 'no archive');
    await world.put(damaged[1] ?? '', bytes.subarray(0, 10));
    await world.put(damaged[2] ?? '', bytes.subarray(0, bytes.length / 2));
    const short = { ...old(2, 1, 'SHORT', false), embedding: embed('SHORT', 8) };
    damaged.push(await writeOldDelta(world.s3, world.bucket, 'lines', 'short', [short]));
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['GOOD', 'NEXT']);
    const tagsOf = async (Key: string) =>
      (await world.s3.send(new GetObjectTaggingCommand({ Bucket: world.bucket, Key }))).TagSet;
    expect(await tagsOf(good)).toContainEqual(COVERED_DELTA_TAG);
    for (const key of damaged) expect(await tagsOf(key)).toEqual([]);
  });

  it('of which a delta cannot be fetched just now is not published without it', async () => {
    const key = await writeOldDelta(world.s3, world.bucket, 'lines', 'slow', [old(1, 1, 'SLOW', false)]);
    const run = await world.arrive({ texts: ['NEXT'] });
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof GetObjectCommand && command.input.Key === key) throw new Error('Slow down.');
      return send();
    });
    await expect(world.compactOnce({ s3 })).rejects.toThrow(`${key} could not be read: Slow down.`);
    expect((await world.pointer())?.version).toBeUndefined();
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['NEXT', 'SLOW']);
  });

  it('can be read before the first merge', async () => {
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [old(1, 1, 'OLD MILK', true)], {
      version: '20250901_101500',
    });
    const before = await listKeys(world.s3, world.bucket, '');
    const published = await openPublishedCollection('lines', world);
    const [[nearest] = []] = await published.nearest([embed('OLD MILK')], 1);
    expect(nearest).toMatchObject({ document: 'OLD MILK', metadata: { receipt_id: '1' } });
    await published.close();
    // Readers never write.
    expect(await listKeys(world.s3, world.bucket, '')).toEqual(before);
    expect(await world.pointer()).toBeUndefined();
    expect(await readdir(world.mountPath)).toEqual([]);
  });

  it('whose vectors have another length refuses new deltas, and keeps what it has', async () => {
    const record = { ...old(1, 1, 'OLD MILK', true), embedding: embed('OLD MILK', 8) };
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [record], { version: '20250901_101500' });
    const run = await world.arrive({ texts: ['NEW'] });
    await world.compactOnce();
    expect(await world.state(run)).toMatchObject({ state: 'FAILED', error: expect.stringContaining('of 8') });
    expect(await world.documents()).toEqual(['OLD MILK']);
  });
});
