import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { freezeRecordKey } from '../../../../contracts/migrate-buckets/own-objects';
import { contents, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { configuredSetting } from './configured-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

/** A frozen source whose plan is lost, with all its files. */
async function lost() {
  const setting = await configuredSetting(harness);
  const { plan, source, makePlan, apply } = setting;
  const { result } = await makePlan();
  expect((await apply()).code).toBe(0);
  for (const end of ['json', 'manifest.ndjson', 'state.json', 'journal.ndjson', 'versions.ndjson']) {
    await rm(join(harness.folder, plan.replace('json', end)));
  }
  return {
    ...setting,
    digest: (result.plan as { digest: string }).digest,
    unfreezeSource: (...more: string[]) =>
      harness.json('unfreeze', '--source', source, '--confirm', source, ...more),
    status: () => harness.json('status', '--source', source),
  };
}

it('16a: unfreezes a source without its plan, by what was kept at the destination, and shows it first', async () => {
  const { source, destination, before, configuration, unfreezeSource, digest } = await lost();
  const { code, result, events } = await unfreezeSource();
  expect({ code, result }).toMatchObject({ code: 0, result: { source, unfrozen: true } });
  expect(await configuration()).toEqual(before);
  expect(events.filter(({ event }) => event === 'unfreezing').map(({ message }) => message)).toEqual([
    expect.stringMatching(
      new RegExp(
        `^${source} was frozen by the plan ${digest.slice(0, 12)} of .+@.+, to ${destination}, at 20`,
      ),
    ),
    `What it was before the freeze is kept in ${destination}.`,
    "Take the freeze's statement out of the policy, which is then what it was, byte for byte.",
    'Enable the lifecycle rule old again.',
  ]);
  expect((await unfreezeSource()).result).toMatchObject({ exit_code: 0, unfrozen: false });
});

it('unfreezes it even where the destination tells nothing: only what the freeze marked as its own', async () => {
  const { source, destination, rules, statements, unfreezeSource, statement, before } = await lost();
  await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: freezeRecordKey(source) }));
  const { code, events } = await unfreezeSource();
  expect(code).toBe(0);
  expect(events.map(({ message }) => message)).toContain(
    'What it was before the freeze was not found, so only what the freeze marked as its own is undone.',
  );
  expect(await statements()).toEqual([statement('Mine')]);
  expect(await rules()).toEqual(before.rules);
});

it('asks before it unfreezes, and changes nothing without the name of the bucket', async () => {
  const { source, configuration } = await lost();
  const left = await configuration();
  expect((await harness.json('unfreeze', '--source', source)).result).toMatchObject({
    exit_code: 2,
    message: expect.stringContaining(`--confirm ${source}`),
  });
  expect((await harness.json('unfreeze', '--source', source, '--confirm', 'another')).code).toBe(6);
  expect(await configuration()).toEqual(left);
});

it('16a: says who froze a source, when, by which plan and from which host, to whom finds it frozen', async () => {
  const { source, destination, status, makePlan, apply, digest, unfreezeSource } = await lost();
  expect((await status()).result).toMatchObject({
    exit_code: 0,
    source,
    frozen: true,
    mark: {
      plan_digest: digest,
      destination,
      by: expect.stringMatching(/^.+@.+$/),
      at: expect.stringMatching(/^20\d\d-/),
    },
    principals: [expect.stringContaining('arn:')],
    suspended_rules: ['old'],
    record: {
      plan: expect.stringMatching(/plan-\d+\.json$/),
      saved: { policy: expect.any(String) },
      undone_at: null,
    },
    lock: null,
  });
  const { stdout } = await harness.run(['status', '--source', source]);
  expect(stdout).toContain(`plan ${digest}`);
  expect(stdout).toContain(`migrate-buckets unfreeze --source ${source}`);
  // Another plan for the same source: it is to another destination.
  await harness.s3.send(
    new DeleteObjectCommand({ Bucket: destination, Key: 'lines/delta/run-0000/delta.tar.gz' }),
  );
  await makePlan();
  const { code, result } = await apply();
  expect(code).toBe(6);
  expect(result.message).toMatch(
    new RegExp(
      `^${source} is frozen already, by another plan: the plan ${digest.slice(0, 12)} of .+@.+, to ${destination}, at 20.*"migrate-buckets unfreeze --source ${source}"`,
    ),
  );
  expect((await unfreezeSource()).code).toBe(0);
  expect((await status()).result).toMatchObject({ frozen: false, mark: null, suspended_rules: [] });
  expect((await apply()).code).toBe(0);
});

it('is not believed as verified any more where somebody unfroze the source without its plan, and apply makes it so', async () => {
  const { source, makePlan, apply, retire, statements } = await configuredSetting(harness);
  await makePlan();
  expect((await apply()).code).toBe(0);
  const unfrozen = await harness.json('unfreeze', '--source', source, '--confirm', source);
  expect(unfrozen.code).toBe(0);
  const { code, result } = await retire('--accept-idle');
  const failing = (result.gates as { passed: boolean }[]).filter(({ passed }) => !passed);
  expect({ code, failing }).toEqual({
    code: 6,
    failing: [
      {
        name: 'freeze',
        passed: false,
        overridden: false,
        evidence: `${source} is not frozen. Run apply: it freezes it, and verifies what it holds then.`,
      },
    ],
  });
  await put(harness.s3, source, 'lines/delta/late/delta.tar.gz', 'written since');
  expect((await apply()).code).toBe(0);
  expect(await statements()).toHaveLength(2);
  expect((await retire('--accept-idle')).code).toBe(0);
  expect((await contents(harness.s3, source)).size).toBe(0);
});

it('takes up a freeze of its own whose state was lost, and unfreezes by the plan alone', async () => {
  const setting = await configuredSetting(harness);
  const { plan, makePlan, apply, unfreeze, configuration, before } = setting;
  await makePlan();
  expect((await apply()).code).toBe(0);
  const state = join(harness.folder, plan.replace('json', 'state.json'));
  await rm(state);
  expect((await unfreeze()).result).toMatchObject({ exit_code: 0, unfrozen: true });
  expect(await configuration()).toEqual(before);
  expect((await unfreeze()).result).toMatchObject({ exit_code: 0, unfrozen: false });
});
