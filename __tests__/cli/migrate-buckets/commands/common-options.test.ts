import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const NOWHERE = 'http://127.0.0.1:1';

it('takes the address of S3 and the profile from the command line', async () => {
  const { source } = await migrationSetting(harness, numbered(1));
  const credentials = join(harness.folder, 'profiles');
  await writeFile(credentials, '[three-am]\naws_access_key_id = local\naws_secret_access_key = secret\n');
  const environment = {
    AWS_ENDPOINT_URL_S3: NOWHERE,
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SHARED_CREDENTIALS_FILE: credentials,
  };
  const ask = (...more: string[]) =>
    harness.run(['authority', '--bucket', source, '--json', ...more], environment as never);
  const there = await ask('--endpoint-url', harness.endpoint, '--profile', 'three-am');
  expect(there.events.at(-1)).toMatchObject({ event: 'result', buckets: [{ name: source, objects: 1 }] });
  expect((await ask('--endpoint-url', harness.endpoint)).code).toBe(1);
  expect((await ask('--profile', 'three-am')).code).toBe(1);
});

it('says only the result with --quiet, and what fails', async () => {
  const { plan, makePlan, applyArguments } = await migrationSetting(harness, numbered(1));
  await makePlan();
  const quiet = await harness.run([...applyArguments, '--quiet']);
  expect(quiet).toMatchObject({ code: 0, stderr: '' });
  expect(quiet.stdout).not.toContain('›');
  const { events } = await harness.run([...applyArguments, '--quiet', '--json']);
  expect(events.map(({ event }) => event)).toEqual(['result']);
  const refused = await harness.run(['retire', plan, '--quiet', '--confirm', 'x']);
  // What the operator must know is no chatter.
  expect(refused.stdout).toContain('What that rests on');
});

it('tells programs how far it is, where they ask for that', async () => {
  const { makePlan, applyArguments, apply } = await migrationSetting(harness, numbered(3));
  await makePlan();
  const { events } = await harness.run([...applyArguments, '--json', '--progress']);
  expect(events).toContainEqual({
    event: 'progress',
    message: expect.stringMatching(/^copying \d of 3$/),
    task: 'copying',
    done: expect.any(Number),
    total: 3,
  });
  expect((await apply()).events.some(({ event }) => event === 'progress')).toBe(false);
});

it.each<[readonly string[], RegExp]>([
  [['plan', '--dest', 'x', '--out', ''], /--out <file>.* It must not be empty/],
  [['discover', '--bucket', ''], /It must not be empty/],
  [['discover', '--tag', '=x'], /It must not be empty/],
  [['discover', '--profile', ' '], /It must not be empty/],
  [['discover', '--expected-bucket-owner', '123'], /It must have twelve digits/],
  [['discover', '--endpoint-url', 'localhost:9000'], /It must be an address such as https/],
])('refuses an option that cannot be meant: %j', async (args, sentence) => {
  const { code, stderr } = await harness.run(args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(sentence) });
});

it('names a folder that was given as the file of a plan', async () => {
  const { source, destination } = await migrationSetting(harness, numbered(1));
  await mkdir(join(harness.folder, 'folder.json'));
  for (const out of ['.', 'folder.json']) {
    const args = ['plan', '--source', source, '--bucket', source, '--dest', destination, '--out', out];
    const { code, stderr } = await harness.run(args);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^\S+ is a folder\. Name the file of the plan with --out\./),
    });
  }
});
