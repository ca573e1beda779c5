import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { s3Admin } from '../src/s3/admin';
import { SortedKeys } from '../src/s3/key-order';
import { type S3Server, startS3Server } from '../src/s3/server';

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
const decode = (key = ''): string => decodeURIComponent(key.replaceAll('+', ' '));

/** Any text but NUL, which XML cannot carry in any form; slashes are frequent, so that groups occur. */
const keyPart = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }) },
  { weight: 2, arbitrary: fc.constantFrom('/', 'a/', 'b/', '//', '~', '\u007f', '\ufffd', '😀', '+', '%') },
);
const someKeys = fc.uniqueArray(
  fc
    .array(keyPart, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('').replaceAll('\0', '0'))
    // Left alone by SDKs on Node, resolved by some proxies: not what this is about.
    .filter((key) => !key.split('/').some((segment) => segment === '.' || segment === '..')),
  { minLength: 1, maxLength: 25 },
);

let server: S3Server;
let s3: S3Client;
let buckets = 0;

/** A new bucket with these objects, put in the order given. */
async function bucketWith(keys: readonly string[], versioned = false): Promise<string> {
  buckets += 1;
  const Bucket = `library-${buckets}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  return Bucket;
}

/** Every entry of a listing, page after page: keys and groups in the order in which they came. */
async function readPages(
  Bucket: string,
  MaxKeys: number,
  options: { Prefix?: string; Delimiter?: string } = {},
) {
  const entries: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, MaxKeys, EncodingType: 'url', ContinuationToken, ...options }),
    );
    const found = [
      ...(page.Contents ?? []).map(({ Key }) => decode(Key)),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => decode(Prefix)),
    ];
    expect(found.length).toBe(page.KeyCount);
    expect(found.length).toBeLessThanOrEqual(MaxKeys);
    entries.push(...found.sort(byBytes));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return entries;
}

beforeAll(async () => {
  server = await startS3Server();
  s3 = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'lister', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  s3.destroy();
  await server.close();
});

test('pages of any size, put together, are all keys in the order of their bytes', async () => {
  await fc.assert(
    fc.asyncProperty(someKeys, fc.integer({ min: 1, max: 7 }), async (keys, pageSize) => {
      const bucket = await bucketWith(keys);
      expect(await readPages(bucket, pageSize)).toEqual([...keys].sort(byBytes));
    }),
    { numRuns: 25 },
  );
});

test('pages with a prefix and a delimiter hold each lone key and each group once', async () => {
  await fc.assert(
    fc.asyncProperty(
      someKeys,
      fc.constantFrom('', 'a', 'a/', '/'),
      fc.integer({ min: 1, max: 5 }),
      async (keys, Prefix, pageSize) => {
        const bucket = await bucketWith(keys);
        const expected = keys
          .filter((key) => key.startsWith(Prefix))
          .map((key) => {
            const slash = key.indexOf('/', Prefix.length);
            return slash < 0 ? key : key.slice(0, slash + 1);
          });
        expect(await readPages(bucket, pageSize, { Prefix, Delimiter: '/' })).toEqual(
          [...new Set(expected)].sort(byBytes),
        );
      },
    ),
    { numRuns: 25 },
  );
});

test('a walk by start-after alone, as range scanners do it, meets every key once', async () => {
  await fc.assert(
    fc.asyncProperty(someKeys, fc.integer({ min: 1, max: 4 }), async (keys, MaxKeys) => {
      const Bucket = await bucketWith(keys);
      const seen: string[] = [];
      for (;;) {
        const { Contents = [] } = await s3.send(
          new ListObjectsV2Command({ Bucket, MaxKeys, EncodingType: 'url', StartAfter: seen.at(-1) }),
        );
        if (Contents.length === 0) break;
        seen.push(...Contents.map(({ Key }) => decode(Key)));
      }
      expect(seen).toEqual([...keys].sort(byBytes));
    }),
    { numRuns: 20 },
  );
});

test('pages of versions and markers lose and repeat none', async () => {
  const change = fc.record({ Key: fc.constantFrom('a', 'b/1', 'b/2', 'é', '😀'), remove: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      async (changes, MaxKeys) => {
        const Bucket = await bucketWith([], true);
        const written = new Map<string, string[]>();
        for (const { Key, remove } of changes) {
          const place = { Bucket, Key };
          const { VersionId = '' } = remove
            ? await s3.send(new DeleteObjectCommand(place))
            : await s3.send(new PutObjectCommand({ ...place, Body: 'x' }));
          written.set(Key, [VersionId, ...(written.get(Key) ?? [])]);
        }
        const expected = [...written.keys()].sort(byBytes).flatMap((key) => written.get(key) ?? []);

        const seen: string[] = [];
        let markers: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
        while (markers !== undefined) {
          const page: ListObjectVersionsCommandOutput = await s3.send(
            new ListObjectVersionsCommand({ Bucket, MaxKeys, ...markers }),
          );
          const ids = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
            ({ VersionId = '' }) => VersionId,
          );
          // The SDK splits versions from markers: within a page only the set is known.
          expect(new Set(ids)).toEqual(new Set(expected.slice(seen.length, seen.length + ids.length)));
          seen.push(...ids);
          markers = page.IsTruncated
            ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
            : undefined;
        }
        expect(seen.length).toBe(expected.length);
      },
    ),
    { numRuns: 20 },
  );
});

test('ten thousand keys, added and deleted in any order, are walked in order', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `k${(index * 7919) % 10_000}`);
  const sorted = new SortedKeys<{ key: string }>();
  for (const key of keys) sorted.add({ key });
  const gone = new Set(keys.filter((_, index) => index % 3 === 0));
  for (const key of gone) sorted.delete(key);
  const walk = sorted.walk('k5');
  const seen: string[] = [];
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) seen.push(entry.key);
  expect(seen).toEqual(keys.filter((key) => !gone.has(key) && key >= 'k5').sort());
  expect(sorted.size).toBe(keys.length - gone.size);
});

it('A bucket that is filled at once lists and gives its objects like any other', async () => {
  const bucket = await bucketWith(['a', 'z']);
  const filling = { bucket, prefix: 'run-', suffix: '/delta', objects: 1201 };
  await s3Admin(server.endpoint).fill(filling);
  const keys = await readPages(bucket, 1000);
  expect(keys).toHaveLength(1203);
  expect([keys[0], keys[1], keys.at(-2), keys.at(-1)]).toEqual([
    'a',
    'run-000000000/delta',
    'run-000001200/delta',
    'z',
  ]);
  const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'run-000000007/delta' }));
  const text = (await Body?.transformToString()) ?? '';
  expect(ETag).toBe(`"${createHash('md5').update(text).digest('hex')}"`);
  expect(text).toBe('run-000000007/delta');
  const half = await bucketWith([]);
  await s3Admin(server.endpoint).fill({ ...filling, bucket: half, every: 2 });
  expect(await readPages(half, 1000)).toEqual(keys.filter((key) => /[02468]\/delta$/.test(key)));
});
