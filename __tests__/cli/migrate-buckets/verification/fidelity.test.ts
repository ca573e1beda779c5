import {
  CopyObjectCommand,
  PutBucketOwnershipControlsCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting, numbered } from '../migration-setting';

/** B10: nothing that a copy lacks is passed over in silence. */
let harness: CliHarness;

beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const KEY = 'ocr/a.json';
const fill = (bucket: string) =>
  put(harness.s3, bucket, KEY, '{}', {
    ContentType: 'application/json',
    CacheControl: 'no-store',
    Metadata: { made: 'by hand' },
    Tagging: 'kind=ocr',
  });

it('compares what objects carry beside their bytes, and says on which', async () => {
  const { verify, plan } = await migratedSetting(harness, fill);
  const { code, result } = await verify();
  expect({ code, fidelity: result.fidelity }).toEqual({
    code: 0,
    fidelity: { compared: 1, differing: 0, deep: false, seed: expect.any(Number) },
  });
  expect((await harness.run(['verify', plan])).stdout).toMatch(
    /were compared on a sample of 1 object \(seed \d+\); --deep compares all\./,
  );
  expect((await harness.run(['verify', plan, '--deep'])).stdout).toContain('were compared on all 1 object.');
});

it('does not prove a copy with the same bytes and another content type, tag or metadata', async () => {
  const { verify, destination: Bucket, retire } = await migratedSetting(harness, fill);
  await harness.s3.send(
    new CopyObjectCommand({
      Bucket,
      Key: KEY,
      CopySource: `${Bucket}/${KEY}`,
      MetadataDirective: 'REPLACE',
      ContentType: 'text/plain',
      CacheControl: 'no-store',
    }),
  );
  await harness.s3.send(
    new PutObjectTaggingCommand({ Bucket, Key: KEY, Tagging: { TagSet: [{ Key: 'kind', Value: 'x' }] } }),
  );
  const { code, result } = await verify();
  expect(code).toBe(3);
  expect(result).toMatchObject({
    problem_count: 1,
    problems: [
      {
        key: KEY,
        why: 'Its content is the same at the destination, but not its Content-Type, metadata made, tag kind.',
      },
    ],
    fidelity: { compared: 1, differing: 1 },
  });
  expect((await retire('--accept-idle')).code).toBe(6);
});

it('looks at a hundred of many objects, and with --deep at all', async () => {
  const { plan, makePlan, apply } = await migrationSetting(harness, numbered(130));
  const made = await makePlan();
  expect(made.result.plan).toMatchObject({ not_carried: { objects: 130, examined: 100 } });
  expect((await apply()).code).toBe(0);
  const compared = async (...more: string[]) => (await harness.json('verify', plan, ...more)).result.fidelity;
  expect(await compared()).toMatchObject({ compared: 100, deep: false });
  expect(await compared('--deep')).toMatchObject({ compared: 130, deep: true });
});

it('counts in the plan what will not be carried: keys, redirects, and what the bucket allows', async () => {
  const { source, destination, plan, makePlan } = await migrationSetting(harness, fill);
  await put(harness.s3, source, 'kms', 'x', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'some-key' });
  await put(harness.s3, source, 'moved', 'x', { WebsiteRedirectLocation: '/elsewhere' });
  for (const deep of [[], ['--deep']]) {
    expect((await makePlan(...deep)).result.plan).toMatchObject({
      not_carried: {
        objects: 3,
        examined: 3,
        kms_keys: 1,
        website_redirects: 1,
        object_locks: 0,
        bucket: [],
      },
    });
  }
  await harness.s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: source,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
    }),
  );
  const { stdout } = await harness.run(['plan', '--source', source, '--dest', destination, '--out', plan]);
  expect(stdout).toContain(
    'Not carried, by a look at all 3 objects: 1 encrypted with a key of KMS, 1 with a website redirect.',
  );
  expect(stdout).toContain(`Access control lists of objects are not carried, and ${source} allows them`);
});
