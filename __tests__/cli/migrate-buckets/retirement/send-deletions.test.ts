import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import {
  CHANGED,
  type Deletion,
  fitsInBatch,
  sendDeletions,
} from '../../../../cli/migrate-buckets/retirement/send-deletions';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

const embedded = useEmbeddedS3();
const CONTROL = 'k\u0001';

const send = (bucket: string, deletions: readonly Deletion[], s3 = embedded.s3) =>
  sendDeletions(s3, bucket, deletions, new AbortController().signal);
async function filled(...keys: string[]): Promise<string> {
  const bucket = await embedded.bucket();
  for (const key of keys) await embedded.put(bucket, key, key);
  return bucket;
}
const byEtag = async (bucket: string, key: string) => ({
  key,
  etag: (await embedded.look(bucket, key)).etag,
});

it.each([
  ['a b+c%', true],
  ['ü漢😀', true],
  ['\ue000\u{10ffff}', true],
  ['tab\t', false],
  ['line\n', false],
  ['return\r', false],
  ['\u0001', false],
  ['\u007f', false],
  ['\u0085', false],
  ['\u2028', false],
  ['\ufffe', false],
  ['\uffff', false],
])('says whether %j can stand in a batch: %p', (key, fits) => {
  expect(fitsInBatch({ key })).toBe(fits);
});

it('asks for nothing where nothing is to be deleted', async () => {
  expect(await send('no-such-bucket', [])).toEqual({ deleted: 0, refused: [] });
  expect(await embedded.admin.requests()).toEqual({});
});

it.each(['k', CONTROL])('deletes %j under its ETag, and leaves what has another', async (key) => {
  const bucket = await filled(key);
  const deletion = await byEtag(bucket, key);
  expect(await send(bucket, [{ key, etag: 'other' }])).toEqual({
    deleted: 0,
    refused: [{ key, message: 'It was changed since the verification.' }],
  });
  expect(await send(bucket, [deletion])).toEqual({ deleted: 1, refused: [] });
  // Gone already: an earlier run was cut off.
  expect(await send(bucket, [deletion])).toEqual({ deleted: 0, refused: [] });
});

it.each(['k', CONTROL])('deletes one version of %j, and no other', async (key) => {
  const bucket = await filled();
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  await embedded.put(bucket, key, 'older');
  const { VersionId: versionId = '' } = await embedded.s3.send(
    new DeleteObjectCommand({ Bucket: bucket, Key: key }),
  );
  expect(await send(bucket, [{ key, versionId }])).toEqual({ deleted: 1, refused: [] });
  expect(await embedded.text(bucket, key)).toBe('older');
});

it.each(['k', CONTROL])('names what may not be deleted: %j', async (key) => {
  const bucket = await filled(key);
  const deletion = await byEtag(bucket, key);
  const s3 = intercepted(embedded.s3, async (command, go) =>
    command.constructor.name === 'DeleteObjectsCommand'
      ? { Errors: [{ Key: key, Code: 'AccessDenied', Message: 'No.' }] }
      : go(),
  );
  await embedded.admin.inject({ operation: 'DeleteObject', fail: 'AccessDenied', times: 0 });
  const { deleted, refused } = await send(bucket, [deletion], s3);
  expect(deleted).toBe(0);
  expect(refused).toEqual([{ key, message: expect.stringMatching(/^AccessDenied \(.+\)$/) }]);
});

it.each([
  [{ Key: 'k', Code: 'AccessDenied' }, 'AccessDenied'],
  [{ Key: 'k', Code: 'AccessDenied', Message: '' }, 'AccessDenied'],
  [{ Key: 'k', Code: 'PreconditionFailed', Message: 'x' }, CHANGED],
])('makes a message of %j', async (error, message) => {
  const s3 = intercepted(embedded.s3, async () => ({ Errors: [error] }));
  expect((await send('b', [{ key: 'k', etag: 'e' }], s3)).refused).toEqual([{ key: 'k', message }]);
});

it.each(['NoSuchKey', 'NoSuchVersion'])('does not name what is gone: %s', async (Code) => {
  const s3 = intercepted(embedded.s3, async () => ({ Errors: [{ Key: 'k', Code }] }));
  expect(await send('b', [{ key: 'k', etag: 'e' }], s3)).toEqual({ deleted: 0, refused: [] });
});

it.each([
  ['k', 'DeleteObjects'],
  [CONTROL, 'DeleteObject'],
])(
  'never sends a deletion of %j twice by itself, and throws what went wrong as it came',
  async (key, operation) => {
    const bucket = await filled(key);
    const deletion = await byEtag(bucket, key);
    await embedded.admin.inject({ operation, fail: 'SlowDown', times: 0 });
    await embedded.admin.resetRequests();
    await expect(send(bucket, [deletion])).rejects.toMatchObject({ name: 'SlowDown' });
    expect(await embedded.admin.requests()).toEqual({ [operation]: 1 });
  },
);

it.each(['k', CONTROL])('does not take a bucket that is gone for an object that is: %j', async (key) => {
  await expect(send('no-such-bucket', [{ key, etag: 'e' }])).rejects.toMatchObject({ name: 'NoSuchBucket' });
});

it('says what little is told of a deletion that was refused', async () => {
  const bucket = await filled('k');
  const s3 = intercepted(embedded.s3, async () => ({ Errors: [{}] }));
  expect(await send(bucket, [{ key: 'k', versionId: 'null' }], s3)).toEqual({
    deleted: 0,
    refused: [{ key: '?', message: 'Unknown' }],
  });
});

it.each(['k', CONTROL])('sends nothing once it is stopped: %j', async (key) => {
  const bucket = await filled(key);
  const deletion = await byEtag(bucket, key);
  await expect(sendDeletions(embedded.s3, bucket, [deletion], AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(await embedded.text(bucket, key)).toBe(key);
});
