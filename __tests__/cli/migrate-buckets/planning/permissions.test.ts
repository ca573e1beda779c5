import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { iamPolicy } from '../../../../cli/migrate-buckets/planning/iam-policy';
import { partitionOf } from '../../../../cli/migrate-buckets/planning/partition';
import { requiredPermissions } from '../../../../cli/migrate-buckets/planning/permissions';
import { OWN_PREFIX } from '../../../../contracts/migrate-buckets/own-objects';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { createBucket, put, putDelta, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

const OPERATOR = { AWS_ACCESS_KEY_ID: 'operator' };
const PRINCIPAL = 'arn:aws:iam::000000000000:user/operator';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness({ minimumPartBytes: 1 });
});
afterAll(() => harness?.stop());

const run = async (expected: number, ...args: string[]) => {
  const { code, stdout, stderr } = await harness.run(args, OPERATOR);
  expect({ code, said: code === expected ? '' : stdout + stderr }).toEqual({ code: expected, said: '' });
  return stdout;
};

async function putInParts(s3: S3Client, Bucket: string, Key: string) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, Tagging: 'kind=big' }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const PartNumber of [1, 2]) {
    const part = { Bucket, Key, UploadId, PartNumber, Body: Buffer.from(`part ${PartNumber}`) };
    Parts.push({ PartNumber, ETag: (await s3.send(new UploadPartCommand(part))).ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

/** Two old buckets, one with a stranded delta, and a new one, through every command that asks S3 for something. */
async function migrate(name: string, versioned: boolean, mode: string) {
  const { s3, admin } = harness;
  const [source, loser, destination] = [`${name}-old`, `${name}-loser`, `${name}-new`];
  const snapshot = await makeSnapshot(3);
  for (const bucket of [source, loser, destination]) {
    await createBucket(s3, bucket);
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    if (versioned) await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  }
  await putSnapshot(s3, source, 'lines', '20260101_120000', snapshot);
  await putDelta(s3, source, 'lines', 'a');
  await putDelta(s3, loser, 'lines', 'stranded');
  await putInParts(s3, source, 'big');
  await put(s3, source, 'large', 'x'.repeat(100));
  const Rules = [
    { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'x/' }, Expiration: { Days: 9 } },
  ];
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: source, LifecycleConfiguration: { Rules } }),
  );
  await s3.send(new CreateMultipartUploadCommand({ Bucket: source, Key: 'unfinished' }));
  await admin.resetRequests();

  const plan = `${name}.json`;
  const among = ['--bucket', source, '--bucket', loser];
  await run(0, 'discover', ...among);
  await run(
    0,
    'doctor',
    '--source',
    source,
    '--dest',
    destination,
    '--settle',
    '0',
    '--principal',
    PRINCIPAL,
  );
  const made = ['plan', ...among, '--source', source, '--dest', destination, '--out', plan];
  await run(0, ...made, '--include-stranded');
  const apply = ['apply', plan, '--confirm', source, '--settle', '0', '--principal', PRINCIPAL];
  // An upload that breaks off is looked for again.
  await admin.inject({ operation: 'CompleteMultipartUpload', keyPrefix: 'large', fail: 'AccessDenied' });
  await run(7, ...apply, '--multipart-above', '50');
  await run(0, ...apply, '--multipart-above', '50');
  await run(0, 'unfreeze', plan);
  await run(0, ...apply, '--multipart-above', '50');
  await run(0, 'verify', plan, '--deep');
  const retire = ['retire', plan, '--confirm', source, '--mode', mode, '--purge', '--soak', '0'];
  await run(0, ...retire, '--accept-unchecked', 'state', '--accept-idle');
  const asked = (await admin.actions()).filter(({ accessKeyId }) => accessKeyId === 'operator');
  const { permissions } = JSON.parse(await harness.read(plan)) as {
    permissions: { actions: string[]; resource: string }[];
  };
  return { asked, permissions, policy: JSON.parse(await run(0, 'iam-policy', plan)) };
}

it('12c: publishes what the server was asked for from discover to retire, and nothing else', async () => {
  const runs = [await migrate('plain', false, 'delete'), await migrate('kept', true, 'empty-keep')];
  const seen = new Set<string>();
  const published = new Set<string>();
  for (const { asked, permissions, policy } of runs) {
    const short = (resource: string) =>
      resource
        .replace(/^arn:aws:s3:::/, '')
        .replace(/^(plain|kept)-/, '')
        .replace(`/${OWN_PREFIX}*`, '/*');
    for (const { action, bucket, onObject } of asked) {
      seen.add(`${action} on ${short(bucket)}${onObject ? '/*' : ''}`);
    }
    const allowed = (given: { actions: string[]; resource: string }[]) =>
      given.flatMap(({ actions, resource }) =>
        actions
          .filter((action) => action.startsWith('s3:'))
          .map((action) => `${action} on ${short(resource)}`),
      );
    for (const each of allowed(permissions)) published.add(each);
    const statements = policy.Statement as { Action: string[]; Resource: string }[];
    expect(
      new Set(allowed(statements.map(({ Action, Resource }) => ({ actions: Action, resource: Resource })))),
    ).toEqual(new Set(allowed(permissions)));
  }
  expect([...seen].filter((each) => !published.has(each)).sort()).toEqual([]);
  expect([...published].filter((each) => !seen.has(each)).sort()).toEqual([]);
});

const MIGRATED = {
  source: 'old',
  destination: 'new',
  region: 'us-east-1',
  owner: '111122223333',
  alsoFrom: [],
};

it('12c: names KMS, for the keys of the account that owns the buckets', () => {
  expect(requiredPermissions(MIGRATED)).toContainEqual({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resource: 'arn:aws:kms:us-east-1:111122223333:key/*',
  });
  expect(requiredPermissions({ ...MIGRATED, owner: null })).toContainEqual(
    expect.objectContaining({ resource: 'arn:aws:kms:us-east-1:*:key/*' }),
  );
});

it('D21: names the keys of KMS in both regions', () => {
  const resources = requiredPermissions({ ...MIGRATED, sourceRegion: 'eu-west-1' }).map(
    ({ resource }) => resource,
  );
  expect(resources.filter((resource) => resource.includes(':kms:'))).toEqual([
    'arn:aws:kms:us-east-1:111122223333:key/*',
    'arn:aws:kms:eu-west-1:111122223333:key/*',
  ]);
});

it.each([
  ['eu-central-1', 'aws'],
  ['us-east-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-iso-east-1', 'aws-iso'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['eu-isoe-west-1', 'aws-iso-e'],
  ['us-isof-south-1', 'aws-iso-f'],
  ['eusc-de-east-1', 'aws-eusc'],
])('12c: writes the ARNs of %s in the partition %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
  const arns = requiredPermissions({ ...MIGRATED, region })
    .map(({ resource }) => resource)
    .filter((resource) => resource !== '*');
  expect(new Set(arns.map((arn) => arn.split(':')[1]))).toEqual(new Set([partition]));
});

it('D21: the policy has one statement a resource, each action once, and nothing of retire unless it is wanted', () => {
  const permissions = requiredPermissions(MIGRATED);
  const whole = iamPolicy({ permissions }, true);
  const resources = whole.Statement.map(({ Resource }) => Resource);
  expect(resources).toEqual([...new Set(resources)]);
  expect(whole.Statement[0]).toMatchObject({ Sid: 'MigrateBuckets1', Effect: 'Allow', Resource: '*' });
  for (const { Action } of whole.Statement) expect(Action).toEqual([...new Set(Action)].sort());
  const without = iamPolicy({ permissions }, false);
  expect(JSON.stringify(whole)).toContain('s3:DeleteBucket"');
  expect(JSON.stringify(without)).not.toContain('s3:DeleteBucket"');
  const deletes = without.Statement.filter(({ Action }) => Action.includes('s3:DeleteObject'));
  expect(deletes.map(({ Resource }) => Resource)).toEqual([
    'arn:aws:s3:::old/.migrate-buckets/*',
    'arn:aws:s3:::new/.migrate-buckets/*',
  ]);
});
