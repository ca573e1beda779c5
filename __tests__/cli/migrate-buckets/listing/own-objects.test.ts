import { GetObjectCommand } from '@aws-sdk/client-s3';
import { OWN_PREFIX } from '../../../../contracts/migrate-buckets/own-objects';
import { put } from '../../../support/old-buckets';
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
  const own = [`${OWN_PREFIX}other/lock.json`, `${OWN_PREFIX}probe`];
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
  await put(harness.s3, source, `${OWN_PREFIX}late`, 'x');
  expect(await retire('--accept-idle')).toMatchObject({ code: 0 });
  for (const Key of own) {
    const { Body } = await harness.s3.send(new GetObjectCommand({ Bucket: destination, Key }));
    expect(await Body?.transformToString()).toBe(`${Key} at the destination`);
  }
});
