import { HeadObjectCommand, PutBucketTaggingCommand, type Tag } from '@aws-sdk/client-s3';
import {
  type KeptMark,
  leaveProvenMark,
  ProvenMarks,
  proves,
  whyKept,
} from '../../../../cli/migrate-buckets/planning/proven-marks';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { freezeRecordKey, provenMarkKey } from '../../../../contracts/migrate-buckets/own-objects';
import { ALL_LIVE, type Plan } from '../../../../contracts/migrate-buckets/plan';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

// A tag reaches every other read late, the first among them, as on S3.
const embedded = useEmbeddedS3({ eventualConfiguration: { staleReads: 3 } });
afterEach(() => embedded.admin.clearFaults());
const DIGEST = 'a'.repeat(64);
const RETIRING: Tag = { Key: 'migrate-buckets-retiring', Value: DIGEST };
const read = (destination: string) =>
  ProvenMarks.read({ aws: { s3: embedded.s3 } as Aws, signal: new AbortController().signal }, destination);

/** A source that is being retired into a destination, which holds what was proven. */
async function proven() {
  const [source, destination] = [await embedded.bucket(), await embedded.bucket()];
  const object = await embedded.put(destination, 'lines/delta/x/delta.arrow', 'x');
  const plan = { source, destination, digest: DIGEST, placement: ALL_LIVE } as Plan;
  await leaveProvenMark(embedded.s3, plan, { plan: 'plan.json', archives: [] });
  const tag = (bucket: string, ...TagSet: Tag[]) =>
    embedded.s3.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } }));
  const of = async (asking: string, digest: string | null = null) =>
    (await (await read(destination)).of(object, { source: asking, digest }))?.mark.source;
  return { source, destination, plan, tag, of };
}

it('A6: hinders every plan but the one that left it', async () => {
  const { source, of } = await proven();
  expect(await of(await embedded.bucket())).toBe(source);
  expect(await of(source)).toBe(source);
  expect(await of(source, DIGEST)).toBeUndefined();
});

it('A6: lets a plan of the same bucket go on as long as that bucket says itself that it is being retired', async () => {
  const { source, tag, of } = await proven();
  await tag(source, RETIRING);
  expect(await of(source)).toBeUndefined();
  const another = await embedded.bucket();
  await tag(another, RETIRING);
  expect(await of(another)).toBe(source);
});

it('A6: takes no other tag of that bucket for it', async () => {
  const { source, tag, of } = await proven();
  await tag(source, { ...RETIRING, Key: 'owner' }, { ...RETIRING, Value: 'b'.repeat(64) });
  expect(await of(source)).toBe(source);
});

it('A6: asks ten times before it takes that bucket for one that is not being retired', async () => {
  const { source, of } = await proven();
  await embedded.admin.resetRequests();
  expect(await of(source)).toBe(source);
  expect((await embedded.admin.requests()).GetBucketTagging).toBe(10);
});

it('A6: is an error where the tags of that bucket may not be read', async () => {
  const { source, of } = await proven();
  await embedded.admin.inject({ operation: 'GetBucketTagging', fail: 'AccessDenied', times: 0 });
  await expect(of(source)).rejects.toThrow(`read the tags of ${source}`);
});

it('A6: is left once, as JSON, so that its time stays', async () => {
  const { source, destination, plan } = await proven();
  await leaveProvenMark(embedded.s3, plan, { plan: 'moved.json', archives: [] });
  const Key = provenMarkKey(source, DIGEST);
  expect(JSON.parse((await embedded.text(destination, Key)) ?? '')).toMatchObject({
    plan: 'plan.json',
    source,
  });
  const head = await embedded.s3.send(new HeadObjectCommand({ Bucket: destination, Key }));
  expect(head.ContentType).toBe('application/json');
});

it('A6: that cannot be left is an error, before anything is deleted', async () => {
  const { destination, plan } = await proven();
  await embedded.admin.inject({ operation: 'PutObject', fail: 'AccessDenied', times: 0 });
  const another = { ...plan, digest: 'b'.repeat(64) };
  await expect(leaveProvenMark(embedded.s3, another, { plan: 'plan.json', archives: [] })).rejects.toThrow(
    `keep ${provenMarkKey(plan.source, another.digest)} in ${destination}`,
  );
});

it('is one of several records that migrations keep there', async () => {
  const { source, destination, of } = await proven();
  await embedded.put(destination, freezeRecordKey(source), '{}');
  expect(await of(await embedded.bucket())).toBe(source);
});

describe('A mark', () => {
  const kept = (changes: Partial<KeptMark['mark']> = {}): KeptMark => ({
    mark: {
      version: 1,
      source: 'old',
      plan: '/home/ada/plan.json',
      plan_digest: DIGEST,
      by: 'ada@laptop',
      placement: ALL_LIVE,
      archives: ['archive/older/'],
      ...changes,
    },
    at: 1000,
  });

  it.each([
    [true, 'what lay where the plan puts it', { key: 'lines/x', modified: 1000 }, {}],
    [false, 'what came after it', { key: 'lines/x', modified: 1001 }, {}],
    [true, 'what lies in one of its archives', { key: 'archive/older/x', modified: 0 }, {}],
    [false, 'what lies in the archive of another', { key: 'archive/theirs/x', modified: 0 }, {}],
    [
      false,
      'what lies where its plan puts nothing',
      { key: 'lines/x', modified: 0 },
      { placement: { archived: [''], live: [] } },
    ],
  ] as const)('stands for %s: %s', (expected, _, object, changes) => {
    const mark = kept(changes as Partial<KeptMark['mark']>);
    expect(proves(mark, object)).toBe(expected);
  });

  it('says who proved what, when, and the way out', () => {
    expect(whyKept(kept(), 'old')).toBe(
      'The plan /home/ada/plan.json (aaaaaaaaaaaa) of ada@laptop proved that there for old before 1970-01-01T00:00:01.000Z, and began to delete it from there: it may be the only copy, so it is never overwritten. Keep old in another folder: plan --archive old --archive-as NAME.',
    );
  });
});

it('A6: that cannot be read is an error: nobody knows what must stay', async () => {
  const { source, destination } = await proven();
  await embedded.put(destination, provenMarkKey(source, DIGEST), '{"version":2}');
  await expect(read(destination)).rejects.toThrow('cannot be read by this release');
});
