import { setImmediate } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { listAround } from '../../../../cli/migrate-buckets/listing/list-around';
import { Pace } from '../../../../cli/shared/aws/pace';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

const embedded = useEmbeddedS3();
const KEYS = [
  'a',
  'a1',
  'a10',
  'a11',
  'a12',
  'a2',
  'b',
  'control\u0001',
  'ü+ %',
  '\u{10ffff}x',
  '\u{10ffff}y',
];

/** Pages of this many, or as the server makes them. */
const paged = (size: number) =>
  intercepted(embedded.s3, (command, send) => {
    Object.assign(command.input, { MaxKeys: size });
    return send();
  });
const around = (bucket: string, key: string, s3: S3Client = embedded.s3) =>
  listAround(s3, bucket, key, new Pace(), new AbortController().signal);
async function filled(): Promise<string> {
  const bucket = await embedded.bucket();
  for (const key of KEYS) await embedded.put(bucket, key, key);
  return bucket;
}

it.each([1, 2, 3, 1000])('tells of each key, by whichever page of %d it is reached', async (size) => {
  const bucket = await filled();
  for (const [index, key] of KEYS.entries()) {
    const { objects, covers } = await around(bucket, key, paged(size));
    expect(objects.get(key)).toEqual(await embedded.look(bucket, key));
    expect(covers(key)).toBe(true);
    // What it says that it covers, it holds.
    for (const other of KEYS.slice(index)) expect(covers(other)).toBe(objects.has(other));
    // What comes before was not asked for: that it is not on the page says nothing of it.
    for (const other of KEYS.slice(0, index)) expect(covers(other)).toBe(false);
  }
});

it('tells that a key is not there, and how far it looked', async () => {
  const bucket = await filled();
  const { objects, covers } = await around(bucket, 'a13', paged(2));
  expect([objects.has('a13'), covers('a13'), covers('a2'), covers('b')]).toEqual([false, true, true, false]);
  expect((await around(bucket, 'zzz')).covers('zzz')).toBe(true);
  expect((await around(await embedded.bucket(), 'a')).objects.size).toBe(0);
});

it('lists no more than the page that is asked for', async () => {
  const bucket = await filled();
  await embedded.admin.resetRequests();
  await around(bucket, 'b');
  expect(await embedded.admin.requests()).toEqual({ ListObjectsV2: 1 });
});

it.each([
  ['a12', 'a1'],
  ['\u{10ffff}x', '\u{10ffff}'],
  ['a', undefined],
])('asks for what comes from %s on, not for the whole bucket', async (key, after) => {
  const asked: unknown[] = [];
  const s3 = intercepted(embedded.s3, (command, send) => {
    asked.push((command.input as { StartAfter?: string }).StartAfter);
    return send();
  });
  await around(await filled(), key, s3);
  expect(asked).toEqual([after]);
});

it('tells in a sentence which bucket could not be listed', async () => {
  const bucket = await filled();
  await embedded.admin.inject({ operation: 'ListObjectsV2', fail: 'AccessDenied' });
  await expect(around(bucket, 'a')).rejects.toThrow(
    `Access was denied when asked to list the bucket ${bucket}`,
  );
});

it.each<[string, object, RegExp]>([
  ['does not say whether it goes on', { IsTruncated: undefined }, /does not say whether or where it goes on/],
  [
    'does not say where',
    { IsTruncated: true, NextContinuationToken: undefined },
    /whether or where it goes on/,
  ],
  ['names no key', { Contents: [{ ETag: '"x"', Size: 1 }] }, /without key, ETag or size/],
  ['names no ETag', { Contents: [{ Key: 'x', Size: 1 }] }, /without key, ETag or size/],
  ['names no size', { Contents: [{ Key: 'x', ETag: '"x"' }] }, /without key, ETag or size/],
  [
    'is not in order',
    { Contents: ['b', 'a'].map((Key) => ({ Key, ETag: '"x"', Size: 1 })) },
    /is not in key order \("a" came after "b"\)/,
  ],
  [
    'names a key twice',
    { Contents: ['a', 'a'].map((Key) => ({ Key, ETag: '"x"', Size: 1 })) },
    /is not in key order/,
  ],
])('concludes nothing from a page that %s', async (_what, changes, message) => {
  const bucket = await filled();
  const s3 = intercepted(embedded.s3, async (_command, send) => ({
    ...((await send()) as object),
    ...changes,
  }));
  await expect(around(bucket, 'a', s3)).rejects.toThrow(message);
});

it('does not follow a page that leads to itself', async () => {
  const bucket = await filled();
  const s3 = intercepted(embedded.s3, async (_command, send) => ({
    ...((await send()) as object),
    Contents: [],
    IsTruncated: true,
    NextContinuationToken: 'again',
  }));
  const followed = intercepted(s3, (command, send) => {
    Object.assign(command.input, { ContinuationToken: undefined });
    return send();
  });
  await expect(around(bucket, 'b', followed)).rejects.toThrow(/whether or where it goes on/);
});

it('does not begin anew where a later page does not say where it goes on', async () => {
  const bucket = await filled();
  let pages = 0;
  const s3 = intercepted(paged(1), async (_command, send) => {
    const page = (await send()) as object;
    return ++pages === 1 ? { ...page, Contents: [] } : { ...page, NextContinuationToken: undefined };
  });
  await expect(around(bucket, 'b', s3)).rejects.toThrow(/whether or where it goes on/);
  expect(pages).toBe(2);
});

it('does not wait for a page once everything is stopped', async () => {
  const bucket = await filled();
  await embedded.admin.resetRequests();
  await embedded.admin.inject({ operation: 'ListObjectsV2', delay: 2_000 });
  const stop = new AbortController();
  const listing = listAround(embedded.s3, bucket, 'a', new Pace(), stop.signal);
  while ((await embedded.admin.requests()).ListObjectsV2 === undefined) await setImmediate();
  stop.abort();
  await expect(listing).rejects.toThrow();
});

it('reads keys that the server did not encode', async () => {
  const bucket = await filled();
  const s3 = intercepted(embedded.s3, async (_command, send) => ({
    ...((await send()) as object),
    EncodingType: undefined,
    Contents: [{ Key: 'a+b%20', ETag: '"x"', Size: 1 }],
  }));
  expect([...(await around(bucket, 'a', s3)).objects.keys()]).toEqual(['a+b%20']);
});
