import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { COVERED_DELTA_TAG, snapshotPointerKey, snapshotPrefix } from '../../../contracts/bucket-layout';
import { collectionKey } from '../../../contracts/compaction-run';
import { recordId } from '../../../contracts/record-id';
import { startChromaServer } from '../../../functions/enhanced-compaction/chroma/server';
import { workingCopy } from '../../../functions/enhanced-compaction/chroma/working-copy';
import { isPublication } from '../../../functions/enhanced-compaction/lease/publish';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { listKeys } from '../../../functions/enhanced-compaction/snapshot/locate';
import { openHeld, openVersion } from '../../../functions/enhanced-compaction/store/open-version';
import {
  BrokenVersion,
  readVersion,
  writeVersion,
} from '../../../functions/enhanced-compaction/store/version-files';
import { encodeDelta } from '../../../functions/shared/delta-file';
import {
  CACHES,
  labelled,
  makeDelta,
  useCompactionHarness,
  type Writer,
} from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';
import { remoteStore } from '../../support/remote-store';
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
  it.each(CACHES)('writes nothing but the pointer, the version being base and deltas (%s)', async (cache) => {
    world.useCache(cache);
    await world.arrive({ texts: ['BASE'] });
    await world.compactOnce();
    const before = await whole();
    const first = await world.arrive({ texts: ['FIRST'] });
    await world.compactOnce();
    const second = await world.arrive({ texts: ['SECOND'] });
    await world.compactOnce();

    expect(await whole()).toEqual(before);
    expect(await readdir(world.mountPath)).toEqual(cache === 'efs' ? ['lines'] : []);
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

describe('What a merge brought', () => {
  const receipt = { imageId: randomUUID(), receiptId: 1 };
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const labels = async () =>
    [...(await world.published()).values()].map(({ document, metadata }) => [
      document,
      metadata.section_label,
    ]);

  it('is not written over by a checkpoint of a version that is its own base', async () => {
    const first = await world.arrive({ ...receipt, texts: ['A'], createdAt: minutesAgo(10) });
    await world.compactOnce();
    // What is covered may expire.
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: first.lines.delta_key }));
    const again = await world.arrive({ ...receipt, texts: ['A'], createdAt: minutesAgo(5) });
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof PutObjectCommand && String(command.input.Key).includes('/snapshot/')) {
        throw new Error('Killed.');
      }
      return send();
    });
    const before = await whole();
    await world.compactOnce({ s3, checkpointMinutes: 0 });
    expect(await whole()).toEqual(before);
    expect((await manifest()).unmerged_deltas).toEqual([]);
    const get = new GetObjectTaggingCommand({ Bucket: world.bucket, Key: again.lines.delta_key });
    expect((await world.s3.send(get)).TagSet).toContainEqual(COVERED_DELTA_TAG);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['A', 'NEXT']);
  });

  it('on a server in between is not lost in embedded mode, a label neither', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'remote-'));
    const server = await startChromaServer({ path: folder });
    try {
      await world.arrive({ ...receipt, texts: ['TEA'], createdAt: minutesAgo(10) });
      await world.compactOnce();
      const store = remoteStore(world, { url: server.url });
      const run = await world.arrive({ ...receipt, ...labelled('drinks'), createdAt: minutesAgo(5) });
      await world.writer({ store }).compact();
      expect((await world.state(run)).state).toBe('COMPLETED');

      await world.arrive({ texts: ['NEXT'] });
      await world.compactOnce();
      expect(await labels()).toContainEqual(['TEA', 'drinks']);
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('a second time after a crash comes last in the log, as it came last', async () => {
    await world.arrive({ ...receipt, texts: ['TEA'], createdAt: minutesAgo(10) });
    await world.compactOnce();
    const run = await world.arrive({ ...receipt, ...labelled('drinks'), createdAt: minutesAgo(5) });
    const unmarking = intercepted(world.table.client, async ({ input }, send) => {
      if (JSON.stringify(input).includes('COMPLETED')) throw new Error('Throttled.');
      return send();
    });
    const crashing = world.compactOnce({ table: { ...world.table, client: unmarking } });
    await expect(crashing).rejects.toThrow('Throttled.');
    const next = await world.arrive({ ...receipt, texts: ['MILK'], createdAt: minutesAgo(3) });
    // The index follows the table with a delay: it has the new run, and lacks the other.
    const late = intercepted(world.table.client, async (command, send) => {
      const answer = Object(await send());
      if (!(command instanceof QueryCommand) || command.input.IndexName === undefined) return answer;
      const items: readonly Record<string, unknown>[] = answer.Items ?? [];
      return { ...answer, Items: items.filter(({ SK }) => !String(SK).includes(run.run_id)) };
    });
    await world.writer({ table: { ...world.table, client: late } }).compact([next]);
    expect(await labels()).toEqual([['MILK', 'drinks']]);
  });

  it('and is in no version is let go with its server, however often an adoption is refused', async () => {
    const servers = () =>
      execFileSync('ps', ['-A', '-ww', '-o', 'ppid=,args='], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('launch-chroma'));
    await world.arrive({ texts: ['A'] });
    const writer = world.writer();
    await writer.compact();
    await world.put(snapshotPointerKey('lines'), '20990101_000000');
    await world.arrive({ texts: ['B'] });
    const before = servers().length;
    for (let time = 0; time < 3; time += 1) await expect(writer.compact()).rejects.toThrow('no snapshot');
    expect(servers().length).toBeLessThanOrEqual(before);
  });

  it('from a text that begins with a mark of byte order, or has half a character, is given again', async () => {
    await world.arrive({ texts: ['\ufeffTOTAL 5.00', '\ud83d HALF'] });
    await world.compactOnce();
    const reader = await openPublishedCollection('lines', world);
    await world.arrive({ texts: ['\ufeffTOTAL 6.00'] });
    await world.compactOnce();
    await reader.refresh();
    expect(await reader.count()).toBe(3);
    await reader.close();
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

  it('that is another file than was merged is noticed, an annotation too', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, texts: ['TEA'] });
    const run = await world.arrive({ ...receipt, ...labelled('drinks') });
    await world.compactOnce();
    const { texts, header } = labelled('forged');
    const delta = makeDelta({ ...receipt, texts, header: { ...header, run_id: run.run_id } });
    await world.put(run.lines.delta_key, encodeDelta(delta));
    await expect(openPublishedCollection('lines', world)).rejects.toThrow('its SHA-256 differs');
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

it.each([
  ['half a character, of before that was mended', 'SHOP \ud83c', 'SHOP \ufffd'],
  ['a byte order mark', '\ufeffSHOP', '\ufeffSHOP'],
])(
  'A delta whose text holds %s is merged, replayed, and the same when it comes again',
  async (_what, text, read) => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const run = await world.arrive({ ...receipt, texts: [text], metadata: { text } });
    await world.compactOnce();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    const [record] = (await world.published()).values();
    expect(record).toMatchObject({ document: read, metadata: { text: read } });
    await world.arrive({ ...receipt, texts: [text], metadata: { text } });
    expect(await world.compactOnce()).toMatchObject({ mergedVectors: 0 });
  },
);

describe('A pointer that says something else than its base and deltas give', () => {
  it.each([
    ['digest', { digest: 'd'.repeat(64) }],
    ['count', { records: 3 }],
  ])('by its %s names no version, neither to who opens it nor to who has it open', async (_what, wrong) => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    await world.arrive({ texts: ['B'] });
    await world.compactOnce();
    const pointer = (await world.pointer()) ?? {};
    if (!isPublication(pointer)) throw new Error('Nothing is published.');
    const source = { ...world, collection: 'lines' } as const;
    const folder = await mkdtemp(join(tmpdir(), 'open-'));
    const emptyCopy = () => workingCopy(join(folder, randomUUID()));
    try {
      const lying = { ...pointer, manifest: { ...pointer.manifest, ...wrong } };
      await expect(openVersion(source, lying, emptyCopy)).rejects.toBeInstanceOf(BrokenVersion);
      const { copy } = await openVersion(source, pointer, emptyCopy);
      const later = { ...lying, version: '20990101_000000' };
      expect(await openHeld(source, { copy, holds: pointer, missing: [] }, later)).toBeUndefined();
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
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

const SEEDS = Number(process.env.SEEDS ?? 2);
const STEPS = 30;

it.each(Array.from({ length: SEEDS }, (_, index) => Number(process.env.SEED ?? 1) + index))(
  'Whatever comes in whatever order, every way to a version gives the same (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    // One with the file system, one without, and one that is switched now and then.
    const caches = [CACHES, CACHES.slice(0, 1), CACHES.slice(1)][seed % 3] ?? CACHES;
    world.useCache(random.pick(caches));
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
      await world.arrive({ ...receipt, ...labelled(label), createdAt: new Date(instant) });
      for (const lineId of [1, 2, 3]) {
        const id = recordId({ ...receipt, lineId });
        const known = expected.get(id);
        if (known !== undefined) expected.set(id, { ...known, label });
      }
    };
    const writers: Writer[] = [];
    const compact = async () => {
      const checkpointRecords = random.chance(0.2) ? 1 : 50_000;
      if (random.chance(0.3)) world.useCache(random.pick(caches));
      if (writers.length < 2) writers.push(world.writer({ checkpointRecords }));
      if (random.chance(0.4)) await world.compactOnce({ checkpointRecords });
      else await random.pick(writers).compact();
    };
    const loseFiles = () => rm(join(world.mountPath, 'lines'), { recursive: true, force: true });

    await drop();
    await compact();
    const reader = await openPublishedCollection('lines', world.source);
    try {
      for (let step = 0; step < STEPS; step += 1) {
        const act = random.below(10);
        // One drop at a time: of several that wait together, only the last of a receipt counts.
        if (act < 5) await drop().then(compact);
        else if (act < 8)
          await annotate()
            .then(random.chance(0.5) ? annotate : compact)
            .then(compact);
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
