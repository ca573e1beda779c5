import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Check } from '../../../../contracts/migrate-buckets/capabilities';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { type Moto, startMoto } from '../../../../packages/local-aws/__tests__/support/moto';
import { describeWith, MOTO } from '../../../../packages/local-aws/__tests__/support/requirements';
import { contents, createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { named } from '../doctor/examination';

let harness: CliHarness;
/** Where the profile of another principal stands. */
let profiles: Record<string, string>;
beforeAll(async () => {
  harness = await startCliHarness();
  const credentials = join(harness.folder, 'credentials');
  await writeFile(credentials, '[app]\naws_access_key_id = app\naws_secret_access_key = secret\n');
  profiles = { AWS_SHARED_CREDENTIALS_FILE: credentials };
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

let number = 0;
const pairOn = async (s3: S3Client) => {
  number++;
  const [source, destination] = [`doctor-old-${number}`, `doctor-new-${number}`];
  for (const bucket of [source, destination]) await createBucket(s3, bucket);
  return { source, args: ['doctor', '--source', source, '--dest', destination, '--settle', '0'] };
};
const checksOf = (result: Record<string, unknown>) => result.checks as Check[];

it('is done when it is all green against the embedded S3: all is proven, also by a second profile', async () => {
  const { source, args } = await pairOn(harness.s3);
  const { code, events } = await harness.run([...args, '--second-profile', 'app', '--json'], profiles);
  const result = events.at(-1) ?? {};
  expect({ code, message: result.message }).toMatchObject({ code: 0 });
  expect({ code, open: named(checksOf(result), 'missing', 'denied', 'unchecked') }).toEqual({
    code: 0,
    open: [],
  });
  expect((await contents(harness.s3, source)).size).toBe(0);
  const said = await harness.run([...args, '--second-profile', 'app'], profiles);
  expect(said.stdout).toContain('All is proven.');
});

it('shows a table that fits the terminal, and says of what is not proven why', async () => {
  const { args } = await pairOn(harness.s3);
  await harness.admin.inject({ operation: 'ListObjectVersions', fail: 'AccessDenied', times: 0 });
  const { code, stdout } = await harness.run(args);
  expect(code).toBe(1);
  const lines = stdout.split('\n');
  expect(Math.max(...lines.filter((line) => line.startsWith('│')).map((line) => line.length))).toBeLessThan(
    80,
  );
  expect(stdout).toMatch(
    /versions in doctor-new-\d+: denied\. Access was denied when asked to list the versions/,
  );
  expect(stdout).toContain('Denied to you: versions.');
  expect(stdout).toContain('Not checked: freeze-denial.');
});

it('refuses one bucket as both, and a bucket that does not exist', async () => {
  const { source } = await pairOn(harness.s3);
  expect(await harness.json('doctor', '--source', source, '--dest', source)).toMatchObject({ code: 2 });
  expect(await harness.json('doctor', '--source', source, '--dest', 'not-there')).toMatchObject({ code: 1 });
});

it('killed amid its trial, its statement is shown by status and taken away by unfreeze, and nothing else of the policy', async () => {
  const { source, args } = await pairOn(harness.s3);
  const Policy = `{"Version":"2012-10-17", "Statement":[{"Sid":"Mine","Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${source}"}]}`;
  await harness.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
  // What a doctor asks for once its statement is in the policy waits there, until it is killed.
  await harness.admin.inject({ operation: 'PutBucketPolicy', nth: 2, delay: 60_000 });
  const { child, done } = harness.start(args);
  await eventually(
    'the statement is to be taken out',
    async () => (await harness.admin.faults())[0]?.fired === 1,
  );
  child.kill('SIGKILL');
  await done;
  await harness.admin.clearFaults();
  const { stdout } = await harness.run(['status', '--source', source]);
  expect(stdout).toContain(`No statement freezes ${source}.`);
  expect(stdout).toContain('a doctor that broke off');
  expect(stdout).toContain(`migrate-buckets unfreeze --source ${source}`);
  const unfreeze = () => harness.json('unfreeze', '--source', source, '--confirm', source);
  expect(await unfreeze()).toMatchObject({
    code: 0,
    result: {
      unfrozen: true,
      steps: expect.arrayContaining([expect.stringContaining('a doctor that broke off')]),
    },
  });
  const left = await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(JSON.parse(left.Policy ?? '')).toEqual(JSON.parse(Policy));
  expect((await unfreeze()).result).toMatchObject({ unfrozen: false });
});

it('says in help that it writes, and where', async () => {
  const { stdout } = await harness.run(['doctor', '--help']);
  expect(stdout).toContain('.migrate-buckets/.probe/');
  const plan = await harness.run(['plan', '--help']);
  expect(plan.stdout.replace(/\s+/g, ' ')).toContain('apply, and doctor, prove the rest');
});

it('A3: plan writes nothing, records what reading shows, and refuses listings that cannot be trusted', async () => {
  const { source } = await pairOn(harness.s3);
  for (const key of ['a', 'b', 'c']) await put(harness.s3, source, key, 'x');
  const plan = ['plan', '--source', source, '--dest', source.replace('old', 'new'), '--bucket', source];
  await harness.admin.resetRequests();
  const { code, result } = await harness.json(...plan);
  expect(code).toBe(0);
  expect(
    Object.keys(await harness.admin.requests()).filter((name) => !/^(Get|Head|List)/.test(name)),
  ).toEqual([]);
  const { server } = result.plan as { server: Check[] };
  expect(named(server, 'proven')).toEqual(['listing', 'versions', 'expected-owner']);
  expect(named(server, 'missing', 'denied')).toEqual([]);
});

describeWith([MOTO], 'A3: against moto, doctor', () => {
  let moto: Moto;
  let s3: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    s3 = new S3Client({
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'secret' },
      forcePathStyle: true,
    });
  });
  afterAll(async () => {
    s3?.destroy();
    await moto?.stop();
  });

  it.each(['unversioned', 'versioned'])('names exactly what is missing, in %s buckets', async (kind) => {
    const { source, args } = await pairOn(s3);
    if (kind === 'versioned') {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      for (const Bucket of [source, source.replace('old', 'new')])
        await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
    const endpoint = moto.endpoint;
    const { code, events } = await harness.run([...args, '--json'], {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_STS: endpoint,
    });
    const checks = checksOf(events.at(-1) ?? {});
    expect({ code, missing: named(checks, 'missing') }).toEqual({
      code: 6,
      // Its policies know no conditions: the freeze would deny everybody, the operator, too.
      missing: [
        'expected-owner',
        'conditional-copy',
        'conditional-part-copy',
        'conditional-delete',
        'freeze-denial',
      ],
    });
    expect(named(checks, 'denied', 'unchecked')).toEqual([]);
    expect(events.at(-1)?.left).toEqual([]);
  });
});
