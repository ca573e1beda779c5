import { snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { createBucket, put, putDelta } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting, numbered } from '../migration-setting';

/** D20: tables fit the terminal, the verdict stands first, and --verbose says the rest. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

/** As long as a bucket's name can be. */
const LONG = ['chroma-old', 'chroma-new'].map((name) => `${name}-${'x'.repeat(52)}`) as [string, string];
const [OLD, NEW] = LONG;
beforeAll(async () => {
  for (const bucket of LONG) await createBucket(harness.s3, bucket);
  for (let delta = 0; delta < 25; delta++) await putDelta(harness.s3, OLD, 'lines', `delta-${delta}`);
  await put(harness.s3, OLD, snapshotPointerKey('words'), '20260101_000000');
});

const said = async (...args: string[]) => (await harness.run(args)).stdout;
/** Rows of tables and lists that no terminal of 80 columns holds. Sentences go on in the next line by themselves. */
const tooWide = (screen: string) =>
  screen
    .split('\n')
    .filter((line) => line.length > 80 && (/[│├┌]/.test(line) || /^ {2}(?:pass|FAIL|neutral) /.test(line)));

it('compares candidates in 80 columns whatever they are called, the verdict first', async () => {
  const screen = await said('authority', '--bucket', OLD, '--bucket', NEW);
  expect(tooWide(screen)).toEqual([]);
  expect(screen.split('\n')[0]).toMatch(/truth/);
  expect(screen).toContain(`  A is ${NEW}`);
  expect(screen).toContain(`  B is ${OLD}`);
  expect(screen).toMatch(/FAIL +B lines +pointer-exists: /);
  const verbose = await said('authority', '--bucket', OLD, '--bucket', NEW, '--verbose');
  expect(tooWide(verbose)).toEqual([]);
  expect(screen).toMatch(/pass +B words +pointer-exists, pointer-parses$/m);
  expect(verbose).toMatch(/pass +B words +pointer-exists: /);
});

it('names the permissions of a plan and what was seen of the server only where all is wanted', async () => {
  const plan = ['plan', '--source', OLD, '--dest', NEW, '--bucket', OLD];
  const screen = await said(...plan);
  expect(tooWide(screen)).toEqual([]);
  expect(screen).toContain('The permissions that it takes: migrate-buckets iam-policy plan.json');
  expect(screen).not.toContain('s3:ListBucketVersions');
  const verbose = await said('show', 'plan.json', '--verbose');
  expect(verbose).toContain('s3:ListBucketVersions');
  expect(verbose).toContain(`listing in ${OLD}: proven.`);
});

it('shows what the server can do in 80 columns, and the evidence of what is proven on request', async () => {
  const doctor = ['doctor', '--source', OLD, '--dest', NEW, '--settle', '0'];
  const screen = await said(...doctor);
  expect(tooWide(screen)).toEqual([]);
  expect(screen.split('\n')[0]).toBe('Not checked: freeze-denial.');
  expect(screen).toContain(`  A is ${NEW}`);
  expect(screen).not.toContain('Refused with 412');
  expect(await said(...doctor, '--verbose')).toContain(
    `conditional-delete in ${OLD}: proven. Refused with 412`,
  );
});

it('shows twenty of what is missing, and all that is known on request', async () => {
  await createBucket(harness.s3, 'empty');
  const verify = ['verify', '--source', OLD, '--dest', 'empty'];
  const named = (screen: string) => screen.split('\n').filter((line) => line.startsWith('  P0 ')).length;
  const screen = await said(...verify);
  expect([named(screen), screen]).toEqual([
    20,
    expect.stringContaining('  and 6 more (--verbose names all)'),
  ]);
  const verbose = await said(...verify, '--verbose');
  expect(named(verbose)).toBe(26);
  expect(verbose).not.toContain('more (');
});

it('shows with --verbose what was verified, and by whom it is frozen', async () => {
  const { plan } = await migratedSetting(harness, numbered(2));
  expect(await said('show', plan)).not.toContain('Frozen at');
  expect(await said('show', plan, '--verbose')).toMatch(
    /Frozen at .* by .*@.*\.\n2 objects were verified at .*2 P3/,
  );
});

it('is not taken together with --quiet', async () => {
  await put(harness.s3, OLD, 'x', 'x');
  const { code, stderr } = await harness.run(['authority', '--bucket', OLD, '--verbose', '--quiet']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "Option '--verbose' cannot be used with option '--quiet'. --help shows how it is called.\n",
  });
});

it('D21: says with --verbose how many requests of the copies were sent again, and at which pace', async () => {
  const { source, plan, makePlan, applyArguments } = await migrationSetting(harness, numbered(6));
  expect((await makePlan()).code).toBe(0);
  await harness.admin.inject({ operation: 'CopyObject', keyPrefix: 'lines/', fail: 'SlowDown', times: 2 });
  const slowed = await harness.run([...applyArguments, '--verbose']);
  expect(slowed.code).toBe(0);
  expect(slowed.stdout.replace(/\s+/g, ' ')).toMatch(
    /2 requests had to be sent again while objects were copied; up to \d+ at a time were allowed at the end\./,
  );
  expect((await harness.json('unfreeze', plan)).code).toBe(0);
  const again = await harness.run([...applyArguments, '--verbose']);
  expect(again.stdout.replace(/\s+/g, ' ')).toContain(
    'Nothing had to be sent again while objects were copied; up to',
  );
  expect(again.stdout).toContain(source);
});
