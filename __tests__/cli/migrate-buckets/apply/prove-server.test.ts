import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { contents, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

const ME = 'arn:aws:iam::000000000000:user/local';

/** The CLI against a server with a quirk, for one suite. */
function useQuirkyServer(
  ...quirks: NonNullable<NonNullable<Parameters<typeof startCliHarness>[0]>['quirks']>
) {
  const used = {} as { harness: CliHarness };
  beforeAll(async () => {
    used.harness = await startCliHarness({ quirks });
  });
  afterAll(() => used.harness?.stop());
  return used;
}

describe('A3: a server that ignores the conditions of copies', () => {
  const used = useQuirkyServer('ignores-copy-conditions');

  it('is refused by name before anything is copied, and accepted only towards a frozen destination', async () => {
    const { harness } = used;
    const { source, destination, plan, makePlan, apply, verify, retire } = await migrationSetting(
      harness,
      numbered(3),
    );
    expect(await makePlan()).toMatchObject({ code: 0 });
    const refused = await apply();
    expect(refused.code).toBe(6);
    expect(refused.result.message).toMatch(
      new RegExp(
        `^${destination} lacks conditional-copy: It took a copy .*--accept-missing conditional-copy\\.$`,
      ),
    );
    const open = await apply('--accept-missing', 'conditional-copy');
    expect(open).toMatchObject({ code: 6 });
    expect(open.result.message).toContain('frozen against everybody else');
    expect((await contents(harness.s3, destination)).size).toBe(0);

    // A statement of the operator's own: by one of ours it would be the source of another migration.
    const statement = { ...freezeStatement(destination, [ME]), Sid: 'OnlyWhoMigrates' };
    const Policy = freezePolicy(null, destination, statement);
    await harness.s3.send(new PutBucketPolicyCommand({ Bucket: destination, Policy }));
    const applied = await apply('--accept-missing', 'conditional-copy');
    expect(applied).toMatchObject({ code: 0 });

    // What was accepted is recorded, and said again in every later step.
    const told = expect.objectContaining({ event: 'accepted-missing', capability: 'conditional-copy' });
    expect(applied.events).toContainEqual(told);
    expect((await apply()).events).toContainEqual(told);
    expect((await verify()).events).toContainEqual(told);
    const shown = await harness.run(['show', plan]);
    expect(shown.stdout).toContain('Without conditional-copy, as you accepted: another writer');
    const { state } = (await harness.json('show', plan)).result as {
      state: { server: { accepted_missing: unknown } };
    };
    expect(state.server.accepted_missing).toEqual([
      { capability: 'conditional-copy', at: expect.any(String) },
    ]);
    const retired = await retire('--accept-idle');
    expect(retired.events).toContainEqual(told);
    expect(retired.result.gates).toContainEqual({
      name: 'server',
      passed: true,
      overridden: true,
      evidence: expect.stringContaining('conditional-copy (another writer'),
    });
    expect((await contents(harness.s3, source)).size).toBe(0);
  });
});

describe('A3: a server that ignores the conditions of deletions', () => {
  const used = useQuirkyServer('ignores-delete-conditions');

  it('is accepted for copying, and never for retiring a bucket without versions', async () => {
    const { harness } = used;
    const { source, makePlan, apply, retire } = await migrationSetting(harness, numbered(3));
    await makePlan();
    expect((await apply()).result.message).toContain('conditional-delete');
    expect(await apply('--accept-missing', 'conditional-delete')).toMatchObject({ code: 0 });
    const refused = await retire('--accept-idle');
    expect(refused.code).toBe(6);
    expect(
      (refused.result.gates as { name: string; passed: boolean }[]).filter(({ passed }) => !passed),
    ).toEqual([expect.objectContaining({ name: 'conditional-delete' })]);
    expect((await contents(harness.s3, source)).size).toBe(3);
  });
});

describe('A3: a server that takes whoever is expected for the owner', () => {
  const used = useQuirkyServer('ignores-expected-owner');

  it('makes the gate of the owner say that it was not checked', async () => {
    const { makePlan, apply, retire } = await migrationSetting(used.harness, numbered(1));
    await makePlan();
    expect((await apply()).result.message).toContain('--accept-missing expected-owner');
    expect(await apply('--accept-missing', 'expected-owner')).toMatchObject({ code: 0 });
    const { code, result } = await retire('--accept-idle');
    expect(code).toBe(0);
    expect(result.gates).toContainEqual({
      name: 'owner',
      passed: true,
      overridden: true,
      evidence: expect.stringContaining('was not checked'),
    });
  });
});

describe('C14: a server that refuses the actions of replication', () => {
  const used = useQuirkyServer('refuses-replicate-actions');

  it('is frozen without them, and unfrozen again', async () => {
    const { harness } = used;
    const { source, plan, makePlan, apply } = await migrationSetting(harness, numbered(2));
    await makePlan();
    expect(await apply()).toMatchObject({ code: 0 });
    const { Policy = '' } = await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
    expect(Policy).toContain('MigrateBucketsFreeze');
    expect(Policy).not.toContain('s3:Replicate');
    const writer = harness.clientOf('other-writer');
    await expect(put(writer, source, 'x', 'x')).rejects.toThrow(/explicit deny/);
    expect((await harness.json('unfreeze', plan)).result).toMatchObject({ exit_code: 0, unfrozen: true });
    await put(writer, source, 'x', 'x');
    writer.destroy();
  });
});

describe('A3: a server whose policies deny nothing', () => {
  const used = useQuirkyServer('ignores-policies');

  it('cannot freeze: C14: an idle source is migrated with --no-freeze, which every later step says', async () => {
    const { harness } = used;
    const { source, plan, makePlan, apply, verify, retire } = await migrationSetting(harness, numbered(3));
    await makePlan();
    const said = await apply('--no-freeze');
    expect(said).toMatchObject({ code: 0 });
    const told = expect.objectContaining({
      event: 'not-frozen',
      message: expect.stringContaining('is not copied'),
    });
    expect(said.events).toContainEqual(told);
    expect(await harness.admin.requests()).not.toHaveProperty('PutBucketPolicy');
    expect((await verify()).events).toContainEqual(told);
    expect((await harness.run(['show', plan])).stdout).toContain('(--no-freeze)');
    const retired = await retire('--accept-idle');
    expect(retired.code).toBe(0);
    expect(retired.result.gates).toContainEqual({
      name: 'freeze',
      passed: true,
      overridden: true,
      evidence: expect.stringContaining('never frozen'),
    });
    expect((await contents(harness.s3, source)).size).toBe(0);
  });
});

describe('C14: without a freeze', () => {
  const used = useQuirkyServer();

  it('what is written after the verification is noticed, and survives', async () => {
    const { harness } = used;
    const { source, makePlan, apply, retire } = await migrationSetting(harness, numbered(2));
    await makePlan();
    expect(await apply('--no-freeze')).toMatchObject({ code: 0 });
    await put(harness.s3, source, 'late', 'late');
    expect(await retire('--accept-idle')).toMatchObject({ code: 6 });
    expect((await contents(harness.s3, source)).size).toBe(3);
    // What was verified before counts for nothing once apply has begun again.
    await harness.admin.inject({ operation: 'CopyObject', fail: 'AccessDenied', times: 0 });
    expect(await apply('--no-freeze', '--allow-source-changes')).toMatchObject({ code: 1 });
    await harness.admin.clearFaults();
    expect(await retire('--accept-idle')).toMatchObject({ code: 6 });
    // And a later apply may freeze after all.
    expect(await apply()).toMatchObject({ code: 0 });
    const { Policy } = await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
    expect(Policy).toContain('MigrateBucketsFreeze');
    const frozen = await apply('--no-freeze');
    expect(frozen).toMatchObject({ code: 6 });
    expect(frozen.result.message).toContain('is frozen by this plan already');
  });
});
