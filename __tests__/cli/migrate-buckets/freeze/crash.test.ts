import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { type CliHarness, type RunningCli, startCliHarness } from '../cli-harness';
import { configuredSetting } from './configured-setting';

let harness: CliHarness;
beforeAll(async () => {
  // A configuration that is not consistent at once is read ten times: there are more moments to be killed at.
  harness = await startCliHarness({ eventualConfiguration: { staleReads: 0 } });
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

/** Kills the process at a request: it waits there, before it is done or after. */
async function killAt(operation: string, nth: number, start: () => RunningCli): Promise<void> {
  await harness.admin.inject({ operation, nth, delay: 60_000 });
  const { child, done } = start();
  await eventually(
    `${operation} ${nth} is asked for`,
    async () => (await harness.admin.faults())[0]?.fired === 1,
  );
  child.kill('SIGKILL');
  await done;
  await harness.admin.clearFaults();
}

/** The last read of the configuration before the freeze, each write, and the reads after it. */
const FREEZING = [
  ['GetBucketLifecycleConfiguration', 11],
  ['PutBucketLifecycleConfiguration', 1],
  ['PutBucketPolicy', 1],
  ['GetBucketPolicy', 12],
  ['ListObjectVersions', 1],
] as const;

it.each(FREEZING)(
  'killed amid the freeze at %s %i, the source can be unfrozen, and the migration goes on',
  async (operation, nth) => {
    const setting = await configuredSetting(harness);
    const { source, makePlan, examine, apply, applyArguments, unfreeze, configuration, before } = setting;
    await makePlan();
    await examine();
    await killAt(operation, nth, () => harness.start(applyArguments));
    expect((await unfreeze()).code).toBe(0);
    expect(await configuration()).toEqual(before);
    expect(await apply()).toMatchObject({ code: 0, result: { verification: { proven: true } } });
    expect((await harness.json('unfreeze', '--source', source, '--confirm', source)).code).toBe(0);
    expect(await configuration()).toEqual(before);
  },
);

const UNFREEZING = [
  ['PutBucketLifecycleConfiguration', 1],
  ['PutBucketPolicy', 1],
  ['GetBucketPolicy', 11],
] as const;

it.each(UNFREEZING)(
  'killed amid the unfreeze at %s %i, it is unfrozen by the same command',
  async (operation, nth) => {
    const { plan, makePlan, apply, unfreeze, configuration, before } = await configuredSetting(harness);
    await makePlan();
    expect((await apply()).code).toBe(0);
    await killAt(operation, nth, () => harness.start(['unfreeze', plan]));
    expect((await unfreeze()).code).toBe(0);
    expect(await configuration()).toEqual(before);
  },
);
