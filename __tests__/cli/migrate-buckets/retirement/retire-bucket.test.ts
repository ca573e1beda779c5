import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import { Journal } from '../../../../cli/migrate-buckets/plan-files/journal';
import { retireBucket } from '../../../../cli/migrate-buckets/retirement/retire-bucket';
import { Proofs } from '../../../../cli/migrate-buckets/verification/proofs';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { freezeRecordKey, provenMarkKey } from '../../../../contracts/migrate-buckets/own-objects';
import type { RetireMode } from '../../../../contracts/migrate-buckets/words';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useFixedTime } from '../../../support/fixed-time';
import { intercepted } from '../../../support/intercepted-client';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const NOW = new Date('2026-01-01T12:00:00Z');
const TAG = 'migrate-buckets-retired';

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
useFixedTime(NOW);

async function retire(
  { plan, files, state }: VerifiedSource,
  mode: RetireMode,
  { purge = false, s3 = embedded.s3 as S3Client, conditional = true } = {},
) {
  const events: unknown[] = [];
  const report = { tell: (event: unknown) => void events.push(event), progress() {} };
  const aws = { s3, options: {} } as Aws;
  const { source, destination } = plan;
  const journal = await Journal.open(files.journal, { readOnly: true });
  const placement = Placement.of(plan);
  const sides = { source, destination, placement, deep: false, journal, snapshots: [], proofs: new Proofs() };
  const request = { plan, files, state, mode, purge, sides, expected: 0, conditional };
  const context = { aws, report, signal: new AbortController().signal, ask: undefined };
  const retirement = await retireBucket(context, request);
  return { retirement, events };
}

const DONE = {
  hidden: false,
  deleted: 0,
  uploads_aborted: 0,
  bucket_deleted: false,
  failed: [],
  failed_count: 0,
  left: null,
};
const NOTHING_LEFT = { versions: 0, bytes: 0, newer: 0, newer_keys: [] };

/** What the destination keeps of the freeze and the retirement. */
async function recordOf({ source, destination }: VerifiedSource) {
  const text = await embedded.text(destination, freezeRecordKey(source));
  return text === undefined ? undefined : JSON.parse(text);
}
const begunBy = ({ plan }: VerifiedSource) => ({
  plan_digest: plan.digest,
  planned_at: plan.created_at,
  by: expect.stringMatching(/^.+@.+$/),
  began_at: NOW.toISOString(),
});

/** Every version and marker of a bucket: its key, marked where it is a delete marker. */
async function versionsOf(bucket: string): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await embedded.s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  return [...Versions.map(({ Key }) => Key), ...DeleteMarkers.map(({ Key }) => `${Key} (marker)`)]
    .map(String)
    .sort();
}
async function tagsOf(bucket: string): Promise<Record<string, string>> {
  const { TagSet = [] } = await embedded.s3.send(new GetBucketTaggingCommand({ Bucket: bucket }));
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}
const isThere = (bucket: string) =>
  embedded.s3.send(new HeadBucketCommand({ Bucket: bucket })).then(
    () => true,
    () => false,
  );
const deny = (bucket: string, Action: string, key: string) =>
  embedded.s3.send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action, Resource: `arn:aws:s3:::${bucket}/${key}` }],
      }),
    }),
  );

describe('A soft retirement', () => {
  it('only marks the bucket, keeping its other tags', async () => {
    const setting = await prepare();
    const { source } = setting;
    await embedded.put(source, 'a', 'x');
    await setting.migrate();
    const TagSet = [
      { Key: 'team', Value: 'data' },
      { Key: TAG, Value: 'long ago' },
    ];
    await embedded.s3.send(new PutBucketTaggingCommand({ Bucket: source, Tagging: { TagSet } }));
    expect((await retire(setting, 'soft')).retirement).toEqual({ mode: 'soft', ...DONE });
    // Once: S3 refuses a list that names a tag twice.
    expect((await embedded.s3.send(new GetBucketTaggingCommand({ Bucket: source }))).TagSet).toEqual([
      { Key: 'team', Value: 'data' },
      { Key: TAG, Value: NOW.toISOString() },
    ]);
    expect(await versionsOf(source)).toEqual(['a']);
    expect(setting.state.now.phase).toBe('verified');
  });

  it('marks a bucket that has no tags yet', async () => {
    const setting = await prepare();
    await retire(setting, 'soft');
    expect(await tagsOf(setting.source)).toEqual({ [TAG]: NOW.toISOString() });
  });

  it('does not take tags that cannot be read for none, which would wipe them out', async () => {
    const setting = await prepare();
    await embedded.admin.inject({ operation: 'GetBucketTagging', fail: 'AccessDenied', times: 0 });
    await expect(retire(setting, 'soft')).rejects.toThrow(
      `Access was denied when asked to tag ${setting.source} as retired`,
    );
    expect(await embedded.admin.requests()).not.toHaveProperty('PutBucketTagging');
  });

  it('does with tags that are not told', async () => {
    const setting = await prepare();
    const s3 = intercepted(embedded.s3, async (command, send) =>
      command.constructor.name === 'GetBucketTaggingCommand' ? {} : send(),
    );
    await retire(setting, 'soft', { s3 });
    expect(await tagsOf(setting.source)).toEqual({ [TAG]: NOW.toISOString() });
  });
});

describe('An unversioned bucket', () => {
  const filled = async () => {
    const setting = await prepare();
    for (const key of ['a', 'b']) await embedded.put(setting.source, key, key);
    await setting.migrate();
    return setting;
  };

  it('is emptied and kept, marked as retired', async () => {
    const setting = await filled();
    const { retirement, events } = await retire(setting, 'empty-keep');
    expect(retirement).toEqual({ mode: 'empty-keep', ...DONE, deleted: 2, left: NOTHING_LEFT });
    expect(events).toEqual([{ event: 'deleted', message: '2 objects were deleted.', objects: 2 }]);
    expect(await versionsOf(setting.source)).toEqual([]);
    expect(await tagsOf(setting.source)).toHaveProperty(TAG);
    expect(setting.state.now.phase).toBe('retired');
  });

  it('A6: is said to be retired by this plan, here and at the destination, before anything of it goes', async () => {
    const setting = await prepare();
    for (const key of ['a', 'archive/x/a', 'archive/x/b']) await embedded.put(setting.source, key, key);
    await setting.migrate();
    const { source, destination, plan } = setting;
    const markKey = provenMarkKey(source, plan.digest);
    const seen: unknown[] = [];
    const s3 = intercepted(embedded.s3, async (command, send) => {
      if (command.constructor.name === 'DeleteObjectsCommand') {
        seen.push([await tagsOf(source), await embedded.text(destination, markKey)]);
      }
      return send();
    });
    await retire(setting, 'empty-keep', { s3 });
    const [[tags, mark] = []] = seen as [Record<string, string>, string][];
    expect(tags).toEqual({ 'migrate-buckets-retiring': plan.digest });
    expect(JSON.parse(mark ?? '')).toMatchObject({
      source,
      plan: setting.files.plan,
      plan_digest: plan.digest,
      archives: ['archive/x/'],
    });
    expect(await tagsOf(source)).toEqual({ [TAG]: NOW.toISOString() });
    // Once: what is written there later is not what was proven.
    const { etag } = await embedded.look(destination, markKey);
    await setting.state.save({ phase: 'verified' });
    await retire({ ...setting, files: { ...setting.files, plan: 'elsewhere.json' } }, 'empty-keep');
    expect((await embedded.look(destination, markKey)).etag).toBe(etag);
  });

  it('is emptied and deleted', async () => {
    const setting = await filled();
    const { retirement } = await retire(setting, 'delete', { purge: true });
    expect(retirement).toEqual({
      mode: 'delete',
      ...DONE,
      deleted: 2,
      bucket_deleted: true,
      left: NOTHING_LEFT,
    });
    expect(await isThere(setting.source)).toBe(false);
    expect(setting.state.now.phase).toBe('retired');
  });

  it('keeps what was changed since, and is not retired yet', async () => {
    const setting = await filled();
    await embedded.put(setting.source, 'a', 'changed');
    const { retirement } = await retire(setting, 'delete');
    expect(retirement).toEqual({
      mode: 'delete',
      ...DONE,
      deleted: 1,
      failed: [{ key: 'a', message: 'It was changed since the verification.' }],
      failed_count: 1,
      left: { versions: 1, bytes: 7, newer: 1, newer_keys: ['a'] },
    });
    expect(await versionsOf(setting.source)).toEqual(['a']);
    expect(setting.state.now.phase).toBe('retiring');
  });

  it('keeps what was never verified, and is then not deleted', async () => {
    const setting = await filled();
    for (const key of ['new', 'newer']) await embedded.put(setting.source, key, 'x');
    await expect(retire(setting, 'delete')).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        RegExp(
          `^${setting.source} was not deleted: it holds something that was never verified: new, newer\\. That`,
        ),
      ),
    });
    expect(await versionsOf(setting.source)).toEqual(['new', 'newer']);
    expect(setting.state.now.phase).toBe('retiring');
  });

  it('keeps what was never verified, and is then kept itself, which is no failure', async () => {
    const setting = await filled();
    await embedded.put(setting.source, 'new', 'x');
    const { retirement } = await retire(setting, 'empty-keep');
    const left = { versions: 1, bytes: 1, newer: 1, newer_keys: ['new'] };
    expect(retirement).toEqual({ mode: 'empty-keep', ...DONE, deleted: 2, left });
    expect(setting.state.now.phase).toBe('retiring');
  });

  /** What somebody does once the verified objects are gone. */
  const afterwards = (act: () => Promise<unknown>) =>
    intercepted(embedded.s3, async (command, send) => {
      const answer = await send();
      if (command.constructor.name === 'DeleteObjectsCommand') await act();
      return answer;
    });

  it('is not retired where somebody puts back what was verified: it was deleted only once', async () => {
    const setting = await filled();
    const s3 = afterwards(() => embedded.put(setting.source, 'a', 'a'));
    const { retirement } = await retire(setting, 'delete', { s3 });
    const left = { versions: 1, bytes: 1, newer: 0, newer_keys: [] };
    expect(retirement).toEqual({ mode: 'delete', ...DONE, deleted: 2, left });
    expect(setting.state.now.phase).toBe('retiring');
  });

  it('is not deleted where something comes at the last moment', async () => {
    const setting = await filled();
    const mutate = { put: { bucket: setting.source, key: 'late', body: 'x' } };
    await embedded.admin.inject({ operation: 'DeleteBucket', mutate });
    await expect(retire(setting, 'delete')).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        RegExp(`^${setting.source} was not deleted: it holds something that was never verified\\. That`),
      ),
    });
    expect(await versionsOf(setting.source)).toEqual(['late']);
  });

  it('is not given up where another migration begins to need it', async () => {
    const setting = await filled();
    const older = await embedded.bucket();
    const saved = { policy: null, lifecycle: null };
    const record = { version: 1, source: older, saved, plan: 'plan.json', undone_at: null };
    const s3 = afterwards(() => embedded.put(setting.source, freezeRecordKey(older), JSON.stringify(record)));
    await expect(retire(setting, 'delete', { s3 })).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining(
        `${setting.source} is empty, but not given up. ${older} was frozen to be migrated`,
      ),
    });
    expect(await isThere(setting.source)).toBe(true);
    expect(await versionsOf(setting.source)).toEqual([freezeRecordKey(older)]);
  });

  it('is not retired where a deletion was refused, though what it was about is gone by then', async () => {
    const setting = await filled();
    const s3 = intercepted(embedded.s3, async (command, send) => {
      const answer = (await send()) as object;
      const Errors = [{ Key: 'a', Code: 'AccessDenied' }];
      return command.constructor.name === 'DeleteObjectsCommand' ? { ...answer, Errors } : answer;
    });
    const { retirement } = await retire(setting, 'empty-keep', { s3 });
    expect(retirement).toMatchObject({ failed: [{ key: 'a', message: 'AccessDenied' }], left: NOTHING_LEFT });
    expect(setting.state.now.phase).toBe('retiring');
  });

  it('takes its own objects of earlier migrations with it, and closes the record of its freeze', async () => {
    const setting = await filled();
    const { source, destination } = setting;
    await embedded.put(source, '.migrate-buckets/older/lock.json', 'left behind');
    const saved = { policy: null, lifecycle: null };
    const record = { version: 1, source, saved, plan: 'plan.json', undone_at: null };
    await embedded.put(destination, freezeRecordKey(source), JSON.stringify(record));
    await retire(setting, 'empty-keep');
    expect(await versionsOf(source)).toEqual([]);
    expect(await recordOf(setting)).toEqual({
      ...record,
      retirements: [{ ...begunBy(setting), ended_at: NOW.toISOString() }],
      undone_at: NOW.toISOString(),
    });
  });

  it('B4: tells at the destination that it began before anything is deleted, and only then', async () => {
    const setting = await filled();
    await retire(setting, 'soft');
    expect(await recordOf(setting)).toBeUndefined();
    // The server answers what it had then.
    let seen: unknown;
    const s3 = intercepted(embedded.s3, async (command, send) => {
      if (command.constructor.name === 'DeleteObjectsCommand') seen = await recordOf(setting);
      return send();
    });
    await retire(setting, 'empty-keep', { s3 });
    const [begun, at] = [begunBy(setting), NOW.toISOString()];
    // It was never frozen, so that there is nothing to be put back.
    const saved = { policy: null, lifecycle: null };
    const record = { version: 1, source: setting.source, saved, plan: setting.files.plan, undone_at: at };
    expect(seen).toEqual({ ...record, retirements: [{ ...begun, ended_at: null }] });
    expect(await recordOf(setting)).toEqual({ ...record, retirements: [{ ...begun, ended_at: at }] });
  });

  it('B4: deletes nothing where that cannot be told', async () => {
    const setting = await filled();
    await embedded.admin.inject({ operation: 'PutObject', fail: 'AccessDenied', times: 0 });
    await expect(retire(setting, 'empty-keep')).rejects.toThrow('Access was denied');
    expect(await versionsOf(setting.source)).toEqual(['a', 'b']);
    expect(setting.state.now.phase).toBe('verified');
  });

  it('B4: tells of each plan once, whenever it goes on', async () => {
    const setting = await filled();
    const failing = intercepted(embedded.s3, (command, send) =>
      command.constructor.name === 'DeleteObjectsCommand' ? Promise.reject(new Error('killed')) : send(),
    );
    await expect(retire(setting, 'empty-keep', { s3: failing })).rejects.toThrow('killed');
    const first = await recordOf(setting);
    jest.setSystemTime(NOW.getTime() + 60_000);
    await expect(retire(setting, 'empty-keep', { s3: failing })).rejects.toThrow('killed');
    expect(await recordOf(setting)).toEqual(first);
    jest.setSystemTime(NOW);
    const again = { ...setting, plan: { ...setting.plan, created_at: '2026-01-01T13:00:00.000Z' } };
    await retire(again, 'empty-keep');
    expect((await recordOf(setting)).retirements).toMatchObject([
      { planned_at: setting.plan.created_at, ended_at: null },
      { planned_at: again.plan.created_at, ended_at: NOW.toISOString() },
    ]);
  });

  it('tells why it could not be deleted otherwise', async () => {
    const setting = await filled();
    await embedded.admin.inject({ operation: 'DeleteBucket', fail: 'AccessDenied', times: 0 });
    await expect(retire(setting, 'delete')).rejects.toThrow(
      `Access was denied when asked to delete the bucket ${setting.source}`,
    );
    expect(await isThere(setting.source)).toBe(true);
  });
});

describe('A versioned bucket', () => {
  /** `a` with an older version, and `b`. */
  const filled = async () => {
    const setting = await prepare({ versioned: true });
    const { source } = setting;
    for (const content of ['older', 'newer']) await embedded.put(source, 'a', content);
    await embedded.put(source, 'b', 'content');
    await setting.migrate();
    return setting;
  };

  it('is hidden under delete markers, which can be undone', async () => {
    const setting = await filled();
    const { retirement, events } = await retire(setting, 'delete');
    expect(retirement).toEqual({ mode: 'delete', ...DONE, hidden: true });
    expect(events).toEqual([
      { event: 'hidden', message: '2 objects were hidden under delete markers.', objects: 2 },
    ]);
    expect(await versionsOf(setting.source)).toEqual(['a', 'a', 'a (marker)', 'b', 'b (marker)']);
    expect(setting.state.now.phase).toBe('retiring');
  });

  it('B6: is not hidden whole where something came since: that is left, and named', async () => {
    const setting = await filled();
    let acted = false;
    const s3 = intercepted(embedded.s3, async (command, send) => {
      const answer = await send();
      if (command.constructor.name === 'DeleteObjectsCommand' && !acted) {
        acted = true;
        // An older version of what is hidden is not seen by anybody, nor is what was hidden again.
        await embedded.put(setting.source, 'late', 'late!');
        await embedded.put(setting.source, 'z', 'gone');
        await embedded.s3.send(new DeleteObjectCommand({ Bucket: setting.source, Key: 'z' }));
      }
      return answer;
    });
    const { retirement } = await retire(setting, 'delete', { s3 });
    const left = { versions: 1, bytes: 5, newer: 1, newer_keys: ['late'] };
    expect(retirement).toEqual({ mode: 'delete', ...DONE, hidden: true, left });
    expect(await embedded.text(setting.source, 'late')).toBe('late!');
  });

  it('loses every verified version, and the markers over them, by a purge', async () => {
    const setting = await filled();
    const { retirement, events } = await retire(setting, 'empty-keep', { purge: true });
    expect(await versionsOf(setting.source)).toEqual([]);
    // Three versions were verified; two markers were laid by the first phase.
    expect(retirement).toEqual({ mode: 'empty-keep', ...DONE, deleted: 5, left: NOTHING_LEFT });
    expect(events).toContainEqual({
      event: 'purged',
      message: '5 versions and delete markers were deleted for good.',
      versions: 5,
    });
    expect(await tagsOf(setting.source)).toHaveProperty(TAG);
    expect(setting.state.now.phase).toBe('retired');
  });

  it('loses what was deleted before the verification, and the marker over it', async () => {
    const setting = await prepare({ versioned: true });
    await embedded.put(setting.source, 'gone', 'x');
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: setting.source, Key: 'gone' }));
    await setting.migrate();
    const { retirement, events } = await retire(setting, 'delete', { purge: true });
    expect(events[0]).toEqual({
      event: 'hidden',
      message: '0 objects were hidden under delete markers.',
      objects: 0,
    });
    expect(retirement.bucket_deleted).toBe(true);
  });

  it('tells of a single version in the singular, as it is', async () => {
    const setting = await prepare({ versioned: true });
    await embedded.put(setting.source, 'gone', 'x');
    await setting.migrate();
    const s3 = intercepted(embedded.s3, async (command, send) => {
      const answer = (await send()) as { Deleted?: unknown[] };
      if (command.constructor.name === 'DeleteObjectsCommand') answer.Deleted?.splice(1);
      return answer;
    });
    const { events } = await retire(setting, 'empty-keep', { purge: true, s3 });
    expect(events).toContainEqual({
      event: 'purged',
      message: '1 version or delete marker was deleted for good.',
      versions: 1,
    });
  });

  it('keeps versions, and markers over other keys, that were never verified', async () => {
    const setting = await filled();
    await embedded.put(setting.source, 'new', 'x');
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: setting.source, Key: 'new' }));
    await expect(retire(setting, 'delete', { purge: true })).rejects.toThrow('never verified');
    expect(await versionsOf(setting.source)).toEqual(['new', 'new (marker)']);
  });

  it('keeps a newer version of a verified key, and is then not deleted', async () => {
    const setting = await filled();
    await embedded.put(setting.source, 'b', 'newer');
    const { retirement } = await retire(setting, 'delete', { purge: true });
    expect(retirement.failed).toEqual([{ key: 'b', message: 'It was changed since the verification.' }]);
    expect(await versionsOf(setting.source)).toContain('b');
  });

  it('is not retired while a version could not be deleted', async () => {
    const setting = await filled();
    await deny(setting.source, 's3:DeleteObjectVersion', 'b');
    const { retirement } = await retire(setting, 'delete', { purge: true });
    expect(retirement).toEqual({
      mode: 'delete',
      ...DONE,
      deleted: 3,
      failed: [
        { key: 'b', message: expect.stringContaining('AccessDenied') },
        { key: 'b', message: expect.stringContaining('AccessDenied') },
      ],
      failed_count: 2,
      left: { versions: 2, bytes: 7, newer: 1, newer_keys: ['b'] },
    });
    expect(await isThere(setting.source)).toBe(true);
    expect(setting.state.now.phase).toBe('retiring');
  });
});

/** Begins an upload a minute before the verification. */
async function begin(bucket: string): Promise<void> {
  jest.setSystemTime(NOW.getTime() - 60_000);
  await embedded.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'before' }));
}

it('aborts the uploads that nobody finished before the verification, and counts them', async () => {
  const setting = await prepare();
  await begin(setting.source);
  await setting.migrate(NOW);
  expect((await retire(setting, 'empty-keep')).retirement.uploads_aborted).toBe(1);
});

it('tells of unfinished uploads that cannot be aborted, before anything is deleted', async () => {
  const setting = await prepare();
  await embedded.put(setting.source, 'a', 'x');
  await begin(setting.source);
  await setting.migrate(NOW);
  await embedded.admin.inject({ operation: 'AbortMultipartUpload', fail: 'AccessDenied', times: 0 });
  await expect(retire(setting, 'empty-keep')).rejects.toThrow(
    `Access was denied when asked to abort the unfinished uploads in ${setting.source}`,
  );
  expect(await versionsOf(setting.source)).toEqual(['a']);
});
