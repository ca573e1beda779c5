import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { ExpirySurvey } from '../../../../cli/migrate-buckets/planning/expiry-survey';
import { contents, createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting } from '../migration-setting';

/** A5: what the destination's own lifecycle deletes next night is not kept. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const expireIn = (Bucket: string, ...rules: Partial<LifecycleRule>[]) =>
  harness.s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: rules.map((rule, index) => ({
          ID: `rule-${index}`,
          Status: 'Enabled' as const,
          Filter: { Prefix: '' },
          ...rule,
        })),
      },
    }),
  );
const tagsOf = async (Bucket: string, Key: string) =>
  Object.fromEntries(
    ((await harness.s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet ?? []).map(
      ({ Key: name, Value }) => [name, Value],
    ),
  );
const gateOf = (result: Record<string, unknown>) =>
  (result.gates as { name: string }[]).find(({ name }) => name === 'lifecycle');

const OBJECTS = { 'lines/delta/a/delta.tar.gz': 'a', 'ocr/a.json': '{}', 'ocr/b.json': '{ }' };
/** As in the stack: a delta may go once a snapshot covers it. */
const COVERED = { Tag: { Key: 'covered-by-snapshot', Value: 'true' } };
const OURS: Partial<LifecycleRule>[] = [
  { Filter: COVERED, Expiration: { Days: 30 } },
  {
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    Expiration: { ExpiredObjectDeleteMarker: true },
  },
  { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
];

it('A5: plan names the rules that delete what it copies, and how much that is', async () => {
  const { source, destination, plan, makePlan } = await migrationSetting(harness, OBJECTS);
  await expireIn(
    destination,
    { Filter: { Prefix: 'ocr/' }, Expiration: { Days: 30 } },
    { Filter: { Prefix: 'none/' }, Expiration: { Days: 1 } },
    { Filter: { Prefix: 'ocr/' }, Expiration: { Days: 1 }, Status: 'Disabled' },
  );
  expect(await makePlan()).toMatchObject({
    code: 0,
    result: {
      plan: {
        expiry: {
          unread: null,
          rules: [
            {
              id: 'rule-0',
              what: 'objects below ocr/, 30 days after they were written',
              objects: 2,
              bytes: 5,
              example: 'ocr/a.json',
            },
          ],
        },
      },
    },
  });
  const { stdout } = await harness.run(['plan', '--source', source, '--dest', destination, '--out', plan]);
  const said = stdout.replace(/\s+/g, ' ');
  expect(said).toContain(
    `The lifecycle rule rule-0 of ${destination} deletes objects below ocr/, 30 days after they were written: 2 objects of this plan (5 B), e.g. ocr/a.json.`,
  );
  expect(said).toContain('Disable that rule, or narrow what it takes, before the source is retired.');
});

it('A5: retire refuses while a rule deletes the copies, before it asks, and goes on when told by name', async () => {
  const { source, destination, retire } = await migratedSetting(harness, OBJECTS);
  const before = await contents(harness.s3, source);
  await expireIn(destination, { Expiration: { Days: 1 } });
  const refused = await retire('--accept-idle');
  expect(refused.code).toBe(6);
  expect(gateOf(refused.result)).toMatchObject({
    passed: false,
    evidence: expect.stringContaining('3 objects of this plan'),
  });
  expect(await contents(harness.s3, source)).toEqual(before);
  const overridden = await retire('--accept-idle', '--accept-expiry');
  expect(overridden.code).toBe(0);
  expect(gateOf(overridden.result)).toMatchObject({ passed: true, overridden: true });
});

it('A5: a lifecycle that cannot be read is named by the plan, and fails the gate', async () => {
  const { source, destination, makePlan, apply, retire } = await migrationSetting(harness, OBJECTS);
  const forbid = () =>
    harness.admin.inject({
      operation: 'GetBucketLifecycleConfiguration',
      bucket: destination,
      fail: 'AccessDenied',
      times: 0,
    });
  await forbid();
  const made = await makePlan();
  expect(made).toMatchObject({
    code: 0,
    result: {
      plan: {
        expiry: { rules: [], unread: expect.stringContaining(`read the lifecycle of ${destination}`) },
      },
    },
  });
  expect((await apply()).code).toBe(0);
  const refused = await retire('--accept-idle');
  await harness.admin.clearFaults();
  expect(refused.code).toBe(6);
  expect(gateOf(refused.result)).toMatchObject({
    passed: false,
    evidence: expect.stringMatching(/^Whether the lifecycle of .* was not found out: /),
  });
  expect(await contents(harness.s3, source)).not.toEqual([]);
});

it("A5: the stack's own rules delete no more than covered deltas in their place, for which no tag is read", async () => {
  const setting = await migrationSetting(harness, (source) =>
    put(harness.s3, source, 'lines/delta/a/delta.arrow', 'a', {
      Tagging: 'covered-by-snapshot=true&covered-by=20260101_000000',
    }),
  );
  await expireIn(setting.destination, ...OURS);
  expect((await setting.makePlan()).result).toMatchObject({ plan: { expiry: { rules: [], unread: null } } });
  expect((await setting.apply()).code).toBe(0);
  expect(await tagsOf(setting.destination, 'lines/delta/a/delta.arrow')).toEqual({
    'covered-by-snapshot': 'true',
    'covered-by': '20260101_000000',
  });
  expect((await setting.retire('--accept-idle')).code).toBe(0);
});

it('A5: what is kept under archive/ does not say that it may go, and so it stays', async () => {
  const [loser, fresh] = ['loser-a5', 'fresh-a5'];
  for (const bucket of [loser, fresh]) await createBucket(harness.s3, bucket);
  const key = 'lines/delta/a/delta.arrow';
  await put(harness.s3, loser, key, 'a', {
    Tagging: 'covered-by-snapshot=true&covered-by=20260101_000000&kind=delta',
  });
  await put(harness.s3, loser, 'ocr/a.json', '{}');
  await expireIn(fresh, ...OURS);
  const path = `archive-${loser}.json`;
  const planned = await harness.json('plan', '--archive', loser, '--dest', fresh);
  expect(planned.result).toMatchObject({ plan: { expiry: { rules: [], unread: null } } });
  expect((await harness.json('apply', path, '--confirm', loser, '--settle', '0')).code).toBe(0);
  expect(await tagsOf(fresh, `archive/${loser}/${key}`)).toEqual({ kind: 'delta' });
  const deep = await harness.json('verify', path, '--deep');
  expect(deep.result).toMatchObject({ proven: true, fidelity: { compared: 2, differing: 0 } });

  // As an older release copied it: it would go.
  const Tagging = { TagSet: [{ Key: 'covered-by-snapshot', Value: 'true' }] };
  const where = { Bucket: fresh, Key: `archive/${loser}/${key}` };
  await harness.s3.send(new PutObjectTaggingCommand({ ...where, Tagging }));
  const retire = ['retire', path, '--soak', '0', '--accept-unchecked', 'state', '--confirm', loser];
  const refused = await harness.json(...retire);
  expect(refused.code).toBe(6);
  expect(gateOf(refused.result)).toMatchObject({
    passed: false,
    evidence: expect.stringContaining(
      `objects, tagged covered-by-snapshot=true, 30 days after they were written: 1 object of this plan (1 B), e.g. archive/${loser}/${key}.`,
    ),
  });
});

describe('A5: the survey of what expires', () => {
  const signal = new AbortController().signal;
  const key = 'ocr/a.json';

  /** What it says of one object of two bytes, which has its tags at the source, or is not there at all. */
  async function surveyOf(setting: Awaited<ReturnType<typeof migrationSetting>>) {
    const { source: bucket, destination } = setting;
    const survey = await ExpirySurvey.of(harness.s3, destination, signal);
    const object = { key, size: 2, etag: 'e', storageClass: 'STANDARD', modified: 0 };
    await survey.offer({ key, size: 2, tagged: { bucket, object } });
    return survey.finish();
  }
  const rule = (ID: string, Filter: LifecycleRule['Filter']): Partial<LifecycleRule> => ({
    ID,
    Filter,
    Expiration: { Days: 1 },
  });
  const SCANS = rule('scans', { Tag: { Key: 'kind', Value: 'scan' } });

  it('counts an object for every rule that takes it, be it by its tags or whatever these are', async () => {
    const setting = await migrationSetting(harness, (source) =>
      put(harness.s3, source, key, '{}', { Tagging: 'kind=scan' }),
    );
    const drafts = rule('drafts', { Tag: { Key: 'kind', Value: 'draft' } });
    await expireIn(setting.destination, rule('all', { Prefix: 'ocr/' }), SCANS, drafts);
    expect(await surveyOf(setting)).toMatchObject({
      rules: [
        { id: 'all', objects: 1, bytes: 2 },
        { id: 'scans', objects: 1, bytes: 2 },
      ],
    });
  });

  it('does not say of what is gone by now that it expires', async () => {
    const setting = await migrationSetting(harness);
    await expireIn(setting.destination, SCANS);
    expect(await surveyOf(setting)).toEqual({ rules: [], unread: null });
  });

  it('does not say so of what a delete marker hides by now', async () => {
    const setting = await migrationSetting(harness, (source) =>
      put(harness.s3, source, key, '{}', { Tagging: 'kind=scan' }),
    );
    const Bucket = setting.source;
    await harness.s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await harness.s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
    await expireIn(setting.destination, SCANS);
    expect(await surveyOf(setting)).toEqual({ rules: [], unread: null });
  });

  it('takes no object for one without tags where these cannot be read', async () => {
    const setting = await migrationSetting(harness, { [key]: '{}' });
    await expireIn(setting.destination, SCANS);
    await harness.admin.inject({ operation: 'GetObjectTagging', fail: 'AccessDenied', times: 0 });
    await expect(surveyOf(setting)).rejects.toThrow(
      `Access was denied when asked to read the tags of ${key} in ${setting.source}`,
    );
    await harness.admin.clearFaults();
  });

  it('ends where the operator ends it, and does not take that for a lifecycle that cannot be read', async () => {
    const { destination } = await migrationSetting(harness);
    const ended = ExpirySurvey.of(harness.s3, destination, AbortSignal.abort());
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  });
});
