import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { snapshotArchiveKey } from '../../../../contracts/bucket-layout';
import { METRICS } from '../../../../contracts/metrics';
import { quietTelemetry, useCompactionHarness } from '../../../support/compaction-harness';

const world = useCompactionHarness();

/** Telemetry whose counts are seen. */
function watched() {
  const telemetry = quietTelemetry();
  const added = jest.spyOn(telemetry.metrics, 'addMetric');
  return {
    telemetry,
    counts: (name: string) => added.mock.calls.filter(([metric]) => metric === name).length,
  };
}

const base = async () => (await world.pointer())?.manifest?.base;
const folderOf = (version = '') => join(world.mountPath, 'lines', version);

describe('A file system that has lost the base while a sandbox is warm', () => {
  it.each([
    ['with everything', () => rm(folderOf(), { recursive: true })],
    ['with one file', (version: string) => rm(join(folderOf(version), 'data', 'chroma.sqlite3'))],
    [
      'with the end of a file',
      (version: string) => truncate(join(folderOf(version), 'data', 'chroma.sqlite3'), 8),
    ],
    [
      'for another one',
      (version: string) =>
        writeFile(join(folderOf(version), 'files.json'), '{"format_version": 1, "files": []}'),
    ],
  ])('%s has the next version instead, and it is counted', async (_what, lose) => {
    const { telemetry, counts } = watched();
    const writer = world.writer({ telemetry });
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    await lose((await base())?.version ?? '');
    await world.arrive({ texts: ['B'] });
    await writer.compact();
    expect(counts(METRICS.copiesLost)).toBe(1);

    const version = (await base())?.version ?? '';
    expect(version).toBe((await world.pointer())?.version);
    const archive = { Bucket: world.bucket, Key: snapshotArchiveKey('lines', version) };
    await world.s3.send(new DeleteObjectCommand(archive));
    expect(await world.documents()).toEqual(['A', 'B']);
    await world.arrive({ texts: ['C'] });
    await writer.compact();
    expect((await base())?.version).toBe(version);
    expect(counts(METRICS.copiesLost)).toBe(1);
  });

  it('goes on with nothing but its deltas where the base is whole', async () => {
    const { telemetry, counts } = watched();
    const writer = world.writer({ telemetry });
    for (const text of ['A', 'B', 'C']) {
      await world.arrive({ texts: [text] });
      await writer.compact();
    }
    expect((await world.pointer())?.manifest?.uncovered_deltas).toHaveLength(2);
    expect(counts(METRICS.copiesLost)).toBe(0);
  });

  it('and has nothing newer to hold is left as it is', async () => {
    const { telemetry, counts } = watched();
    const writer = world.writer({ telemetry });
    const run = await world.arrive({ texts: ['A'] });
    await writer.compact();
    const { version } = (await world.pointer()) ?? {};
    await rm(folderOf(), { recursive: true });
    await world.arrive({ imageId: run.image_id, texts: ['A'] });
    expect(await writer.compact()).toMatchObject({ mergedVectors: 0 });
    expect((await base())?.version).toBe(version);
    expect(counts(METRICS.copiesLost)).toBe(0);
    expect(await world.documents()).toEqual(['A']);
  });
});

it('A file system that takes nothing fails no checkpoint: S3 has it, once, and it is counted', async () => {
  const { telemetry, counts } = watched();
  const noFolder = join(world.mountPath, 'file');
  await writeFile(noFolder, '');
  const writer = world.writer({ telemetry, mountPath: noFolder });
  await world.arrive({ texts: ['A'] });
  await writer.compact();
  const first = await base();
  expect(first).toMatchObject({ records: 1 });
  expect(first).not.toHaveProperty('files_sha256');
  await world.arrive({ texts: ['B'] });
  await writer.compact();
  expect(await base()).toEqual(first);
  expect([counts(METRICS.copiesLost), counts(METRICS.checkpointsFailed)]).toEqual([1, 0]);
  expect(await world.documents()).toEqual(['A', 'B']);
});

describe('A pipeline that is switched', () => {
  it('from no file system to one has a copy with the next checkpoint, and misses none before', async () => {
    world.useCache('none');
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    world.useCache('efs');
    const { telemetry, counts } = watched();
    await world.arrive({ texts: ['B'] });
    await world.compactOnce({ telemetry });
    expect(await readdir(world.mountPath)).toEqual([]);
    await world.arrive({ texts: ['C'] });
    await world.compactOnce({ telemetry, checkpointRecords: 1 });
    expect(await readdir(folderOf())).toEqual([(await base())?.version]);
    expect(await world.documents()).toEqual(['A', 'B', 'C']);
    expect(counts(METRICS.copiesLost)).toBe(0);
  });

  it('from a file system to none needs nothing that was on it', async () => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    world.useCache('none');
    await rm(folderOf(), { recursive: true });
    const { telemetry, counts } = watched();
    await world.arrive({ texts: ['B'] });
    await world.compactOnce({ telemetry });
    expect(await world.documents()).toEqual(['A', 'B']);
    expect(counts(METRICS.copiesLost)).toBe(0);
  });
});
