import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeadObjectCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { createBucket, put, putDecoys, putDelta, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

const COMMAND = ['--no-install', 'migrate-buckets'];

let harness: CliHarness;

beforeAll(async () => {
  harness = await startCliHarness({ principals: { stranger: 'arn:aws:iam::999999999999:user/stranger' } });
  for (const bucket of ['chroma-a', 'chroma-new']) await createBucket(harness.s3, bucket);
  await put(harness.s3, 'chroma-a', 'lines/delta/x/delta.tar.gz', 'x');
});
afterAll(() => harness?.stop());

/** One sentence on stderr, nothing on stdout, no stack. */
async function expectSentence(args: readonly string[], code: number, sentence: RegExp, environment = {}) {
  const ended = await harness.run(args, environment);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({
    code,
    stderr: expect.stringMatching(sentence),
  });
  expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  expect(ended.stderr).not.toMatch(/ at .*:\d+:\d+/);
}

it('answers help by npx, from any folder', () => {
  const folder = join(__dirname, '..', '..', '..', '..', 'contracts');
  const { status, stdout } = spawnSync('npx', COMMAND, {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stdout).toContain('The way through');
});

it('explains every command with examples and exit codes', async () => {
  const commands = ['discover', 'authority', 'plan', 'show', 'apply', 'verify', 'retire', 'unfreeze'];
  for (const name of commands) {
    const { code, stdout } = await harness.run([name, '--help']);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('130  Ctrl-C');
  }
});

it('says that a bucket does not exist', () =>
  expectSentence(
    ['plan', '--source', 'chroma-a', '--dest', 'no-such-bucket'],
    1,
    /no-such-bucket does not exist/,
  ));

it('says that there are no credentials', () =>
  expectSentence(
    ['plan', '--source', 'chroma-a', '--dest', 'chroma-new'],
    1,
    /No AWS credentials were found/,
    {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
    },
  ));

it('says that nobody answers', () =>
  expectSentence(['plan', '--source', 'chroma-a', '--dest', 'chroma-new'], 1, /could not be reached/, {
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
  }));

it('refuses one bucket as both ends, and another owner', async () => {
  await expectSentence(
    ['plan', '--source', 'chroma-a', '--dest', 'chroma-a'],
    6,
    /both source and destination/,
  );
  await expectSentence(
    ['plan', '--source', 'chroma-a', '--dest', 'chroma-new', '--expected-bucket-owner', '111111111111'],
    1,
    /denied.*111111111111/,
  );
});

it('refuses a bucket of another account unless its owner is named', async () => {
  const stranger = harness.clientOf('stranger');
  await createBucket(stranger, 'chroma-foreign');
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: '000000000000' },
        Action: 's3:*',
        Resource: ['arn:aws:s3:::chroma-foreign', 'arn:aws:s3:::chroma-foreign/*'],
      },
    ],
  };
  await stranger.send(
    new PutBucketPolicyCommand({ Bucket: 'chroma-foreign', Policy: JSON.stringify(policy) }),
  );
  await expectSentence(
    ['plan', '--source', 'chroma-a', '--bucket', 'chroma-a', '--dest', 'chroma-foreign'],
    6,
    /does not belong to your account 000000000000/,
  );
});

it('says that the server does not tell whose a bucket is', async () => {
  const plan = ['plan', '--source', 'chroma-a', '--bucket', 'chroma-a', '--dest', 'chroma-new'];
  await harness.admin.resetRequests();
  await harness.json(...plan);
  const { HeadBucket: asked = 0 } = await harness.admin.requests();
  // The last questions that it asks of the two.
  await harness.admin.inject({ operation: 'HeadBucket', nth: asked - 1, times: 0, fail: 'InternalError' });
  await expectSentence(
    plan,
    1,
    /find out whether chroma-(a|new) belongs to the account 0{12}: .*HTTP status 500/,
  );
  await harness.admin.clearFaults();
});

it('names a bucket that may not be read instead of passing it over', async () => {
  await createBucket(harness.s3, 'chroma-locked');
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::chroma-locked' },
    ],
  };
  await harness.s3.send(
    new PutBucketPolicyCommand({ Bucket: 'chroma-locked', Policy: JSON.stringify(policy) }),
  );
  const { code, result } = await harness.json('discover', '--bucket', 'chroma-locked');
  expect(code).toBe(0);
  expect(JSON.stringify(result.candidates)).toContain('Access to the bucket chroma-locked is denied');
  await expectSentence(
    ['authority', '--bucket', 'chroma-locked', '--bucket', 'chroma-a'],
    1,
    /chroma-locked is denied/,
  );
});

it('says what is wrong with a plan', async () => {
  const file = (name: string, text: string) => writeFileSync(join(harness.folder, name), text);
  await expectSentence(['apply', 'nowhere.json'], 2, /no plan at nowhere\.json/);
  file('broken.json', '{ not json');
  await expectSentence(['apply', 'broken.json'], 2, /not JSON/);
  file('other.json', '{"version":7}');
  await expectSentence(['verify', 'other.json'], 2, /other\.json is not a plan \(version/);
  const elsewhere = [
    '--source',
    'chroma-a',
    '--bucket',
    'chroma-a',
    '--dest',
    'chroma-new',
    '--out',
    'no/p.json',
  ];
  await expectSentence(['plan', ...elsewhere], 2, /no\/p\.lock cannot be written \(ENOENT\)/);
  mkdirSync(join(harness.folder, 'sub'));
  expect(
    (
      await harness.json(
        'plan',
        '--source',
        'chroma-a',
        '--bucket',
        'chroma-a',
        '--dest',
        'chroma-new',
        '--out',
        'sub/p.json',
      )
    ).code,
  ).toBe(0);
  await expectSentence(['apply', 'sub/p.json'], 2, /no terminal.*--confirm chroma-a/);
  await expectSentence(['apply', 'sub/p.json', '--confirm', 'chroma-b'], 6, /is not chroma-a/);
  const manifest = await harness.read('sub/p.manifest.ndjson');
  file('sub/p.manifest.ndjson', manifest.replace('"size":1', '"size":2'));
  await expectSentence(
    ['apply', 'sub/p.json', '--confirm', 'chroma-a'],
    5,
    /not the manifest that the plan was made with/,
  );
});

it.each([
  ['{"name":"x","version":"1.0.0"}', /is not a plan \(version: .*Make one with/],
  ['[]', /is not a plan \(the whole: .*Make one with/],
  ['{', /is not a plan \(it is not JSON\)\. Make one with/],
])('says why %s is not a plan', async (text, sentence) => {
  writeFileSync(join(harness.folder, 'strange.json'), text);
  await expectSentence(['show', 'strange.json'], 2, sentence);
  await expectSentence(['unfreeze', 'strange.json'], 2, sentence);
});

it('advises to leave a bucket out only where it was not asked for by name', async () => {
  const { stderr } = await harness.run(['authority', '--bucket', 'nope']);
  expect(stderr).toContain('nope does not exist');
  expect(stderr).not.toContain('To leave it out');
});

it('names no path of a plan where none was made', async () => {
  for (const bucket of ['even-a', 'even-b']) await createBucket(harness.s3, bucket);
  const { code, result } = await harness.json('plan', '--name', 'even-*', '--dest', 'chroma-new');
  expect({ code, path: result.path, plan: result.plan }).toEqual({ code: 4, path: null, plan: null });
});

it('says what is wrong with an option', async () => {
  await expectSentence(['retire', 'p.json', '--mode', 'burn'], 2, /--mode.*empty-keep/);
  await expectSentence(['apply', 'p.json', '--settle', 'soon'], 2, /--settle/);
  // A timer of more milliseconds than 31 bits hold would end at once.
  for (const settle of ['1e7', '86401', '-1', 'Infinity', '']) {
    await expectSentence(['apply', 'p.json', '--settle', settle], 2, /--settle.*a number from 0 to 86400\./);
  }
  expect((await harness.run(['plan'])).code).toBe(2);
  await expectSentence(['help', 'frobnicate'], 2, /^There is no such command\./);
  await expectSentence(['frobnicate'], 2, /Unknown command 'frobnicate'/);
  expect((await harness.json('plan')).result).toMatchObject({ event: 'error', exit_code: 2 });
  await expectSentence(['apply', 'p.json', '--principal', 'me'], 2, /--principal.*ARN/);
  await expectSentence(['discover', '--state', 'missing.tfstate'], 2, /no state file at missing\.tfstate/);
});

it('takes evidence from state files, and says what they say', async () => {
  writeFileSync(
    join(harness.folder, 'a.tfstate'),
    JSON.stringify({
      version: 4,
      resources: [
        { type: 'aws_s3_bucket', name: 'chroma', instances: [{ attributes: { bucket: 'chroma-a' } }] },
      ],
    }),
  );
  const { result } = await harness.json('discover', '--bucket', 'chroma-a', '--state', 'a.tfstate');
  expect(JSON.stringify(result.candidates)).toContain('a.tfstate: aws_s3_bucket.chroma declares it');
});

describe('the truth', () => {
  it('is not guessed between two that cannot be told apart, nor given to an empty snapshot or to decoys', async () => {
    const { s3 } = harness;
    const [full, empty] = [await makeSnapshot(2), await makeSnapshot(0)];
    for (const bucket of ['twin-a', 'twin-b', 'hollow', 'decoys']) await createBucket(s3, bucket);
    // In one second of S3's clock: else the later one would be ahead.
    await eventually('both twins were written in the same second', async () => {
      const written = ['twin-a', 'twin-b'].map(async (Bucket) => {
        await putSnapshot(s3, Bucket, 'lines', '20260101_000000', full);
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key: snapshotPointerKey('lines') }));
        return head.LastModified?.getTime();
      });
      const [a, b] = await Promise.all(written);
      return a === b;
    });
    const alike = await harness.json('authority', '--name', 'twin-*');
    expect(alike.code).toBe(4);

    await putDecoys(s3, 'decoys');
    await putSnapshot(s3, 'hollow', 'lines', '20270101_000000', empty);
    await putDelta(s3, 'twin-a', 'lines', 'one');
    await putDelta(s3, 'twin-a', 'lines', 'two');
    const { code, result } = await harness.json(
      'authority',
      '--bucket',
      'twin-a',
      '--bucket',
      'hollow',
      '--bucket',
      'decoys',
    );
    expect({ code, winner: result.winner }).toEqual({ code: 0, winner: 'twin-a' });
    expect(JSON.stringify(result.reasons)).toContain('EMPTY Chroma directory');
    expect(JSON.stringify(result.buckets)).toContain('holds 2 records');
  });

  it('is not a bucket whose snapshot has another hash than it says', async () => {
    const { s3 } = harness;
    await createBucket(s3, 'damaged');
    await putSnapshot(s3, 'damaged', 'words', '20260101_000000', {
      ...(await makeSnapshot(1)),
      hash: `md5:${'0'.repeat(32)}`,
    });
    const { code, result } = await harness.json('authority', '--bucket', 'damaged');
    expect(code).toBe(4);
    expect(JSON.stringify(result.reasons)).toContain('another hash');
  });
});
