import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { decodeListedKey } from '../../../../cli/migrate-buckets/listing/listed-object';
import type { Held } from '../../../../cli/migrate-buckets/locks/file-lock';
import { holderOf } from '../../../../cli/migrate-buckets/locks/holder';
import { takeObjectLock } from '../../../../cli/migrate-buckets/locks/object-lock';
import { deleteOwnObjects, openMigrationsTo } from '../../../../cli/migrate-buckets/retirement/own-objects';
import type { Aws } from '../../../../cli/shared/aws/clients';
import {
  freezeRecordKey,
  isProvenMarkKey,
  lockObjectKey,
  OWN_PREFIX,
  PROBE_PREFIX,
  provenMarkKey,
  sourceToldOf,
} from '../../../../contracts/migrate-buckets/own-objects';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

const embedded = useEmbeddedS3();
const context = () => ({
  aws: { s3: embedded.s3, options: {} } as Aws,
  signal: new AbortController().signal,
});
const open = (bucket: string) => openMigrationsTo(context(), bucket);

it('knows of which migration one of its own objects tells', () => {
  const digest = 'a'.repeat(64);
  const keys = [lockObjectKey('old'), freezeRecordKey('old'), provenMarkKey('old', digest)];
  expect(keys.map(sourceToldOf)).toEqual(['old', 'old', 'old']);
  expect(keys.map(isProvenMarkKey)).toEqual([false, false, true]);
  for (const key of [
    `${PROBE_PREFIX}x/lock.json`,
    `${OWN_PREFIX}old/other.json`,
    provenMarkKey('old', 'another'),
    'old/lock.json',
    lockObjectKey('a/b'),
  ]) {
    expect(sourceToldOf(key)).toBeUndefined();
  }
});

describe('A migration to a bucket is open', () => {
  const record = (source: string, undone_at: string | null) =>
    JSON.stringify({
      version: 1,
      source,
      saved: { policy: null, lifecycle: null },
      plan: 'plan.json',
      undone_at,
    });

  it('while its source is frozen, and what that was before is kept here alone', async () => {
    const [source, bucket] = [await embedded.bucket(), await embedded.bucket()];
    expect(await open(bucket)).toEqual([]);
    await embedded.put(bucket, freezeRecordKey(source), record(source, null));
    expect(await open(bucket)).toEqual([
      `${source} was frozen to be migrated to ${bucket}, and what it was before is kept there. Finish that migration, or run "migrate-buckets unfreeze --source ${source} --dest ${bucket}".`,
    ]);
    await embedded.put(bucket, freezeRecordKey(source), record(source, new Date().toISOString()));
    expect(await open(bucket)).toEqual([]);
  });

  it('not when its source is gone, and yet when nobody says so', async () => {
    const bucket = await embedded.bucket();
    await embedded.put(bucket, freezeRecordKey('gone'), record('gone', null));
    expect(await open(bucket)).toEqual([]);
    await embedded.admin.inject({ operation: 'HeadBucket', fail: 'AccessDenied', times: 0 });
    expect(await open(bucket)).toHaveLength(1);
    await embedded.admin.clearFaults();
  });

  it('while somebody works on it, and not once he is done', async () => {
    const [source, bucket] = [await embedded.bucket(), await embedded.bucket()];
    const place = { s3: embedded.s3, source, destination: bucket };
    const held: Held = await takeObjectLock(place, await holderOf('apply', 'plan.json'));
    expect(await open(bucket)).toEqual([
      expect.stringMatching(
        `^Somebody works on the migration of ${source} to ${bucket} \\(apply by .+ on .+\\)\\. Wait for it\\.$`,
      ),
    ]);
    await held.release();
    expect(await open(bucket)).toEqual([]);
    const gone = { ...(await holderOf('apply', 'plan.json')), process_started: 'long ago' };
    await takeObjectLock(place, gone);
    expect(await open(bucket)).toEqual([]);
  });

  it('where that cannot be found out', async () => {
    const bucket = await embedded.bucket();
    await embedded.admin.inject({ operation: 'ListObjectVersions', fail: 'AccessDenied', times: 0 });
    expect(await open(bucket)).toEqual([
      expect.stringMatching(`^Access was denied when asked to list the versions in ${bucket}`),
    ]);
    await embedded.admin.clearFaults();
    const mistake = intercepted(embedded.s3, async () => {
      throw new TypeError('x is not a function');
    });
    const asked = openMigrationsTo({ ...context(), aws: { s3: mistake, options: {} } as Aws }, bucket);
    await expect(asked).rejects.toThrow(TypeError);
  });

  it('not by what was deleted there, nor by an object that only lies among ours', async () => {
    const [source, bucket] = [await embedded.bucket(), await embedded.bucket()];
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    await embedded.put(bucket, freezeRecordKey(source), record(source, null));
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: freezeRecordKey(source) }));
    await embedded.put(bucket, `${OWN_PREFIX}note.json`, 'not ours');
    await embedded.put(bucket, lockObjectKey(source), 'not a lock');
    expect(await open(bucket)).toEqual([]);
  });
});

const versionings = [undefined, 'Enabled', 'Suspended'] as const;
describe.each(versionings)('Its own objects, where versioning is %s,', (Status) => {
  it('are removed, with every version, and nothing else is', async () => {
    const bucket = await embedded.bucket();
    if (Status !== undefined) {
      const VersioningConfiguration = { Status };
      await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    }
    const probe = `${PROBE_PREFIX}${randomUUID()}`;
    const own = [lockObjectKey('old'), freezeRecordKey('Old_1'), `${probe}/y`, `${probe}/a b+c\u0001`];
    const others = [
      `${OWN_PREFIX}a b+c\u0001`,
      `${PROBE_PREFIX}x/y`,
      `${OWN_PREFIX}notes.txt`,
      `${OWN_PREFIX}old/report.html`,
      '.migrate-bucketsX/y',
      'data',
    ];
    for (const key of [...own, ...own, ...others]) {
      await embedded.put(bucket, key, `${Math.random()}`);
    }
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: lockObjectKey('old') }));
    await deleteOwnObjects(context(), bucket);
    const { Versions = [], DeleteMarkers = [] } = await embedded.s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket, EncodingType: 'url' }),
    );
    expect([Versions.map(({ Key = '' }) => decodeListedKey(Key)).sort(), DeleteMarkers]).toEqual([
      others.sort(),
      [],
    ]);
  });
});

it('leaves and names one of its own objects that somebody writes in the last moment', async () => {
  const bucket = await embedded.bucket();
  const key = lockObjectKey('old');
  await embedded.put(bucket, key, 'left behind');
  await embedded.admin.inject({
    operation: 'DeleteObject',
    mutate: { put: { bucket, key, body: 'taken anew' } },
  });
  await expect(deleteOwnObjects(context(), bucket)).rejects.toThrow(
    `It failed to delete ${key} in ${bucket}: PreconditionFailed`,
  );
  expect(await embedded.text(bucket, key)).toBe('taken anew');
});

it('takes one of its own objects for deleted where the answer to its deletion was lost', async () => {
  const bucket = await embedded.bucket();
  const keys = [lockObjectKey('old'), freezeRecordKey('old')];
  for (const key of keys) await embedded.put(bucket, key, 'left behind');
  let lost = 0;
  const s3 = intercepted(embedded.s3, async (command, send) => {
    const answer = await send();
    if (!(command instanceof DeleteObjectCommand) || lost++ > 0) return answer;
    // The second attempt finds nothing: with a condition, S3 then says NoSuchKey.
    throw Object.assign(new Error('gone'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
  });
  await deleteOwnObjects({ ...context(), aws: { s3, options: {} } as Aws }, bucket);
  const { Versions = [] } = await embedded.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  expect(Versions).toEqual([]);
});
