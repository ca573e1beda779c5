import { setImmediate } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { CopyRequest } from '../../../../cli/migrate-buckets/engine/engine';
import { SdkEngine, type SdkEngineOptions } from '../../../../cli/migrate-buckets/engine/sdk-engine';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';

const GIBIBYTE = 1024 ** 3;
const KEY = 'some/ünusual key';

const embedded = useEmbeddedS3({ minimumPartBytes: 1 });
let source: string;
let destination: string;
let object: ListedObject;
beforeEach(async () => {
  source = await embedded.bucket();
  destination = await embedded.bucket();
  object = await embedded.put(source, KEY, 'content', {
    Metadata: { note: 'kept' },
    StorageClass: 'STANDARD_IA',
    Tagging: 'kind=receipt',
  });
  await embedded.admin.resetRequests();
});

const engine = (options: Partial<SdkEngineOptions> = {}, s3: S3Client = embedded.s3) =>
  new SdkEngine(s3, { signal: new AbortController().signal, ...options });
const request = (changes: Partial<CopyRequest> = {}): CopyRequest => ({
  source,
  destination,
  object,
  key: object.key,
  expected: 'absent',
  ...changes,
});
const listed = (changes: Partial<ListedObject>) => request({ object: { ...object, ...changes } });
const copied = () => embedded.text(destination, KEY);

describe('A copy', () => {
  it('carries content, metadata, storage class and tags, and gives its ETag without quotes', async () => {
    expect(await engine().copy(request())).toEqual({ etag: object.etag });
    expect(await copied()).toBe('content');
    const where = { Bucket: destination, Key: KEY };
    expect(await embedded.s3.send(new HeadObjectCommand(where))).toMatchObject({
      Metadata: { note: 'kept' },
      StorageClass: 'STANDARD_IA',
    });
    expect((await embedded.s3.send(new GetObjectTaggingCommand(where))).TagSet).toEqual([
      { Key: 'kind', Value: 'receipt' },
    ]);
  });

  it.each<[string, SdkEngineOptions['multipartAbove']]>([
    ['in one piece', undefined],
    ['in parts', 1],
  ])('A5: leaves behind the tags that it is not to carry, and no other, %s', async (_how, multipartAbove) => {
    const tagged = await embedded.put(source, KEY, 'content', { Tagging: 'kind=a%2Bb&covered=true' });
    const tagsWithout = async (...withoutTags: string[]) => {
      const key = `without ${withoutTags}`;
      await engine({ multipartAbove }).copy(request({ object: tagged, key, withoutTags }));
      return (await embedded.s3.send(new GetObjectTaggingCommand({ Bucket: destination, Key: key }))).TagSet;
    };
    const [kind, covered] = [
      { Key: 'kind', Value: 'a+b' },
      { Key: 'covered', Value: 'true' },
    ];
    expect(await tagsWithout('other')).toEqual([kind, covered]);
    expect(await tagsWithout('covered', 'other')).toEqual([kind]);
    expect(await tagsWithout('covered', 'kind')).toEqual([]);
  });

  it('A5: reads no tags where it carries them all', async () => {
    await engine().copy(request());
    expect(await embedded.admin.requests()).not.toHaveProperty('GetObjectTagging');
  });

  it('A5: does not bring back, as a canary, a tag that it is not to carry', async () => {
    const tagged = await embedded.put(source, KEY, 'content', { Tagging: 'kind=a&covered=true' });
    await engine().probe(request({ object: tagged, withoutTags: ['covered'] }), false);
    const where = { Bucket: destination, Key: KEY };
    expect((await embedded.s3.send(new GetObjectTaggingCommand(where))).TagSet).toEqual([
      { Key: 'kind', Value: 'a' },
    ]);
  });

  it('is pinned to the listed source, and to a destination that has nothing there', async () => {
    await engine().copy(request());
    expect(await embedded.admin.conditionalRequests()).toEqual([
      {
        operation: 'CopyObject',
        bucket: destination,
        key: KEY,
        conditions: { 'x-amz-copy-source-if-match': `"${object.etag}"`, 'if-none-match': '*' },
      },
    ]);
  });

  it('is pinned to the very object that it may overwrite', async () => {
    const { etag } = await embedded.put(destination, KEY, 'older');
    await engine().copy(request({ expected: etag }));
    expect(await copied()).toBe('content');
    expect(await embedded.admin.conditionalRequests()).toEqual([
      expect.objectContaining({
        conditions: { 'x-amz-copy-source-if-match': `"${object.etag}"`, 'if-match': `"${etag}"` },
      }),
    ]);
  });

  it('counts as made when its answer was lost', async () => {
    await embedded.admin.inject({ operation: 'CopyObject', reset: 'after' });
    expect(await engine().copy(request())).toEqual({ etag: object.etag });
    expect(await copied()).toBe('content');
  });

  it('is not believed without an ETag', async () => {
    const mute = intercepted(embedded.s3, async () => ({}));
    await expect(engine({}, mute).copy(request())).rejects.toThrow(`S3 gave no ETag for the copy of ${KEY}`);
  });
});

describe('Nothing is overwritten, and the reason is told,', () => {
  const refused = (changes: Partial<CopyRequest> = {}) => engine().copy(request(changes));

  it('when the source was changed', async () => {
    await embedded.put(source, KEY, 'changed');
    await expect(refused()).rejects.toMatchObject({
      name: 'CopyError',
      key: KEY,
      reason: 'source-changed',
      message: `${KEY} was changed in ${source} while it was copied.`,
    });
    expect(await copied()).toBeUndefined();
  });

  it('when the source is gone', async () => {
    await embedded.admin.inject({
      operation: 'CopyObject',
      mutate: { delete: { bucket: source, key: KEY } },
    });
    await expect(refused()).rejects.toMatchObject({
      reason: 'source-gone',
      message: `${KEY} was deleted from ${source} meanwhile.`,
    });
  });

  it('when a delete marker hides the source, of whose tags S3 says 405', async () => {
    await embedded.s3.send(
      new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await embedded.s3.send(new DeleteObjectCommand({ Bucket: source, Key: KEY }));
    await expect(refused({ withoutTags: ['covered'] })).rejects.toMatchObject({
      reason: 'source-gone',
      message: `${KEY} was deleted from ${source} meanwhile.`,
    });
  });

  it('when the server has no tags, of which it says 405 as well, and nobody deleted anything', async () => {
    await embedded.admin.inject({ operation: 'GetObjectTagging', fail: 'MethodNotAllowed', times: 0 });
    await expect(refused({ withoutTags: ['covered'] })).rejects.toMatchObject({ reason: 'failed' });
    expect(await copied()).toBeUndefined();
  });

  it.each([
    ['something is there that was to be absent', 'absent'],
    ['something else is there than was expected', 'another-etag'],
  ])('when %s', async (_what, expected) => {
    await embedded.put(destination, KEY, 'theirs');
    await expect(refused({ expected })).rejects.toMatchObject({
      reason: 'destination-differs',
      message: expect.stringMatching(
        RegExp(`^${KEY} in ${destination} holds something else .* Nothing was overwritten`),
      ),
    });
    expect(await copied()).toBe('theirs');
  });

  it('when nothing is there any more where something was expected, which is not said to be something else (B12)', async () => {
    await expect(refused({ expected: 'an-etag' })).rejects.toMatchObject({
      reason: 'destination-gone',
      message: `${KEY} was deleted from ${destination} meanwhile.`,
    });
    expect(await copied()).toBeUndefined();
  });

  it('when the source is blamed first, both sides having changed', async () => {
    await embedded.put(source, KEY, 'changed');
    await embedded.put(destination, KEY, 'theirs');
    await expect(refused()).rejects.toMatchObject({ reason: 'source-changed' });
  });
});

describe('A copy that fails for another reason', () => {
  it('fails with a sentence', async () => {
    await embedded.admin.inject({ operation: 'CopyObject', fail: 'AccessDenied', times: 0 });
    await expect(engine().copy(request())).rejects.toMatchObject({
      name: 'CopyError',
      reason: 'failed',
      message: expect.stringMatching(
        RegExp(`^Access was denied when asked to copy ${KEY} from ${source} to ${destination}`),
      ),
    });
    expect((await embedded.admin.requests()).HeadObject).toBeUndefined();
  });

  it("C18: is the last where the credentials are refused, and is no object's own", async () => {
    await embedded.admin.inject({ operation: 'CopyObject', fail: 'ExpiredToken', times: 0 });
    const one = engine({ concurrency: 1 });
    const failed = await Promise.allSettled([1, 2, 3].map(() => one.copy(request())));
    for (const each of failed) {
      expect(each).toMatchObject({
        reason: {
          name: 'UserError',
          message: expect.stringMatching(/^AWS refused the credentials \(ExpiredToken\)/),
        },
      });
    }
    expect(await embedded.admin.requests()).toEqual({ CopyObject: 1 });
  });

  it('is handed on as it is when it is a mistake of ours', async () => {
    const mistake = new TypeError('x is not a function');
    const broken = intercepted(embedded.s3, () => Promise.reject(mistake));
    await expect(engine({}, broken).copy(request())).rejects.toBe(mistake);
  });

  it('tells what could not be looked at afterwards', async () => {
    await embedded.put(source, KEY, 'changed');
    await embedded.admin.inject({ operation: 'HeadObject', fail: 'AccessDenied', times: 0 });
    await expect(engine().copy(request())).rejects.toThrow(
      RegExp(`^Access was denied when asked to look at ${KEY} in (${source}|${destination})`),
    );
  });

  it('does not take a side without ETag for the object', async () => {
    const mute = intercepted(embedded.s3, async (_command, send) => {
      const answer = await send();
      return Object.assign(answer as object, { ETag: undefined });
    });
    await embedded.put(destination, KEY, 'theirs');
    await expect(engine({}, mute).copy(request())).rejects.toMatchObject({ reason: 'source-gone' });
  });

  it('is neither explained nor looked into once everything is stopped', async () => {
    const stopped = new Error('Stopped.');
    await expect(engine({ signal: AbortSignal.abort(stopped) }).copy(request())).rejects.toBe(stopped);
    expect(await embedded.admin.requests()).toEqual({});
  });

  it('does not wait for an answer once everything is stopped', async () => {
    await embedded.admin.inject({ operation: 'CopyObject', delay: 2_000 });
    const stop = new AbortController();
    const copying = engine({ signal: stop.signal }).copy(request());
    while ((await embedded.admin.requests()).CopyObject === undefined) await setImmediate();
    stop.abort();
    await expect(copying).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('gives its place back', async () => {
    const single = engine({ concurrency: 1 });
    await expect(single.copy(request({ expected: 'an-etag' }))).rejects.toThrow();
    await single.copy(request());
    expect(await copied()).toBe('content');
  });
});

describe('A copy goes in parts', () => {
  const operations = async (options: Partial<SdkEngineOptions>, given: CopyRequest) => {
    await engine(options)
      .copy(given)
      .catch(() => undefined);
    const { CopyObject = 0, CreateMultipartUpload = 0 } = await embedded.admin.requests();
    return { CopyObject, CreateMultipartUpload };
  };
  const [WHOLE, PARTS] = [
    { CopyObject: 1, CreateMultipartUpload: 0 },
    { CopyObject: 0, CreateMultipartUpload: 1 },
  ];

  it('above the size that is given, and not at it', async () => {
    expect(await operations({ multipartAbove: 7 }, request())).toEqual(WHOLE);
    await embedded.admin.resetRequests();
    expect(await operations({ multipartAbove: 6 }, request())).toEqual(PARTS);
  });

  it('above 5 GiB unless a size is given', async () => {
    expect(await operations({}, listed({ size: 5 * GIBIBYTE }))).toEqual(WHOLE);
    await embedded.admin.resetRequests();
    expect(await operations({}, listed({ size: 5 * GIBIBYTE + 1 }))).toEqual(PARTS);
  });

  it('where the source was uploaded in parts, however small', async () => {
    expect(await operations({}, listed({ etag: `${'0'.repeat(32)}-1` }))).toEqual({
      CopyObject: 0,
      CreateMultipartUpload: 0,
    });
    // The listed ETag is not the object's: the very first look at the source refuses it.
    expect((await embedded.admin.requests()).HeadObject).toBeGreaterThan(0);
  });

  it.each([
    [undefined, 64 * 1024 ** 2],
    [8 * 1024 ** 2, 8 * 1024 ** 2],
  ])('of %p bytes, or 64 MiB, where the original cut is unknown', async (partSize, bytes) => {
    const ranges: unknown[] = [];
    const watched = intercepted(embedded.s3, (command, send) => {
      const { CopySourceRange } = command.input as { CopySourceRange?: string };
      if (CopySourceRange !== undefined) ranges.push(CopySourceRange);
      return send();
    });
    const options = partSize === undefined ? {} : { partSize };
    await expect(engine(options, watched).copy(listed({ size: 6 * GIBIBYTE }))).rejects.toThrow();
    expect(ranges[0]).toBe(`bytes=0-${bytes - 1}`);
  });
});

it.each([
  [3, 3],
  [undefined, 16],
  [100, 16],
])('begins with at most 16 copies at once, and never has more than the given: %p', (concurrency, limit) => {
  expect(engine(concurrency === undefined ? {} : { concurrency }).pace.limit).toBe(limit);
});

it('lists a bucket', async () => {
  const found: ListedObject[] = [];
  for await (const each of engine().list(source)) found.push(each);
  expect(found).toEqual([expect.objectContaining({ key: KEY, etag: object.etag, size: 7 })]);
});

describe('A probe', () => {
  it('copies, and reads and writes the tags', async () => {
    expect(await engine().probe(request(), false)).toEqual({ etag: object.etag });
    const { TagSet } = await embedded.s3.send(new GetObjectTaggingCommand({ Bucket: destination, Key: KEY }));
    expect(TagSet).toEqual([{ Key: 'kind', Value: 'receipt' }]);
    expect(await embedded.admin.requests()).toMatchObject({ CopyObject: 1, PutObjectTagging: 1 });
    expect(await embedded.admin.requests()).not.toHaveProperty('CreateMultipartUpload');
  });

  it('C19: writes no empty set of tags, at which some servers fail', async () => {
    const bare = await embedded.put(source, 'bare', 'content');
    await embedded.admin.resetRequests();
    await engine().probe(request({ object: bare }), false);
    const untold = intercepted(embedded.s3, async (_command, send) =>
      Object.assign((await send()) as object, { TagSet: undefined }),
    );
    await engine({}, untold).probe(request(), false);
    expect(await embedded.admin.requests()).toMatchObject({ GetObjectTagging: 2 });
    expect(await embedded.admin.requests()).not.toHaveProperty('PutObjectTagging');
  });

  it('begins an upload in parts where some will be needed, and leaves none behind', async () => {
    await engine().probe(request(), true);
    expect(await embedded.admin.requests()).toMatchObject({
      CreateMultipartUpload: 1,
      AbortMultipartUpload: 1,
    });
    const { Uploads = [] } = await embedded.s3.send(new ListMultipartUploadsCommand({ Bucket: destination }));
    expect(Uploads).toEqual([]);
  });

  it.each([
    ['GetObjectTagging', () => `read the tags of ${KEY} in ${source}`],
    ['PutObjectTagging', () => `write the tags of ${KEY} in ${destination}`],
    ['CreateMultipartUpload', () => `begin an upload in parts in ${destination}`],
  ])('tells that %s is denied', async (operation, doing) => {
    await embedded.admin.inject({ operation, fail: 'AccessDenied', times: 0 });
    await expect(engine().probe(request(), true)).rejects.toThrow(
      `Access was denied when asked to ${doing()}`,
    );
  });
});
