import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** D21: values for options from a file; nothing in it lets a safeguard pass. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
  for (const bucket of ['one', 'two', 'new']) {
    await createBucket(harness.s3, bucket);
    await put(harness.s3, bucket, 'lines/delta/x/delta.tar.gz', bucket);
  }
});
afterAll(() => harness?.stop());

const DEFAULT = 'migrate-buckets.config.json';
const configure = (config: unknown, name = DEFAULT) =>
  writeFile(join(harness.folder, name), typeof config === 'string' ? config : JSON.stringify(config));
afterEach(() => rm(join(harness.folder, DEFAULT), { force: true }));

const names = (result: Record<string, unknown>) =>
  (result.candidates as { name: string }[]).map(({ name }) => name).sort();

it('takes values from the file in the working folder, and says so', async () => {
  await configure({ bucket: ['one', 'two'] });
  const { result, events } = await harness.json('discover');
  expect(names(result)).toEqual(['one', 'two']);
  expect(events[0]).toEqual({
    event: 'configured',
    message: `Taken from ${DEFAULT}: bucket.`,
    path: DEFAULT,
    options: ['bucket'],
  });
  const { stdout, stderr } = await harness.run(['discover']);
  expect(stderr).toBe(`Taken from ${DEFAULT}: bucket.\n`);
  expect(stdout).not.toContain(DEFAULT);
});

it('takes the file that is named instead, and what stands under the command before what stands for all', async () => {
  await configure({ bucket: 'one' });
  await configure({ bucket: 'one', discover: { bucket: 'two' }, doctor: { settle: undefined } }, 'mine.json');
  expect(names((await harness.json('discover', '--config', 'mine.json')).result)).toEqual(['two']);
  expect(names((await harness.json('discover', '--config=mine.json')).result)).toEqual(['two']);
});

it('lets the command line win, also where an option may be given again and again', async () => {
  await configure({ bucket: ['one', 'two'], region: 'eu-west-1' });
  const { result, events } = await harness.json('discover', '--bucket', 'new');
  expect(names(result)).toEqual(['new']);
  expect(events[0]).toMatchObject({ options: ['region'] });
});

it('gives what a command cannot do without', async () => {
  await configure({ bucket: 'one', plan: { source: 'one', dest: 'new', overwrite: undefined } });
  const { events } = await harness.json('plan');
  expect(events.at(-1)).toMatchObject({
    exit_code: 6,
    message: expect.stringContaining('new holds something else'),
  });
});

it.each([
  ['{', 'is not a JSON object'],
  [[], 'is not a JSON object'],
  [{ reigon: 'x' }, 'names "reigon", which is not an option'],
  [{ retire: { dest: 'x' } }, 'names "dest", which is not an option of retire'],
  [{ retire: true }, 'has no object of options under "retire"'],
  [{ bucket: [true] }, 'gives "bucket" something else than a text or a number, or a list of such'],
  [{ region: ['a', 'b'] }, 'gives "region" something else than a text or a number'],
  [{ progress: 'yes' }, 'gives "progress" something else than true or false'],
  [
    { 'request-timeout': -1 },
    'gives "request-timeout" the value -1, which cannot be used: It must be a number, at least 0.1',
  ],
  [{ json: true }, 'sets "json", which belongs on the command line'],
])('refuses %j in a sentence', async (config, why) => {
  await configure(config);
  const { code, stdout, stderr } = await harness.run(['discover']);
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: `The configuration ${DEFAULT} ${why}. Mend it, or name another with --config.\n`,
  });
});

it('says of a file that was named and is not there', async () => {
  const { code, stderr } = await harness.run(['discover', '--config', 'none.json']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'The configuration none.json cannot be read (ENOENT). Mend it, or name another with --config.\n',
  });
});

it('takes no option that lets a safeguard pass, of whatever command', async () => {
  // Whoever adds an option decides on which side it stands.
  const typed = [
    'accept-expiry',
    'accept-listeners',
    'accept-idle',
    'accept-loss',
    'accept-missing',
    'accept-unchecked',
    'allow-source-changes',
    'break-lock',
    'confirm',
    'copy-back',
    'mode',
    'no-freeze',
    'overwrite',
    'principal',
    'purge',
    'quick',
    'read-pause',
    'restore',
    'settle',
    'soak',
  ];
  const free = [
    'against',
    'archive',
    'archive-as',
    'bucket',
    'certificate',
    'concurrency',
    'deep',
    'dest',
    'dry-run',
    'endpoint-url',
    'exclude',
    'expected-bucket-owner',
    'include',
    'include-stranded',
    'multipart-above',
    'name',
    'out',
    'profile',
    'progress',
    'quiet',
    'region',
    'request-timeout',
    'restore-days',
    'restore-tier',
    'second-profile',
    'source',
    'state',
    'tag',
    'verbose',
    'without-retire',
  ];
  const script = (await harness.run(['completion', 'fish'])).stdout;
  const declared = new Set([...script.matchAll(/ -l ([\w-]+)/g)].map(([, name]) => name));
  for (const name of ['config', 'json']) declared.delete(name);
  expect([...declared].sort()).toEqual([...typed, ...free].sort());
  for (const name of typed) {
    await configure({ [name]: true });
    const { code, stderr } = await harness.run(['discover']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `The configuration ${DEFAULT} sets "${name}", which has to be typed each time, since it lets a safeguard pass. Mend it, or name another with --config.\n`,
    });
  }
}, 60_000);
