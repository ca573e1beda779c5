import { setTimeout } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { distinctPages } from '../../../../cli/migrate-buckets/discovery/distinct-pages';
import { listObjects } from '../../../../cli/migrate-buckets/listing/list';
import { listVersions } from '../../../../cli/migrate-buckets/listing/list-versions';
import { Pace } from '../../../../cli/shared/aws/pace';

/** B11: listings as broken servers and proxies send them. */
type Answer = Record<string, unknown>;

/** A server that answers each listing with the next page, and with the last one for ever. */
const serving = (...pages: readonly Answer[]) => {
  let asked = 0;
  const send = async () => {
    // Gives way: what goes on for ever would else hold up the whole run.
    await setTimeout();
    return pages[Math.min(asked++, pages.length - 1)];
  };
  return { send } as unknown as S3Client;
};
const { signal } = new AbortController();
const object = (Key: string) => ({ Key, ETag: '"x"', Size: 1, LastModified: new Date(0) });
const version = (Key: string, VersionId: string) => ({ ...object(Key), VersionId, IsLatest: true });

async function keysOf(listing: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}
const objectsOf = (...pages: readonly Answer[]) =>
  keysOf(listObjects(serving(...pages), 'some-bucket', new Pace(), signal));
const versionsOf = (...pages: readonly Answer[]) =>
  keysOf(listVersions(serving(...pages), 'some-bucket', signal));

describe('a listing of objects', () => {
  const last = { Contents: [object('b')], IsTruncated: false };

  it('goes on by the token of a page that does not say whether it is the last', async () => {
    expect(await objectsOf({ Contents: [object('a')], NextContinuationToken: 't' }, last)).toEqual([
      'a',
      'b',
    ]);
  });

  it('is refused where a page says nothing of what follows', async () => {
    await expect(objectsOf({ Contents: [object('a')] })).rejects.toThrow('may be cut short');
  });

  it('is refused where a page comes again, with keys or without any', async () => {
    const again = { IsTruncated: true, NextContinuationToken: 't' };
    await expect(objectsOf({ ...again, Contents: [object('a')] })).rejects.toThrow('not in key order');
    await expect(objectsOf({ ...again, Contents: [] })).rejects.toThrow('goes round in circles');
  });

  it('is refused where it is out of order', async () => {
    await expect(objectsOf({ Contents: [object('b'), object('a')], IsTruncated: false })).rejects.toThrow(
      'The listing of some-bucket is not in key order ("a" came after "b")',
    );
  });
});

describe('a listing of versions', () => {
  const last = { Versions: [version('b', '1')], IsTruncated: false };
  const first = { Versions: [version('a', '1')], NextKeyMarker: 'a', NextVersionIdMarker: '1' };

  it('goes on by the marker of a page that does not say whether it is the last', async () => {
    expect(await versionsOf(first, last)).toEqual(['a', 'b']);
  });

  it('is refused where a page says nothing of what follows', async () => {
    await expect(versionsOf({ Versions: [version('a', '1')] })).rejects.toThrow('may be cut short');
  });

  it('is refused where a page comes again: one of many keys, of one key, or of none', async () => {
    const many = {
      Versions: [version('a', '1'), version('b', '1')],
      NextKeyMarker: 'b',
      NextVersionIdMarker: '1',
    };
    await expect(versionsOf({ ...many, IsTruncated: true })).rejects.toThrow('not in key order');
    await expect(versionsOf({ ...first, IsTruncated: true })).rejects.toThrow('goes round in circles');
    await expect(versionsOf({ ...first, Versions: [], IsTruncated: true })).rejects.toThrow(
      'goes round in circles',
    );
  });

  it('is refused where its versions or its delete markers are out of order', async () => {
    const out = [version('b', '1'), version('a', '1')];
    for (const half of ['Versions', 'DeleteMarkers']) {
      await expect(versionsOf({ [half]: out, IsTruncated: false })).rejects.toThrow('not in key order');
    }
  });

  it('goes on amid the versions of a key, and mixes versions and delete markers', async () => {
    const more = { Versions: [version('a', '2'), version('c', '1')], DeleteMarkers: [version('b', '1')] };
    expect(await versionsOf(first, { ...more, IsTruncated: false })).toEqual(['a', 'a', 'b', 'c']);
  });
});

describe('the pages that discovery reads', () => {
  async function* pages(...tokens: readonly (string | undefined)[]) {
    for (const token of tokens) yield { token };
  }
  const tokensOf = async (...tokens: readonly (string | undefined)[]) => {
    const seen: (string | undefined)[] = [];
    for await (const { token } of distinctPages('the buckets', pages(...tokens), (page) => page.token)) {
      seen.push(token);
    }
    return seen;
  };

  it('pass as long as each leads on', async () => {
    expect(await tokensOf('a', 'b', undefined)).toEqual(['a', 'b', undefined]);
  });

  it('are refused where one leads back', async () => {
    await expect(tokensOf('a', 'b', 'a')).rejects.toThrow('The list of the buckets goes round in circles');
  });
});
