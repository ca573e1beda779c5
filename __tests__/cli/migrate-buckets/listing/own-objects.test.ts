import { randomUUID } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  freezeRecordKey,
  lockObjectKey,
  OWN_PREFIX,
  PROBE_PREFIX,
} from '../../../../contracts/migrate-buckets/own-objects';
import { contents, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

it('neither migrates nor verifies its own objects, and counts them as nothing', async () => {
  const { source, destination, makePlan, apply, verify, retire } = await migrationSetting(
    harness,
    numbered(2),
  );
  const own = [lockObjectKey('other'), `${PROBE_PREFIX}${randomUUID()}/present`];
  for (const key of own) {
    await put(harness.s3, source, key, `${key} at the source`);
    await put(harness.s3, destination, key, `${key} at the destination`);
  }
  const { result } = await makePlan();
  expect(result).toMatchObject({
    plan: { actions: { copy: { objects: 2 } } },
    authority: { buckets: [{ objects: 2, contained_in: {} }] },
  });
  expect(await apply()).toMatchObject({
    code: 0,
    result: { copied: 2, verification: { objects: 2, extra: 0, proven: true } },
  });
  expect((await verify()).result).toMatchObject({ objects: 2, extra: 0, problem_count: 0 });
  // Nothing of ours is a change of the source since it was verified.
  await put(harness.s3, source, freezeRecordKey('late'), 'x');
  expect(await retire('--accept-idle')).toMatchObject({ code: 0 });
  for (const Key of own) {
    const { Body } = await harness.s3.send(new GetObjectCommand({ Bucket: destination, Key }));
    expect(await Body?.transformToString()).toBe(`${Key} at the destination`);
  }
});

it('copies, proves and only then deletes what others keep below its prefix', async () => {
  const { source, destination, makePlan, apply, retire } = await migrationSetting(harness, numbered(1));
  const foreign = [
    `${OWN_PREFIX}notes.txt`,
    `${OWN_PREFIX}x-bkt/report.html`,
    `${OWN_PREFIX}x-bkt/lock.json/notes`,
    `${PROBE_PREFIX}notes/present`,
    `${PROBE_PREFIX}${randomUUID()}`,
  ];
  for (const key of foreign) await put(harness.s3, source, key, 'precious');
  expect((await makePlan()).result).toMatchObject({ plan: { actions: { copy: { objects: 6 } } } });
  expect(await apply()).toMatchObject({ code: 0, result: { copied: 6, verification: { objects: 6 } } });
  expect((await retire('--accept-idle')).result).toMatchObject({
    exit_code: 0,
    inventory: { objects: { objects: 6 } },
    retired: { deleted: 6, left: { versions: 0 } },
  });
  const held = await contents(harness.s3, destination);
  for (const key of foreign) expect(held.has(key)).toBe(true);
});

it('names what somebody puts below its prefix after the verification, and does not delete it', async () => {
  const { source, makePlan, apply, retire } = await migrationSetting(harness, numbered(1));
  await makePlan();
  await apply();
  await put(harness.s3, source, `${OWN_PREFIX}late`, 'precious');
  expect(await retire('--accept-idle')).toMatchObject({ code: 6 });
  expect((await contents(harness.s3, source)).has(`${OWN_PREFIX}late`)).toBe(true);
});
