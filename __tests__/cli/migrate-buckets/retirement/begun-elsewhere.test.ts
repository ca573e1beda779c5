import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planFiles } from '../../../../cli/migrate-buckets/plan-files/plan-file';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, numbered } from '../migration-setting';

/** B4: the destination tells that a retirement began, to whoever has a copy of the plan. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

type Setting = Awaited<ReturnType<typeof migratedSetting>>;

/** The same plan at another operator's, with the files that he had copied before, and what he can do. */
async function copyOf({ plan, source }: Setting, ...files: readonly ('state' | 'journal' | 'versions')[]) {
  const [from, copy] = [planFiles(plan), `copy-of-${plan}`];
  for (const file of ['plan', 'manifest', ...files] as const) {
    await copyFile(join(harness.folder, from[file]), join(harness.folder, planFiles(copy)[file]));
  }
  return {
    apply: () => harness.json('apply', copy, '--confirm', source, '--settle', '0', '--allow-source-changes'),
    verify: (...more: string[]) => harness.json('verify', copy, ...more),
    rollBack: () => harness.json('rollback', copy, '--confirm', source),
  };
}

/** A retirement that stops at its first deletion. */
async function begin({ retire }: Setting): Promise<void> {
  await harness.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
  await retire('--accept-idle');
  await harness.admin.clearFaults();
}

it.each([[[]], [['state', 'journal', 'versions'] as const]])(
  'refuses what would take a half deleted source for the whole, with these files of before: %j',
  async (files) => {
    const setting = await migratedSetting(harness, numbered(3));
    const { apply, verify, rollBack } = await copyOf(setting, ...files);
    await begin(setting);
    const before = await contents(harness.s3, setting.destination);
    const applied = await apply();
    expect(applied.result).toMatchObject({
      exit_code: 6,
      message: expect.stringMatching(
        /^The retirement of \S+ has begun, so this plan cannot be applied again\. \S+@\S+ began it at \S+: run retire there/,
      ),
    });
    expect((await rollBack()).result).toMatchObject({
      exit_code: 6,
      message: expect.stringContaining(`The retirement of ${setting.source} has begun, so that only`),
    });
    // What was verified before is a proof for whoever has it.
    expect(await verify()).toMatchObject(
      files.length > 0
        ? { code: 0, result: { objects: 3, proven: true } }
        : { code: 6, result: { message: expect.stringContaining('is not beside the plan') } },
    );
    expect(await verify('--deep')).toMatchObject({ code: 6 });
    expect(await contents(harness.s3, setting.destination)).toEqual(before);

    expect(await setting.retire('--accept-idle')).toMatchObject({ code: 0 });
    expect((await apply()).result).toMatchObject({
      exit_code: 6,
      message: `${setting.source} is retired: there is nothing left to apply.`,
    });
  },
);

it('lets a new plan of what is left go its way, and still refuses the old one', async () => {
  const setting = await migratedSetting(harness, numbered(3));
  const { source, destination, plan } = setting;
  const old = await copyOf(setting);
  await begin(setting);
  expect(await harness.json('unfreeze', plan)).toMatchObject({ code: 0 });
  const migrate = async (path: string) => {
    const named = ['--source', source, '--bucket', source, '--dest', destination, '--out', path];
    expect(await harness.json('plan', ...named)).toMatchObject({ code: 0 });
    const args = [path, '--confirm', source];
    expect(await harness.json('apply', ...args, '--settle', '0')).toMatchObject({ code: 0 });
    const gates = ['--soak', '0', '--accept-unchecked', 'state', '--accept-idle'];
    return () => harness.json('retire', ...args, ...gates);
  };
  await begin({ ...setting, retire: await migrate(`new-${plan}`) });
  expect(await harness.json('unfreeze', `new-${plan}`)).toMatchObject({ code: 0 });
  // Of the same objects as the one before it, all of them copied already, so that only its moment tells them apart.
  const retire = await migrate(`newer-${plan}`);
  expect(await old.apply()).toMatchObject({ code: 6 });
  expect(await retire()).toMatchObject({ code: 0 });
});
