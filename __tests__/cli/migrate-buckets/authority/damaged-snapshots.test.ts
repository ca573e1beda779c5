import { randomFillSync } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { snapshotPointerKey, snapshotVersionPrefix } from '../../../../contracts/bucket-layout';
import { changeSnapshot, makeSnapshot, type Snapshot } from '../../../support/chroma-snapshots';
import { createBucket, put, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** B9: authority opens what it prefers. Each damaged bucket is newer than the sound one. */
let harness: CliHarness;
let sound: Snapshot;
let buckets = 0;

beforeAll(async () => {
  // Enough that Chroma writes its vector index: it waits for a thousand.
  [harness, sound] = await Promise.all([startCliHarness(), makeSnapshot(1100)]);
});

afterAll(() => harness?.stop());

/** A sound bucket and a newer one of which `fill` decides. */
async function pairOfBuckets(fill: (bucket: string) => Promise<void>) {
  const [truth, newer] = [`truth-${++buckets}`, `newer-${buckets}`];
  for (const bucket of [truth, newer]) await createBucket(harness.s3, bucket);
  await putSnapshot(harness.s3, truth, 'lines', '20260101_000000', sound);
  await fill(newer);
  return { truth, newer, options: ['--bucket', truth, '--bucket', newer] };
}

const NEWER = '20260202_000000';
const putNewer = (snapshot: Snapshot) => (bucket: string) =>
  putSnapshot(harness.s3, bucket, 'lines', NEWER, snapshot);

async function putRandomBytes(bucket: string): Promise<void> {
  const key = `${snapshotVersionPrefix('lines', NEWER)}chroma.sqlite3`;
  await put(harness.s3, bucket, key, randomFillSync(Buffer.alloc(9 * 1024 ** 2)));
  await put(harness.s3, bucket, snapshotPointerKey('lines'), NEWER);
}

async function reasonsOf(fill: (bucket: string) => Promise<void>): Promise<string> {
  const { truth, options } = await pairOfBuckets(fill);
  const { code, result } = await harness.json('authority', ...options);
  expect({ code, winner: result.winner }).toEqual({ code: 0, winner: truth });
  return JSON.stringify(result.reasons);
}

it('takes no random bytes for a snapshot, however many they are', async () => {
  expect(await reasonsOf(putRandomBytes)).toContain('file is not a database');
});

it('takes no database of which 4,000 bytes were overwritten, though every hash agrees with it', async () => {
  const overwritten = await changeSnapshot(sound, async (directory) => {
    const path = join(directory, 'chroma.sqlite3');
    const page = pageOf(path, 'embedding_metadata') * 4096;
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xee, page - 4000, page));
  });
  expect(await reasonsOf(putNewer(overwritten))).toMatch(/is damaged: |not a sound database of Chroma/);
});

it('takes no snapshot whose vector index is gone, or cut short', async () => {
  const indexOf = async (directory: string) => {
    const found = (await readdir(directory, { recursive: true })).find((name) => name.endsWith('header.bin'));
    if (found === undefined) throw new Error('The snapshot has no vector index.');
    return join(directory, found, '..');
  };
  const gone = await changeSnapshot(sound, async (directory) =>
    rm(await indexOf(directory), { recursive: true }),
  );
  expect(await reasonsOf(putNewer(gone))).toContain('lines has 1100 records whose vector index is missing');
  const cut = await changeSnapshot(sound, async (directory) => {
    const path = join(await indexOf(directory), 'data_level0.bin');
    await writeFile(path, (await readFile(path)).subarray(0, 1000));
  });
  expect(await reasonsOf(putNewer(cut))).toContain('data_level0.bin of lines has 1000 bytes');
});

it('opens a snapshot of loose files, too', async () => {
  const { options, truth } = await pairOfBuckets(async (bucket) => {
    const prefix = snapshotVersionPrefix('lines', NEWER);
    await changeSnapshot(sound, async (directory) => {
      for (const name of await readdir(directory, { recursive: true })) {
        const bytes = await readFile(join(directory, name)).catch(() => undefined);
        if (bytes !== undefined) await put(harness.s3, bucket, `${prefix}${name}`, bytes);
      }
    });
    await put(harness.s3, bucket, snapshotPointerKey('lines'), NEWER);
  });
  const { code, result } = await harness.json('authority', ...options);
  const newer = options[3];
  expect({ code, winner: result.winner }).toEqual({ code: 0, winner: newer });
  expect(newer).not.toBe(truth);
  expect(JSON.stringify(result.buckets)).toContain('Its vector index holds 1100 elements.');
});

it('counts the records of each collection', async () => {
  const { options } = await pairOfBuckets(putNewer(sound));
  const { result } = await harness.json('authority', ...options);
  expect(result.buckets).toMatchObject([
    {
      collections: [
        { collection: 'lines', records: 1100 },
        { collection: 'words', records: null },
      ],
    },
    {
      collections: [
        { collection: 'lines', records: 1100 },
        { collection: 'words', records: null },
      ],
    },
  ]);
  expect(JSON.stringify(result.buckets)).toContain('holds 1100 records (lines: 1100)');
});

it('checks nothing with --quick, and says so in the output and in the plan', async () => {
  const { options, newer } = await pairOfBuckets(putRandomBytes);
  const { result } = await harness.json('authority', ...options, '--quick');
  expect(JSON.stringify(result.buckets)).toContain('It was not opened (--quick).');
  expect(JSON.stringify(result.reasons)).not.toContain('fails a gate');
  const said =
    'snapshots: not checked (--quick). Nobody looked whether their databases are whole, nor which forms their records have.';
  expect(result.unchecked).toContain(said);
  expect((await harness.run(['authority', ...options, '--quick'])).stdout).toContain(said);
  await createBucket(harness.s3, `new-${buckets}`);
  const plan = await harness.json(
    'plan',
    ...options,
    '--quick',
    '--dest',
    `new-${buckets}`,
    '--source',
    newer,
  );
  expect(plan.result.plan).toMatchObject({ authority: expect.arrayContaining([said]) });
  expect((await harness.run(['show', 'plan.json'])).stdout).toContain(said);
});

/** A page that holds rows of a table: the first has number 1. */
function pageOf(path: string, table: string): number {
  const open = new Database(path);
  try {
    const found = open.get(`SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'`, [table]);
    return Number(found?.pageno);
  } finally {
    open.close();
  }
}
