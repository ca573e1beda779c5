import { createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting } from '../migration-setting';

/** 12a: Lambda shows no environment to a caller who may not decrypt it, and refuses nothing. */
let harness: CliHarness;

beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const environmentError = {
  code: 'AccessDeniedException',
  message: 'Lambda was unable to decrypt the environment variables because KMS access was denied.',
};
const hidden = (name: string) => ({ name, environment: { CHROMADB_BUCKET: 'secret' }, environmentError });
const WHY = 'You may not read the environment of old-consumer ($LATEST): AccessDeniedException.';

it('takes a function whose environment it may not decrypt for not checked, and names it and kms:Decrypt', async () => {
  await createBucket(harness.s3, 'some-chroma-bucket');
  await harness.declare({ functions: [hidden('old-consumer')] });
  const { result } = await harness.json('discover');
  expect(result.unchecked).toContainEqual(expect.stringContaining(`lambda: not checked. ${WHY}`));
  expect(result.unchecked).toContainEqual(expect.stringContaining('kms:Decrypt'));
});

it('names three of many such functions, each version for itself', async () => {
  const versions = ['1', '2', '3', '4'].map((version) => ({ version, environment: {} }));
  await harness.declare({ functions: [{ ...hidden('old-consumer'), versions }] });
  const { result } = await harness.json('discover', '--bucket', 'some-chroma-bucket');
  expect(JSON.stringify(result.unchecked)).toContain(
    'old-consumer ($LATEST): AccessDeniedException, old-consumer (1): AccessDeniedException, old-consumer (2): AccessDeniedException and 2 more.',
  );
});

it('does not retire a bucket that such a function may name, unless its gate is overridden by name', async () => {
  const setting = await migratedSetting(harness, (bucket) =>
    put(harness.s3, bucket, 'ocr/a.json', '{}').then(),
  );
  await harness.declare({ functions: [hidden('old-consumer')] });
  const refused = await setting.retire('--accept-idle');
  expect(refused.code).toBe(6);
  expect(refused.result.gates).toContainEqual({
    name: 'lambda',
    passed: false,
    overridden: false,
    evidence: expect.stringContaining(`Not checked. ${WHY}`),
  });
});

it('asks for kms:Decrypt in the permissions of a plan', async () => {
  for (const bucket of ['hidden-source', 'hidden-destination']) await createBucket(harness.s3, bucket);
  await put(harness.s3, 'hidden-source', 'ocr/a.json', '{}');
  const { result } = await harness.json('plan', '--source', 'hidden-source', '--dest', 'hidden-destination');
  expect(JSON.stringify(result.plan)).toContain('kms:Decrypt');
});
