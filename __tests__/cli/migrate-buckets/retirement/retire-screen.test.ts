import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { describeWith } from '../../../../packages/local-aws/__tests__/support/requirements';
import { contents, put, putDecoys } from '../../../support/old-buckets';
import { type CliHarness, PSEUDO_TERMINAL, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const LONG = `lines/delta/${'a-very-long-name-'.repeat(9)}/delta.tar.gz`;
const RETIRE = ['--soak', '0', '--accept-unchecked', 'state', '--accept-idle'];

const OVERRIDDEN = '› Every gate holds, but for what you override: state, in-use.';

const migrated = (versioned: boolean) =>
  migratedSetting(harness, async (source) => {
    const { s3 } = harness;
    if (versioned) {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
      await put(s3, source, 'a', 'an older version');
    }
    await put(s3, source, 'a', 'x'.repeat(2048));
    await put(s3, source, LONG, 'x');
    await putDecoys(s3, source);
  });

/** The lines of the screen that stand before another. */
const before = (stdout: string, line: string) => stdout.slice(0, stdout.indexOf(line));

it('tells before it does anything how many objects and bytes go, and what each gate rests on, in 80 columns (D20)', async () => {
  const { source, destination, plan } = await migrated(true);
  const { code, stdout } = await harness.run(['retire', plan, '--purge', '--confirm', source, ...RETIRE]);
  expect(code).toBe(0);
  const screen = before(stdout, OVERRIDDEN);
  expect(screen.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(screen).toContain(`Retire ${source} (empty-keep); its copy is ${destination}`);
  expect(screen).toMatch(/2 objects +2\.0 KiB +DELETED for good/);
  expect(screen).toMatch(/6 decoys +112 B +deleted for good without a copy/);
  expect(screen).toMatch(/1 older version +16 B +DELETED for good, though they were NOT copied/);
  expect(screen).toMatch(/holds +verified +2 objects were verified at/);
  expect(screen).toMatch(/OVERRIDDEN +state +By --accept-unchecked state\. Not checked\./);
  expect(screen).toMatch(/OVERRIDDEN +in-use +By --accept-idle\. The pipeline wrote/);
  expect(stdout.match(/OVERRIDDEN +state/g)).toHaveLength(1);
});

it('says what is hidden and what is kept where the versions stay', async () => {
  const { source, plan } = await migrated(true);
  const { code, stdout } = await harness.run(['retire', plan, '--confirm', source, ...RETIRE]);
  expect(code).toBe(0);
  const screen = before(stdout, OVERRIDDEN);
  expect(screen).toMatch(/2 objects +2\.0 KiB +HIDDEN under delete markers/);
  expect(screen).toMatch(/1 older version +16 B +stay/);
  expect(stdout).toContain('8 objects were hidden under delete markers.');
});

it('shows gates that fail, whatever they name, within 80 columns, and nothing is deleted', async () => {
  const { source, destination, plan } = await migrated(false);
  await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: LONG }));
  const { code, stdout } = await harness.run(['retire', plan, '--confirm', source, ...RETIRE]);
  expect(code).toBe(6);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toMatch(/FAILS +proven +1 of 2 objects is not proven/);
  expect(stdout.replaceAll(/\n +/g, '')).toContain(LONG);
  expect(stdout).toContain('› 1 of 18 gates fails: proven.');
  expect(stdout.trim().split('\n').at(-1)).toBe('Refused: nothing was deleted.');
});

it('says what is left and why, and never that a bucket is empty which is not (B5)', async () => {
  const { source, plan } = await migrated(false);
  await harness.admin.inject({
    operation: 'DeleteObjects',
    mutate: { put: { bucket: source, key: 'late', body: 'late' } },
  });
  const { code, stdout } = await harness.run(['retire', plan, '--confirm', source, ...RETIRE]);
  expect(code).toBe(7);
  expect(stdout).not.toContain('is empty');
  expect(stdout).toContain(
    `${source} is not empty: 1 version (4 B) is left. 1 came after the verification and is not ours to delete (late).`,
  );
  expect(stdout).toContain('run unfreeze, make a new plan');
  expect([...(await contents(harness.s3, source)).keys()]).toEqual(['late']);
});

it.each([[[], true] as const, [['--no-freeze'], false] as const])(
  'says of a bucket that it only marked whether it stays frozen, applied with %j',
  async (options, frozen) => {
    const { source, plan, makePlan, apply } = await migrationSetting(harness, { a: 'a' });
    await makePlan();
    expect(await apply(...options)).toMatchObject({ code: 0 });
    const soft = ['--mode', 'soft', '--confirm', source, ...RETIRE];
    const { code, stdout } = await harness.run(['retire', plan, ...soft]);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toBe(
      frozen
        ? `${source} is marked as retired. It stays frozen, with all it holds.`
        : `${source} is marked as retired, with all it holds. It is not frozen: others may write to it.`,
    );
  },
);

describeWith([PSEUDO_TERMINAL], 'On a terminal', () => {
  it('the screen stands before the question, and what changes while it waits is seen (A1)', async () => {
    const { source, destination, plan } = await migrated(false);
    const { child, done } = harness.startOnTerminal(['retire', plan, ...RETIRE]);
    let seen = '';
    while (!seen.includes(`Type ${source} to DELETE 2 objects (2.0 KiB) for good:`)) {
      const [chunk] = (await once(child.stdout ?? child, 'data')) as [string];
      seen += stripVTControlCharacters(chunk);
    }
    expect(seen.indexOf('OVERRIDDEN')).toBeLessThan(seen.indexOf(`Type ${source}`));
    expect(seen.indexOf('DELETED for good')).toBeLessThan(seen.indexOf(`Type ${source}`));
    await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: 'a' }));
    child.stdin?.write(`${source}\r`);
    const { code, stdout } = await done;
    expect(code).toBe(6);
    expect(stripVTControlCharacters(stdout)).toContain('gates fails: proven.');
    expect((await contents(harness.s3, source)).has('a')).toBe(true);
  });
});
