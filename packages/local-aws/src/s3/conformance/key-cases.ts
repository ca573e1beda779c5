import assert from 'node:assert/strict';
import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { type ConformanceCase, refuses } from './subject';

/** What has broken tools. Each key goes through every path that a key takes. */
const TRAPS: Readonly<Record<string, string>> = {
  'plus signs': 'a+b+.txt',
  'percent signs': '100%-25%2F%20.txt',
  'spaces at its ends and inside': ' a  b .txt ',
  'a trailing slash': 'folder/',
  'a leading slash': '/absolute',
  'two slashes in a row': 'a//b',
  'XML characters': `<a> & "b" 'c'`,
  'URL characters': 'a?b=c&d#e;f:g@h,i!j$k(l)*m',
  'brackets, a backslash and a caret': 'a\\b^{c}[d]|`e`~',
  'control characters': 'a\u0001b\tc\u001fd\u007f',
  'line ends': 'a\nb\rc\r\nd',
  'Latin and combining letters': 'é-e\u0301-ß',
  'the end of the Basic Multilingual Plane': '漢字-\ue000-\ufffd',
  'characters of plane 1': '😀-𝒳',
  'characters of plane 2': '𠀀',
  'characters of planes 14 and 16': '\u{e0041}-\u{10fffd}',
};

const survives = ([what, name]: [string, string]): ConformanceCase => ({
  name: `a key with ${what} survives put, get, list, copy and delete`,
  check: async (s3) => {
    const Bucket = await s3.plain();
    const from = s3.prefix();
    const to = s3.prefix();
    await s3.put({ Bucket, Key: from + name, Body: what });
    assert.equal(await s3.text({ Bucket, Key: from + name }), what);
    assert.deepEqual(await s3.keys(Bucket, from), [from + name]);
    await s3.copy({ Bucket, Key: from + name }, { Bucket, Key: to + name });
    assert.deepEqual(await s3.keys(Bucket, to), [to + name]);
    const { Deleted = [] } = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: from + name }, { Key: to + name }] },
      }),
    );
    assert.equal(Deleted.length, 2);
    assert.deepEqual([...(await s3.keys(Bucket, from)), ...(await s3.keys(Bucket, to))], []);
  },
});

export const keyCases: readonly ConformanceCase[] = [
  ...Object.entries(TRAPS).map(survives),
  {
    name: 'a key may be 1024 bytes long, counted in UTF-8',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const prefix = s3.prefix();
      const Key = `${prefix.padEnd(1024 - 2, 'k')}é`;
      await s3.put({ Bucket, Key, Body: 'long' });
      assert.deepEqual(await s3.keys(Bucket, prefix), [Key]);
    },
  },
  {
    name: 'a key of 1025 bytes is refused',
    check: async (s3) => {
      const Bucket = await s3.plain();
      await refuses(s3.put({ Bucket, Key: 'k'.repeat(1025), Body: '' }), 400, 'KeyTooLongError');
    },
  },
  {
    name: 'keys that differ only in case or in Unicode normalisation are different objects',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const prefix = s3.prefix();
      for (const name of ['A', 'a', 'é', 'e\u0301']) {
        await s3.put({ Bucket, Key: prefix + name, Body: name });
      }
      for (const name of ['A', 'a', 'é', 'e\u0301']) {
        assert.equal(await s3.text({ Bucket, Key: prefix + name }), name);
      }
    },
  },
];
