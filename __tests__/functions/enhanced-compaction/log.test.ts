import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { snapshotPrefix } from '../../../contracts/bucket-layout';
import { collectionKey } from '../../../contracts/compaction-run';
import { ANNOTATION_FORMAT_VERSION } from '../../../contracts/delta';
import { recordId } from '../../../contracts/record-id';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { listKeys } from '../../../functions/enhanced-compaction/snapshot/locate';
import {
  BrokenVersion,
  readVersion,
  writeVersion,
} from '../../../functions/enhanced-compaction/store/version-files';
import { encodeDelta } from '../../../functions/shared/delta-file';
import { makeDelta, useCompactionHarness, type Writer } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';
import { seededRandom } from '../../support/seeded-random';

const world = useCompactionHarness();

/** All that was ever written whole: the checkpoints on the file system, and the snapshots in S3. */
const whole = async () => [
  ...(await readdir(world.mountPath, { recursive: true })).sort(),
  ...(await listKeys(world.s3, world.bucket, snapshotPrefix('lines'))),
];

const manifest = async () => {
  const { manifest: found } = (await world.pointer()) ?? {};
  if (found === undefined) throw new Error('Nothing is published.');
  return found;
};

describe('A merge', () => {
  it('writes nothing but the pointer: base and deltas in their order are the version', async () => {
    await world.arrive({ texts: ['BASE'] });
    await world.compactOnce();
    const before = await whole();
    const first = await world.arrive({ texts: ['FIRST'] });
    await world.compactOnce();
    const second = await world.arrive({ texts: ['SECOND'] });
    await world.compactOnce();

    expect(await whole()).toEqual(before);
    expect((await manifest()).uncovered_deltas).toEqual([first.lines.delta_key, second.lines.delta_key]);
    expect(await world.documents()).toEqual(['BASE', 'FIRST', 'SECOND']);
  });

  it('in another sandbox is caught up with by its deltas alone', async () => {
    const [one, other] = [world.writer(), world.writer()];
    const fetched: string[] = [];
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof GetObjectCommand) fetched.push(command.input.Key ?? '');
      return send();
    });
    const watched = world.writer({ s3 });
    await world.arrive({ texts: ['A'] });
    await watched.compact();
    const run = await world.arrive({ texts: ['B'] });
    await one.compact();
    await world.arrive({ texts: ['C'] });
    await other.compact();
    // Whatever the base was, it is not to be had any more.
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    fetched.length = 0;
    const last = await world.arrive({ texts: ['D'] });
    await watched.compact();

    expect(await world.documents()).toEqual(['A', 'B', 'C', 'D']);
    const deltas = fetched.filter((key) => key.includes('/delta/'));
    expect(deltas).toHaveLength(3);
    expect(deltas).toContain(run.lines.delta_key);
    expect(deltas).toContain(last.lines.delta_key);
    expect(fetched.filter((key) => key.endsWith('.tar.gz'))).toEqual([]);
  });

  it('that is thrown away leaves nothing of it in the copy that goes on', async () => {
    const writer = world.writer();
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    const run = await world.arrive({ texts: ['B'] });
    const refusing = intercepted(world.table.client, async ({ input }, send) => {
      if (input.UpdateExpression?.includes('manifest = :manifest')) throw new Error('No answer.');
      return send();
    });
    const failing = world.writer({ table: { ...world.table, client: refusing } });
    await expect(failing.compact()).rejects.toThrow('No answer.');
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: run.lines.delta_key }));
    await failing.compact();
    expect(await world.documents()).toEqual(['A']);
    expect((await world.state(run)).state).toBe('FAILED');
  });
});

describe('A delta of the log', () => {
  beforeEach(async () => {
    await world.arrive({ texts: ['BASE'] });
    await world.compactOnce();
  });

  it.each([
    ['is gone', undefined],
    ['holds another text', 'OTHER'],
  ])('that %s is noticed by reader and writer, and what is published stays', async (_what, text) => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const run = await world.arrive({ ...receipt, texts: ['LOGGED'] });
    await world.compactOnce();
    const object = { Bucket: world.bucket, Key: run.lines.delta_key };
    if (text === undefined) await world.s3.send(new DeleteObjectCommand(object));
    else {
      const delta = makeDelta({ ...receipt, texts: [text], header: { run_id: run.run_id } });
      await world.put(object.Key, encodeDelta(delta));
    }
    const { version } = (await world.pointer()) ?? {};
    await expect(openPublishedCollection('lines', world)).rejects.toBeInstanceOf(BrokenVersion);
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt');
    expect((await world.pointer())?.version).toBe(version);
  });

  it('whose records are not what their hashes say is noticed', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const run = await world.arrive({ ...receipt, texts: ['LOGGED'] });
    await world.compactOnce();
    const delta = makeDelta({
      ...receipt,
      texts: ['LOGGED'],
      header: { run_id: run.run_id },
      records: (records) => records.map((record) => ({ ...record, document: 'FORGED' })),
    });
    await world.put(run.lines.delta_key, encodeDelta(delta));
    await expect(openPublishedCollection('lines', world)).rejects.toThrow('not what its content hash says');
  });
});

it('A version that was written whole, as before there was a log, is merged onto, and becomes a checkpoint', async () => {
  await world.arrive({ texts: ['OLD'] });
  await world.compactOnce();
  await world.arrive({ texts: ['LATER'] });
  await world.compactOnce({ checkpointRecords: 1 });
  const pointer = await world.pointer();
  const { base, digest, unmerged_deltas, record_tally, ...before } = await manifest();
  const put = new UpdateCommand({
    TableName: world.table.name,
    Key: collectionKey('lines'),
    UpdateExpression: 'SET manifest = :manifest',
    ExpressionAttributeValues: { ':manifest': { ...before, files_sha256: base?.files_sha256 } },
  });
  await world.table.client.send(put);
  expect(await world.documents()).toEqual(['LATER', 'OLD']);

  await world.arrive({ texts: ['NEXT'] });
  await world.compactOnce();
  expect(await world.documents()).toEqual(['LATER', 'NEXT', 'OLD']);
  const now = await manifest();
  expect(now.base?.version).toBe((await world.pointer())?.version);
  expect(now.base?.version).not.toBe(pointer?.version);
});

describe('A reader that stays open', () => {
  it('goes forward by the deltas alone, also over a checkpoint, and tells which version it has', async () => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    const reader = await openPublishedCollection('lines', world);
    await world.arrive({ texts: ['B'] });
    await world.compactOnce({ checkpointRecords: 1 });
    await world.arrive({ texts: ['C'] });
    await world.compactOnce();
    expect(await reader.count()).toBe(1);
    const answers = [reader.refresh(), reader.count()];
    expect((await Promise.all(answers))[1]).toBe(3);
    expect(reader.version).toBe((await world.pointer())?.version);
    await reader.close();
  });
});

it('A copy that cannot be written says so, and is not taken for a broken version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'versions-'));
  try {
    await writeFile(join(folder, 'chroma.sqlite3'), 'content');
    const version = await mkdtemp(join(tmpdir(), 'version-'));
    const hash = await writeVersion(folder, join(version, 'whole'));
    await writeFile(join(folder, 'full'), '');
    const refused = readVersion(join(version, 'whole'), join(folder, 'full'), hash);
    await expect(refused).rejects.toThrow();
    await expect(refused).rejects.not.toBeInstanceOf(BrokenVersion);

    await rename(join(version, 'whole', 'data', 'chroma.sqlite3'), join(version, 'moved'));
    await expect(readVersion(join(version, 'whole'), join(folder, 'copy'), hash)).rejects.toBeInstanceOf(
      BrokenVersion,
    );
    await rm(version, { recursive: true });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** What a receipt's lines are to be: their texts, and what an annotation put on each. */
type Expected = Map<string, { readonly text: string; readonly label: string | undefined }>;

const SEEDS = Number(process.env.SEEDS ?? 3);
const STEPS = 30;

it.each(Array.from({ length: SEEDS }, (_, index) => Number(process.env.SEED ?? 1) + index))(
  'Whatever comes in whatever order, every way to a version gives the same (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const receipts = Array.from({ length: 4 }, () => ({ imageId: randomUUID(), receiptId: 1 }));
    const expected: Expected = new Map();
    let instant = Date.now() - 3_600_000;
    const drop = async () => {
      const receipt = random.pick(receipts);
      const texts = Array.from({ length: random.below(4) }, () => random.pick(['TEA', 'MILK', 'TOTAL']));
      instant += 1000;
      await world.arrive({ ...receipt, createdAt: new Date(instant), texts });
      for (const lineId of [1, 2, 3]) {
        const id = recordId({ ...receipt, lineId });
        const text = texts[lineId - 1];
        const label = expected.get(id)?.text === text ? expected.get(id)?.label : undefined;
        if (text === undefined) expected.delete(id);
        else expected.set(id, { text, label });
      }
    };
    const annotate = async () => {
      const receipt = random.pick(receipts);
      instant += 1000;
      const label = `label ${instant}`;
      const annotation = JSON.stringify({ receipt: { section_label: label } });
      const header = { format_version: ANNOTATION_FORMAT_VERSION, annotation } as const;
      await world.arrive({ ...receipt, createdAt: new Date(instant), texts: [], header });
      for (const lineId of [1, 2, 3]) {
        const id = recordId({ ...receipt, lineId });
        const known = expected.get(id);
        if (known !== undefined) expected.set(id, { ...known, label });
      }
    };
    const writers: Writer[] = [];
    const compact = async () => {
      const checkpointRecords = random.chance(0.2) ? 1 : 50_000;
      if (writers.length < 2) writers.push(world.writer({ checkpointRecords }));
      if (random.chance(0.4)) await world.compactOnce({ checkpointRecords });
      else await random.pick(writers).compact();
    };
    const loseFiles = () => rm(join(world.mountPath, 'lines'), { recursive: true, force: true });

    await drop();
    await compact();
    const reader = await openPublishedCollection('lines', world);
    try {
      for (let step = 0; step < STEPS; step += 1) {
        const act = random.below(10);
        // One change at a time: of several that wait together, only the last of a receipt counts.
        if (act < 5) await drop().then(compact);
        else if (act < 8) await annotate().then(compact);
        else if (act < 9) await loseFiles();
        else await reader.refresh();
      }
      await reader.refresh();
      const seen = (records: Iterable<{ id: string; document: string; metadata: Record<string, unknown> }>) =>
        new Map(
          [...records].map(({ id, document: text, metadata }) => [
            id,
            { text, label: metadata.section_label },
          ]),
        );
      const cold = [...(await world.published())].map(([id, record]) => ({ id, ...record }));
      expect(seen(cold)).toEqual(expected);
      expect(seen(await reader.page(0, 1000))).toEqual(expected);
      expect((await manifest()).records).toBe(expected.size);
    } finally {
      await reader.close();
    }
  },
);
