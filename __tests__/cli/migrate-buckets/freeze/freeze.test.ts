import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const setting = (objects?: Readonly<Record<string, string>>) => migrationSetting(harness, objects);

it('denies writers during the freeze, then restores the policy byte for byte when it fails', async () => {
  const { source, makePlan, examine, apply } = await setting(numbered(4));
  const policy = `{"Version":"2012-10-17",\n "Statement": {"Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${source}"} }`;
  await harness.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy: policy }));
  await makePlan();
  await examine();
  await harness.admin.inject({ operation: 'ListObjectVersions', fail: 'InternalError', times: 0, nth: 1 });
  expect((await apply()).code).toBe(1);
  const { Policy } = await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(Policy).toBe(policy);
  await harness.admin.clearFaults();
  expect((await apply()).code).toBe(0);
  const writer = harness.clientOf('other-writer');
  await expect(
    writer.send(new PutObjectCommand({ Bucket: source, Key: 'x', Body: Buffer.from('x') })),
  ).rejects.toThrow(/explicit deny/);
  await harness.s3.send(
    new PutObjectCommand({ Bucket: source, Key: 'by-the-migrator', Body: Buffer.from('x') }),
  );
});

describe('a freeze that goes wrong', () => {
  const lifecycle = {
    Rules: [{ ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'ocr/' }, Expiration: { Days: 9 } }],
  };
  const configured = async () => {
    const made = await setting(numbered(2));
    const { source: Bucket } = made;
    const policy = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${Bucket}"}}`;
    await harness.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }));
    await harness.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: lifecycle }),
    );
    const configuration = async () => ({
      policy: (await harness.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
      rules: (await harness.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    });
    await made.makePlan();
    await made.examine();
    return { ...made, configuration, before: { policy, rules: lifecycle.Rules } };
  };
  const denied = { fail: 'AccessDenied', times: 0 } as const;

  it('lets the lifecycle go on when the policy may not be written', async () => {
    const { source, plan, apply, configuration, before } = await configured();
    await harness.admin.inject({ operation: 'PutBucketPolicy', ...denied });
    const { code, result } = await apply();
    expect({ code, message: result.message }).toEqual({
      code: 1,
      message: expect.stringContaining(`freeze ${source} by its policy`),
    });
    expect(await configuration()).toEqual(before);
    expect(await harness.read(plan.replace('.json', '.state.json'))).toContain('"phase": "copying"');
  });

  it('tells what went wrong first, and all that could not be put back; unfreeze then mends it', async () => {
    const { source, plan, apply, configuration, before } = await configured();
    await harness.admin.inject(
      { operation: 'ListObjectVersions', bucket: source, ...denied },
      { operation: 'PutBucketPolicy', nth: 2, ...denied },
      { operation: 'PutBucketLifecycleConfiguration', nth: 2, ...denied },
    );
    const { code, result, events } = await apply();
    expect(code).toBe(1);
    expect(result.message).toContain('list the versions in');
    const told = String(events.find(({ event }) => event === 'unfreeze-failed')?.message);
    expect(told).toContain(`write the lifecycle of ${source}`);
    expect(told).toContain(`restore the policy of ${source}`);
    expect(told).toContain('migrate-buckets unfreeze');
    // The lifecycle alone can be put back: it is.
    await harness.admin.clearFaults();
    await harness.admin.inject({ operation: 'PutBucketPolicy', ...denied });
    expect((await harness.run(['unfreeze', plan])).code).toBe(1);
    const half = await configuration();
    expect(half.rules).toEqual(before.rules);
    expect(half.policy).toContain('MigrateBucketsFreeze');
    await harness.admin.clearFaults();
    expect((await harness.run(['unfreeze', plan])).code).toBe(0);
    expect(await configuration()).toEqual(before);
  });
});

it('goes on after kill -9 while frozen, and can still restore the policy', async () => {
  const { source, destination, makePlan, applyArguments, plan } = await setting(numbered(3));
  await makePlan();
  const { child, done } = harness.start(['apply', plan, ...applyArguments.slice(2, 4), '--settle', '600']);
  await eventually('the source is frozen', async () =>
    (await harness.read(plan.replace('.json', '.state.json')).catch(() => '')).includes('"frozen"'),
  );
  child.kill('SIGKILL');
  await done;
  expect((await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).Policy).toContain(
    'MigrateBucketsFreeze',
  );
  expect(
    (await harness.json('plan', '--source', source, '--dest', destination, '--bucket', source, '--out', plan))
      .code,
  ).toBe(6);
  expect((await harness.run(['unfreeze', plan])).code).toBe(0);
  await expect(harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
    /policy does not exist/,
  );
});

it('unfreezes the source of a plan that an older release made, and says so where such a plan is refused', async () => {
  const { source, makePlan, plan, apply, verify } = await setting(numbered(2));
  await makePlan();
  expect((await apply()).code).toBe(0);
  const file = join(harness.folder, plan);
  const { created_at, ...older } = JSON.parse(await harness.read(plan));
  await writeFile(file, JSON.stringify({ ...older, version: 1, createdAt: created_at }));
  for (const refused of [await verify(), await apply()]) {
    expect(refused).toMatchObject({ code: 2, result: { event: 'error' } });
    expect(refused.result.message).toMatch(/is a plan of version 1.*migrate-buckets unfreeze/);
  }
  expect((await harness.json('unfreeze', plan)).result).toMatchObject({ exit_code: 0, unfrozen: true });
  await expect(harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
    /policy does not exist/,
  );
});

it('leaves no freeze of a killed call behind when the next one is stopped before it comes to its own', async () => {
  const { source, makePlan, applyArguments, plan, apply } = await setting(numbered(3));
  await makePlan();
  const killed = harness.start(['apply', plan, ...applyArguments.slice(2, 4), '--settle', '600']);
  await eventually('the source is frozen', async () =>
    (await harness.read(plan.replace('.json', '.state.json')).catch(() => '')).includes('"frozen"'),
  );
  killed.child.kill('SIGKILL');
  await killed.done;
  const policy = () => harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  // A refusal changes nothing.
  expect((await apply('--no-freeze')).code).toBe(6);
  expect((await policy()).Policy).toContain('Deny');

  const stoppedAtOnce = async () => {
    await harness.admin.inject({ operation: 'ListObjectVersions', delay: 3000, times: 0 });
    const { child, done } = harness.start([...applyArguments, '--json']);
    let told = '';
    child.stdout?.on('data', (chunk) => {
      told += chunk;
    });
    await eventually('it goes on', async () => told.includes('"resuming"'));
    child.kill('SIGINT');
    const { code } = await done;
    expect(code).toBe(130);
    await harness.admin.clearFaults();
  };
  await stoppedAtOnce();
  await expect(policy()).rejects.toThrow(/policy does not exist/);
  expect((await apply()).code).toBe(0);

  // What is verified waits for its retirement.
  await stoppedAtOnce();
  expect((await policy()).Policy).toContain('Deny');
});

it('lets one process work on a plan at a time, and leaves a source that is not frozen when it is stopped', async () => {
  const { source, makePlan, applyArguments, plan, apply } = await setting(numbered(3));
  await makePlan();
  const waiting = () => harness.start(['apply', plan, ...applyArguments.slice(2, 4), '--settle', '600']);
  const frozen = () =>
    eventually('the source is frozen', async () =>
      (await harness.read(plan.replace('.json', '.state.json')).catch(() => '')).includes('"frozen"'),
    );
  const policy = () => harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 75],
    // The terminal was closed.
    ['SIGHUP', 75],
  ] as const) {
    const { child, done } = waiting();
    await frozen();
    const second = await apply();
    expect(second.code).toBe(6);
    expect(second.result.message).toContain('works on this plan');
    child.kill(signal);
    const { code, stderr } = await done;
    expect(code).toBe(expected);
    expect(stderr).toMatch(/^Stopping, .* Again: at once\.\n/);
    expect(stderr).toContain('Run the same command again');
    await expect(policy()).rejects.toThrow(/policy does not exist/);
  }
  expect((await apply()).code).toBe(0);
});
