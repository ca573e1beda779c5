import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { inspectCollection } from '../../../cli/migrate-buckets/snapshots/inspect-collection';
import { legacyDeltaKey, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { makeSnapshot, type Snapshot } from '../../support/chroma-snapshots';
import { contents, createBucket, put, putDecoys, putDelta, putSnapshot } from '../../support/old-buckets';
import { findStranded, type Inventory } from './authority/stranded-deltas';
import { type CliHarness, startCliHarness } from './cli-harness';
import { migratedSetting, migrationSetting } from './migration-setting';

/** Two old buckets and an empty new one, which no test changes. */
const OLD = 'receipts-chromadb-old';
const DECOY = 'receipts-chromadb-decoy';
const NEW = 'receipts-chroma-new';

let harness: CliHarness;
let full: Snapshot;

beforeAll(async () => {
  [harness, full] = await Promise.all([startCliHarness(), makeSnapshot(3)]);
  for (const bucket of [OLD, DECOY, NEW]) await createBucket(harness.s3, bucket);
  await fillOldBuckets(OLD, DECOY);
});

beforeEach(() => aLambdaNames(OLD));

afterAll(() => harness?.stop());

/** What a bucket holds that the old system works in: snapshots, deltas of both collections, and something else. */
async function fillTruth(bucket: string): Promise<void> {
  const { s3 } = harness;
  await putDecoys(s3, bucket);
  for (const collection of ['lines', 'words'] as const) {
    await putSnapshot(s3, bucket, collection, '20260101_120000', full);
    for (const run of ['a', 'b', 'c']) await putDelta(s3, bucket, collection, run);
  }
  await put(s3, bucket, 'ocr/late.json', '{}');
}

/** The decoy, first since the truth has the newest write, holds a delta that nobody compacted. */
async function fillOldBuckets(truth: string, decoy: string): Promise<void> {
  await putDecoys(harness.s3, decoy);
  await putDelta(harness.s3, decoy, 'lines', 'stranded');
  await fillTruth(truth);
}

const aLambdaNames = (bucket: string) =>
  harness.declare({ functions: [{ name: 'old-compaction', environment: { CHROMADB_BUCKET: bucket } }] });

/** LastModified has whole seconds: what is written in the second of the verification is not seen as later. */
const writeLater = (bucket: string, plan: string, Key: string) =>
  eventually('somebody wrote in a later second', async () => {
    await put(harness.s3, bucket, Key, 'new');
    const { LastModified } = await harness.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const { verified } = JSON.parse(await harness.read(plan.replace('.json', '.state.json')));
    return (LastModified?.getTime() ?? 0) > Date.parse(verified.at);
  });

it('discovers the buckets and says why each is a candidate', async () => {
  const { code, result } = await harness.json('discover');
  expect(code).toBe(0);
  const found = new Map(
    (result.candidates as { name: string; evidence: string[] }[]).map(({ name, evidence }) => [
      name,
      evidence,
    ]),
  );
  expect([...found.keys()]).toEqual([NEW, DECOY, OLD]);
  expect(found.get(OLD)?.join(' ')).toContain('Lambda old-compaction ($LATEST): CHROMADB_BUCKET names it.');
});

it('decides that the old bucket is the truth and names the stranded delta', async () => {
  const { code, result } = await harness.json('authority');
  expect(code).toBe(0);
  expect(result.winner).toBe(OLD);
  expect(result.stranded).toEqual([{ bucket: DECOY, key: legacyDeltaKey('lines', 'stranded') }]);
});

it('dates a snapshot by its own version id: a later copy of it does not make newer deltas look compacted', async () => {
  const copied = Date.parse('2026-06-01T00:00:00Z');
  const at = (modified: number) => (key: string, etag: string) => ({
    key,
    etag,
    modified,
    size: 1,
    storageClass: 'STANDARD',
  });
  const inventoryOf = async (bucket: string, listed: ReturnType<typeof at>) =>
    new Map([...(await contents(harness.s3, bucket))].map(([key, etag]) => [key, listed(key, etag)]));
  const inspectLines = (inventory: Inventory) => {
    const list = async function* (prefix: string) {
      for (const object of inventory.values()) if (object.key.startsWith(prefix)) yield object;
    };
    return inspectCollection({ s3: harness.s3, bucket: OLD, list }, 'lines', { quick: false });
  };
  const truth = await inventoryOf(OLD, at(copied));
  const evidence = await inspectLines(truth);
  const winner = {
    name: OLD,
    collections: [{ ...evidence, has_data: true }],
    objects: truth.size,
    bytes: truth.size,
    decoys: 0,
    newest_write: copied,
    recent_writes: 0,
    references: [],
    contained_in: {},
  };
  const strandedAt = async (moment: string) => {
    const loser = await inventoryOf(DECOY, at(Date.parse(moment)));
    const found = await findStranded(winner, new Map([[OLD, truth] as const, [DECOY, loser] as const]));
    return found.length;
  };
  expect(await strandedAt('2026-01-01T11:59:59Z')).toBe(0);
  expect(await strandedAt('2026-01-01T12:00:00Z')).toBe(1);
  // An id from a clock that runs ahead is no better than the listing.
  const early = await inspectLines(await inventoryOf(OLD, at(Date.parse('2025-12-31T00:00:00Z'))));
  expect(early.snapshot_at).toBe(Date.parse('2025-12-31T00:00:00Z'));
});

it('refuses a plan that would lose the stranded delta', async () => {
  const { code, stderr } = await harness.run(['plan', '--dest', NEW]);
  expect(code).toBe(6);
  expect(stderr).toContain('--include-stranded');
});

it('lets go of a stranded delta only when a file names it', async () => {
  const accept = (keys: string) => {
    writeFileSync(join(harness.folder, 'losses.txt'), keys);
    return harness.json('plan', '--dest', NEW, '--accept-loss', 'losses.txt', '--out', 'lossy.json');
  };
  expect((await accept('lines/delta/another/delta.tar.gz\n')).code).toBe(6);
  const key = legacyDeltaKey('lines', 'stranded');
  const { code, result } = await accept(`${key}\n`);
  expect({ code, plan: result.plan }).toMatchObject({
    code: 0,
    plan: { stranded: { included: 0, accepted_lost: [key] } },
  });
});

it('refuses to retire what was never applied', async () => {
  const { makePlan, retire } = await migrationSetting(harness, fillTruth);
  expect((await makePlan()).code).toBe(0);
  expect((await retire()).code).toBe(6);
});

it('plans, applies and verifies, with policy and lifecycle frozen, metadata and tags kept', async () => {
  const { s3 } = harness;
  const [source, decoy, destination] = ['from-truth', 'from-decoy', 'to-one-bucket'];
  for (const bucket of [source, decoy, destination]) await createBucket(s3, bucket);
  await fillOldBuckets(source, decoy);
  await aLambdaNames(source);
  const policy = `{ "Version":"2012-10-17",  "Statement":[{"Sid":"Mine","Effect":"Deny","Principal":"*","Action":"s3:PutBucketWebsite","Resource":"arn:aws:s3:::${source}"}]}`;
  await s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy: policy }));
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: source,
      LifecycleConfiguration: {
        Rules: [
          { ID: 'deltas', Status: 'Enabled', Filter: { Prefix: 'lines/delta/' }, Expiration: { Days: 7 } },
        ],
      },
    }),
  );

  expect(
    (await harness.json('plan', '--name', 'from-*', '--dest', destination, '--include-stranded')).code,
  ).toBe(0);
  expect((await harness.run(['show', 'plan.json'])).stdout).toContain('stranded');
  const { code, result, stdout, stderr } = await harness.json(
    'apply',
    'plan.json',
    '--confirm',
    source,
    '--settle',
    '0',
  );
  expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stderr: '', stdout: '' });
  expect(result.verification).toMatchObject({ proven: true, problem_count: 0 });

  const [held, copied] = [await contents(s3, source), await contents(s3, destination)];
  const stranded = legacyDeltaKey('lines', 'stranded');
  expect(copied.has(stranded)).toBe(true);
  for (const [key, etag] of held) {
    if (key.includes('placeholder') || key.includes('latest/pointer')) expect(copied.has(key)).toBe(false);
    else expect(copied.get(key)).toBe(etag);
  }
  const delta = { Bucket: destination, Key: legacyDeltaKey('words', 'a') };
  const head = await s3.send(new HeadObjectCommand(delta));
  expect(head).toMatchObject({ ContentType: 'application/gzip', Metadata: { run: 'a' } });
  const { TagSet } = await s3.send(new GetObjectTaggingCommand(delta));
  expect(TagSet).toEqual([{ Key: 'kind', Value: 'delta' }]);

  const frozen = await s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(frozen.Policy).toContain('MigrateBucketsFreeze');
  const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: source }));
  expect(lifecycle.Rules?.[0]?.Status).toBe('Disabled');

  expect((await harness.json('unfreeze', 'plan.json')).code).toBe(0);
  const unfrozen = await s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(unfrozen.Policy).toBe(policy);
  const restored = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: source }));
  expect(restored.Rules?.[0]).toMatchObject({ ID: 'deltas', Status: 'Enabled', Expiration: { Days: 7 } });
  expect((await harness.json('apply', 'plan.json', '--confirm', source, '--settle', '0')).code).toBe(0);
});

it('refuses to retire a bucket that a Lambda still names, and a new bucket that no pipeline writes to', async () => {
  const { source, destination, plan, retire } = await migratedSetting(harness, fillTruth);
  await aLambdaNames(source);
  await writeLater(destination, plan, 'notes-by-hand.txt');
  const { code, result } = await retire();
  expect(code).toBe(6);
  const failing = (result.gates as { name: string; passed: boolean }[])
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);
  expect(failing).toEqual(['lambda', 'in-use']);
});

it('notices an object that is deleted at the destination: verify exits 3, retire 6', async () => {
  const { s3 } = harness;
  const { source, destination, plan, retire, apply } = await migratedSetting(harness, fillTruth);
  await aLambdaNames(destination);
  await s3.send(new DeleteObjectCommand({ Bucket: destination, Key: legacyDeltaKey('words', 'b') }));
  const verified = await harness.run(['verify', plan]);
  expect(verified.code).toBe(3);
  expect(verified.stdout).toContain(`${legacyDeltaKey('words', 'b')}: It is missing at the destination.`);
  expect(verified.stdout).toContain('Run apply again, which copies it anew.');
  const refused = await retire('--accept-idle');
  expect(refused.code).toBe(6);
  expect((await contents(s3, source)).size).toBeGreaterThan(10);
  expect((await apply()).code).toBe(0);
  expect((await harness.run(['verify', plan])).code).toBe(0);
});

it('retires the bucket once every gate holds, and keeps it, empty', async () => {
  const { source, destination, plan, retire } = await migratedSetting(harness, fillTruth);
  await aLambdaNames(destination);
  await writeLater(destination, plan, 'lines/delta/new-run/delta.arrow');
  const { code, result } = await retire();
  expect({ code, gates: result.gates, message: result.message }).toMatchObject({ code: 0 });
  expect((await contents(harness.s3, source)).size).toBe(0);
  expect((await contents(harness.s3, destination)).has(snapshotPointerKey('lines'))).toBe(true);
});
