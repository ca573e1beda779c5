import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { snapshotArchiveKey, snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { freezeRecordKey } from '../../../../contracts/migrate-buckets/own-objects';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { putSnapshot, putSnapshotManifest } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting, numbered } from '../migration-setting';

/** Once its source is retired, only what was verified tells what a destination must hold. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const [LOST = ''] = Object.keys(numbered(1));

it.each(['retiring', 'retired'])(
  'verifies what was verified, not what is left, while it is %s',
  async (phase) => {
    const { plan, source, destination, retire, verify } = await migratedSetting(harness, numbered(3));
    if (phase === 'retiring') {
      await harness.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
    }
    await retire('--accept-idle');
    await harness.admin.clearFaults();
    expect(JSON.parse(await harness.read(plan.replace('.json', '.state.json')))).toMatchObject({ phase });
    // Its own state is enough, whatever becomes of what the destination tells.
    await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: freezeRecordKey(source) }));
    const certified = await harness.json('verify', plan, '--certificate', `${phase}.json`);
    expect(certified).toMatchObject({ code: 0, result: { objects: 3, proven: true } });
    expect((await harness.json('verify', '--against', `${phase}.json`)).result).toMatchObject({ same: 3 });

    await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: LOST }));
    const lost = await harness.json('verify', plan, '--certificate', `lost-${phase}.json`);
    expect(lost).toMatchObject({ code: 3, result: { objects: 3, problem_count: 1, certificate: null } });
    expect(lost.result.problems).toMatchObject([{ key: LOST, level: 'P0' }]);
    await expect(harness.read(`lost-${phase}.json`)).rejects.toThrow('ENOENT');

    expect((await harness.json('verify', plan, '--deep')).result).toMatchObject({
      exit_code: 6,
      message: `The retirement of ${source} has begun, so that its bytes cannot be compared any more. Leave out --deep, or prove ${destination} by a certificate: "migrate-buckets verify --against".`,
    });
    await rm(join(harness.folder, plan.replace('.json', '.versions.ndjson')));
    expect((await verify()).result).toMatchObject({
      exit_code: 6,
      message: `The retirement of ${source} has begun, and what was verified before it is not beside the plan. Prove ${destination} by a certificate: "migrate-buckets verify --against".`,
    });
  },
);

it('accepts a pointer that the pipeline moved on since the retirement, where its snapshot is a descendant', async () => {
  // Of one length, so that the listings alone do not show that they differ.
  const [OLD, NEXT] = ['20260101_000000', '20260303_000000'];
  const full = await makeSnapshot(1);
  const { destination, retire, verify } = await migratedSetting(harness, (name) =>
    putSnapshot(harness.s3, name, 'lines', OLD, full),
  );
  expect((await retire('--accept-idle')).code).toBe(0);
  await putSnapshot(harness.s3, destination, 'lines', NEXT, full);
  const { code, result } = await verify();
  expect({ code, problems: result.problems }).toMatchObject({
    code: 3,
    problems: [
      {
        key: snapshotPointerKey('lines'),
        level: 'P0',
        why: expect.stringContaining('without having adopted'),
      },
    ],
  });
  await putSnapshotManifest(harness.s3, destination, 'lines', NEXT, {
    archive: full.archive,
    lineage: [OLD],
  });
  expect(await verify()).toMatchObject({ code: 0, result: { proven: true } });
});

it('still takes the journal for a proof of what has another ETag, as it was cut anew', async () => {
  const { makePlan, apply, retire, verify } = await migrationSetting(harness, { large: 'x'.repeat(5000) });
  await makePlan();
  expect((await apply('--multipart-above', '1000')).code).toBe(0);
  expect((await retire('--accept-idle')).code).toBe(0);
  expect(await verify()).toMatchObject({ code: 0, result: { proven: true, levels: { P2: { objects: 1 } } } });
});

it('names of a snapshot that was lost since what is lost, and not the pointer, which stands as it did', async () => {
  const version = '20260101_000000';
  const full = await makeSnapshot(1);
  const {
    destination: Bucket,
    retire,
    verify,
  } = await migratedSetting(harness, (name) => putSnapshot(harness.s3, name, 'lines', version, full));
  expect((await retire('--accept-idle')).code).toBe(0);
  const Key = snapshotArchiveKey('lines', version);
  await harness.s3.send(new DeleteObjectCommand({ Bucket, Key }));
  expect((await verify()).result).toMatchObject({ problem_count: 1, problems: [{ key: Key, level: 'P0' }] });
});

it('proves nothing with what was altered beside the plan', async () => {
  const { plan, source, retire } = await migratedSetting(harness, numbered(3));
  expect((await retire('--accept-idle')).code).toBe(0);
  const versions = plan.replace('.json', '.versions.ndjson');
  const [, ...rest] = (await harness.read(versions)).split('\n');
  await writeFile(join(harness.folder, versions), rest.join('\n'));
  for (const more of [[], ['--certificate', 'altered.json']]) {
    expect((await harness.json('verify', plan, ...more)).result).toMatchObject({
      exit_code: 5,
      message: `What was verified of ${source} before its retirement was altered beside the plan, so nothing can be proven with it. Restore it from a copy.`,
    });
  }
  await expect(harness.read('altered.json')).rejects.toThrow('ENOENT');
});

it('certifies no fewer objects than were verified', async () => {
  const { plan, source } = await migratedSetting(harness, numbered(3));
  await harness.s3.send(new DeleteObjectCommand({ Bucket: source, Key: LOST }));
  expect((await harness.json('verify', plan, '--certificate', 'fewer.json')).result).toMatchObject({
    exit_code: 3,
    message: expect.stringMatching(/^2 objects would be certified, and 3 were verified before\./),
  });
  await expect(harness.read('fewer.json')).rejects.toThrow('ENOENT');
});
