import assert from 'node:assert/strict';
import {
  type _Object,
  type CommonPrefix,
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, decodeKey, refuses, type Subject } from './subject';

/** Puts empty objects under a fresh prefix and lists relative to it. */
async function library(s3: Subject, names: readonly string[]) {
  const Bucket = await s3.plain();
  const root = s3.prefix();
  for (const name of names) await s3.put({ Bucket, Key: root + name, Body: '' });
  const relative = (key = ''): string => decodeKey(key).slice(root.length);
  const list = async (input: Partial<ListObjectsV2CommandInput> = {}) => {
    const { Prefix = '', StartAfter, ...more } = input;
    const page = await s3.client.send(
      new ListObjectsV2Command({
        Bucket,
        EncodingType: 'url',
        Prefix: root + Prefix,
        ...(StartAfter === undefined ? {} : { StartAfter: root + StartAfter }),
        ...more,
      }),
    );
    return {
      ...page,
      keys: keysOf(page.Contents, relative),
      groups: groupsOf(page.CommonPrefixes, relative),
    };
  };
  return { Bucket, root, relative, list };
}

const keysOf = (contents: readonly _Object[] = [], relative: (key?: string) => string): string[] =>
  contents.map(({ Key }) => relative(Key));
const groupsOf = (prefixes: readonly CommonPrefix[] = [], relative: (key?: string) => string): string[] =>
  prefixes.map(({ Prefix }) => relative(Prefix));

const TREE = ['a', 'b/1', 'b/2', 'c', 'd/x/1', 'd/y', 'e'];

export const listingCases: readonly ConformanceCase[] = [
  {
    name: 'keys are listed in the order of their UTF-8 bytes, which is not that of UTF-16',
    check: async (s3) => {
      // U+1F600 is D83D in UTF-16, before U+FFFD; in UTF-8 it is F0…, after EF….
      const names = ['!', 'A', 'Z', 'a', '~', '\u007f', 'é', '漢', '\ufffd', '😀', '\u{10fffd}'];
      const { list } = await library(s3, [...names].reverse());
      assert.deepEqual((await list()).keys, names);
    },
  },
  {
    name: 'a prefix selects keys, and may end inside a name',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      assert.deepEqual((await list({ Prefix: 'd/' })).keys, ['d/x/1', 'd/y']);
      assert.deepEqual((await list({ Prefix: 'b/1' })).keys, ['b/1']);
      assert.deepEqual((await list({ Prefix: 'z' })).keys, []);
    },
  },
  {
    name: 'a delimiter groups keys, and groups count as keys',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      const page = await list({ Delimiter: '/' });
      assert.deepEqual(page.keys, ['a', 'c', 'e']);
      assert.deepEqual(page.groups, ['b/', 'd/']);
      assert.equal(page.KeyCount, 5);
    },
  },
  {
    name: 'a delimiter groups below a prefix',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      const page = await list({ Delimiter: '/', Prefix: 'd/' });
      assert.deepEqual([page.keys, page.groups], [['d/y'], ['d/x/']]);
    },
  },
  {
    name: 'a delimiter may be several characters',
    check: async (s3) => {
      const { list } = await library(s3, ['a--1', 'a--2', 'a-3']);
      const page = await list({ Delimiter: '--' });
      assert.deepEqual([page.keys, page.groups], [['a-3'], ['a--']]);
    },
  },
  {
    name: 'start-after names a key that need not exist, and is not listed itself',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      assert.deepEqual((await list({ StartAfter: 'd/x/1' })).keys, ['d/y', 'e']);
      assert.deepEqual((await list({ StartAfter: 'cc' })).keys, ['d/x/1', 'd/y', 'e']);
    },
  },
  {
    name: 'pages neither lose nor repeat a key',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      let pages = 0;
      do {
        const page = await list({ MaxKeys: 2, ContinuationToken });
        assert.equal(page.keys.length, page.KeyCount);
        seen.push(...page.keys);
        ContinuationToken = page.NextContinuationToken;
        assert.equal(page.IsTruncated, ContinuationToken !== undefined);
        pages += 1;
      } while (ContinuationToken !== undefined);
      assert.deepEqual(seen, TREE);
      assert.equal(pages, 4);
    },
  },
  {
    name: 'pages with a delimiter neither lose nor repeat a group',
    check: async (s3) => {
      const { list } = await library(s3, TREE);
      const seen: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await list({ MaxKeys: 1, Delimiter: '/', ContinuationToken });
        seen.push(...page.keys, ...page.groups);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      assert.deepEqual(seen, ['a', 'b/', 'c', 'd/', 'e']);
    },
  },
  {
    name: 'a page that ends with the last key is not truncated',
    check: async (s3) => {
      const { list } = await library(s3, ['a', 'b']);
      assert.equal((await list({ MaxKeys: 2 })).IsTruncated, false);
    },
  },
  {
    name: 'a page whose last key is deleted before the next goes on behind it',
    check: async (s3) => {
      const { Bucket, root, list } = await library(s3, ['a', 'b', 'c']);
      const first = await list({ MaxKeys: 2 });
      await s3.client.send(new DeleteObjectCommand({ Bucket, Key: `${root}b` }));
      const second = await list({ MaxKeys: 2, ContinuationToken: first.NextContinuationToken });
      assert.deepEqual(second.keys, ['c']);
    },
  },
  {
    name: 'max-keys 0 lists nothing and promises no more',
    check: async (s3) => {
      const { list } = await library(s3, ['a']);
      const page = await list({ MaxKeys: 0 });
      assert.deepEqual([page.KeyCount, page.IsTruncated], [0, false]);
    },
  },
  {
    name: 'a continuation token that no page gave is refused',
    check: async (s3) => {
      const { list } = await library(s3, ['a']);
      await refuses(list({ ContinuationToken: 'invented' }), 400, 'InvalidArgument');
    },
  },
  {
    name: 'the url encoding writes a space as + and leaves slashes alone',
    check: async (s3) => {
      const { Bucket, root } = await library(s3, ['a b/c+d%é']);
      const { Contents = [] } = await s3.client.send(
        new ListObjectsV2Command({ Bucket, Prefix: root, EncodingType: 'url' }),
      );
      assert.equal(Contents[0]?.Key, `${root}a+b/c%2Bd%25%C3%A9`);
    },
  },
  {
    name: 'an entry has ETag, size, time and storage class; an owner only when asked for',
    check: async (s3) => {
      const { list } = await library(s3, ['a']);
      const [entry] = (await list()).Contents ?? [];
      assert.equal(entry?.ETag, '"d41d8cd98f00b204e9800998ecf8427e"');
      assert.equal(entry?.Size, 0);
      assert.ok(Math.abs(Date.now() - Number(entry?.LastModified)) < 15 * 60 * 1000);
      assert.equal(entry?.Owner, undefined);
      assert.ok((await list({ FetchOwner: true })).Contents?.[0]?.Owner?.ID);
    },
  },
  {
    name: 'the first version of the call pages by marker',
    check: async (s3) => {
      const { Bucket, root, relative } = await library(s3, TREE);
      const list = (Marker?: string) =>
        s3.client.send(new ListObjectsCommand({ Bucket, Prefix: root, MaxKeys: 4, Marker }));
      const first = await list();
      assert.deepEqual(keysOf(first.Contents, relative), TREE.slice(0, 4));
      assert.equal(first.IsTruncated, true);
      const second = await list(`${root}${TREE[3]}`);
      assert.deepEqual(keysOf(second.Contents, relative), TREE.slice(4));
    },
  },
  {
    name: 'the first version of the call gives a next marker only with a delimiter',
    check: async (s3) => {
      const { Bucket, root, relative } = await library(s3, TREE);
      const list = (input: object) =>
        s3.client.send(new ListObjectsCommand({ Bucket, Prefix: root, MaxKeys: 2, ...input }));
      assert.equal((await list({})).NextMarker, undefined);
      const first = await list({ Delimiter: '/' });
      assert.equal(relative(first.NextMarker), 'b/');
      const second = await list({ Delimiter: '/', Marker: first.NextMarker });
      assert.deepEqual(
        [keysOf(second.Contents, relative), groupsOf(second.CommonPrefixes, relative)],
        [['c'], ['d/']],
      );
    },
  },
];
