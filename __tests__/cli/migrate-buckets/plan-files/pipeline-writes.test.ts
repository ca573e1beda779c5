import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isPipelineWrite,
  pipelineDigest,
  readPipelineWrites,
  recordPipelineWrites,
} from '../../../../cli/migrate-buckets/plan-files/pipeline-writes';
import { gather, stream } from '../arbitrary-listings';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipeline-writes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const object = (key: string) => ({ key, etag: `etag of ${key}`, size: 1, storageClass: '', modified: 0 });
const WRITES = [
  'lines/delta/x/delta.arrow',
  'lines/snapshot/latest-pointer.txt',
  'words/delta/x/delta.arrow',
  'words/snapshot/latest-pointer.txt',
];
const OTHERS = [
  'lines/delta/x/delta.tar.gz',
  'lines/delta/x/delta.arrow.bak',
  'lines/delta.arrow',
  'other/delta/x/delta.arrow',
  'other/snapshot/latest-pointer.txt',
  'lines/snapshot/timestamped/20260101_000000/snapshot.tar.gz',
];

it.each(WRITES)('takes %s for what the pipeline writes', (key) =>
  expect(isPipelineWrite({ key })).toBe(true),
);
it.each(OTHERS)('does not take %s for it', (key) => expect(isPipelineWrite({ key })).toBe(false));

it('passes a listing through as it is, and keeps what the pipeline may have written', async () => {
  const path = join(folder, 'writes');
  const listing = [...WRITES, ...OTHERS].toSorted().map(object);
  expect(await gather(recordPipelineWrites(stream(listing), path))).toEqual(listing);
  const kept = WRITES.map((key) => ({ key, etag: `etag of ${key}` }));
  expect(await gather(readPipelineWrites(path))).toEqual(kept);
});

it('keeps an empty record of an empty listing, which tells more than none', async () => {
  const path = join(folder, 'writes');
  await gather(recordPipelineWrites(stream([]), path));
  expect(await gather(readPipelineWrites(path))).toEqual([]);
});

it('leaves nothing behind where the listing breaks off, or nobody reads on', async () => {
  // So many that some lie on the disk by then.
  const many = Array.from({ length: 2000 }, (_, index) => object(`lines/delta/${index}/delta.arrow`));
  async function* broken() {
    yield* many;
    throw new Error('It broke off.');
  }
  await expect(gather(recordPipelineWrites(broken(), join(folder, 'writes')))).rejects.toThrow(
    'It broke off.',
  );
  expect(await readdir(folder)).toEqual([]);
  let seen = 0;
  for await (const _ of recordPipelineWrites(stream(many), join(folder, 'writes')))
    if (++seen === many.length) break;
  expect(await readdir(folder)).toEqual([]);
});

it('B1: has a digest, which another line changes, and none where there is no record', async () => {
  const path = join(folder, 'writes');
  expect(await pipelineDigest(path)).toBeUndefined();
  await gather(recordPipelineWrites(stream([]), path));
  const empty = await pipelineDigest(path);
  expect(empty).toMatch(/^[0-9a-f]{64}$/);
  await gather(recordPipelineWrites(stream(WRITES.map(object)), path));
  const digest = await pipelineDigest(path);
  expect(await pipelineDigest(path)).toBe(digest);
  expect(digest).not.toBe(empty);
  await appendFile(path, 'x');
  expect(await pipelineDigest(path)).not.toBe(digest);
});

it('says that a record is missing', async () => {
  const path = join(folder, 'none');
  await expect(gather(readPipelineWrites(path))).rejects.toThrow(
    `The plan's record of what the pipeline wrote is missing at ${path}.`,
  );
  expect(existsSync(path)).toBe(false);
});
