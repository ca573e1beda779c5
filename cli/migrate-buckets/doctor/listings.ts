import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { compareKeys } from '../listing/key-order';
import { decodeListedKey } from '../listing/listed-object';
import { type Finding, missing, proven, unchecked } from './finding';
import type { ProbePlace } from './probe-place';

/** Small, so that a few objects make several pages. */
const PAGE = 2;
/** Of what a bucket holds, so many pages are looked at. */
const PAGES_AT_MOST = 3;
/** Their order by UTF-8 bytes is neither that of UTF-16 (U+FF5E would come last) nor that of any language. */
const NAMES = ['B', 'a', '\uff5e', '\u{1f600}', '\u{1f600}/'];

interface Page {
  readonly keys: readonly string[];
  /** Undefined where the server does not say. */
  readonly truncated: boolean | undefined;
  /** Where the next page begins, unless this is the last. */
  readonly next: object | undefined;
}

type ReadPage = (from: object) => Promise<Page>;

/** Whether objects are listed in the order of their keys' bytes, page by page, each saying whether more follow. */
export async function tryListing(place: ProbePlace): Promise<Finding> {
  const names = NAMES.map((name) => `objects/${name}`);
  for (const name of names) await place.put(name);
  return examinePages(
    objectPages(place, place.key('objects/')),
    names.map((name) => place.key(name)),
  );
}

/** The same of versions: every one that was put, where versions are kept. */
export async function tryVersions(place: ProbePlace, kept: boolean): Promise<Finding> {
  const names = NAMES.map((name) => `versions/${name}`);
  const [first = '', ...rest] = names;
  for (const name of [first, ...names]) await place.put(name);
  const expected = (kept ? [first, first, ...rest] : names).map((name) => place.key(name));
  return examinePages(versionPages(place, place.key('versions/')), expected);
}

/** Reads the first pages of what a bucket holds. */
export const readListing = (s3: S3Client, bucket: string): Promise<Finding> =>
  examinePages(objectPages({ s3, bucket, send: (request) => request() }, ''), undefined);

export const readVersionListing = (s3: S3Client, bucket: string): Promise<Finding> =>
  examinePages(versionPages({ s3, bucket, send: (request) => request() }, ''), undefined);

/**
 * Reads pages until the last one, or a few of them where what is to come is not known.
 *
 * @param expected - the keys that must come, in this order; undefined where nobody knows.
 */
async function examinePages(read: ReadPage, expected: readonly string[] | undefined): Promise<Finding> {
  const keys: string[] = [];
  let from: object | undefined = {};
  let pages = 0;
  const limit = expected === undefined ? PAGES_AT_MOST : expected.length;
  for (; from !== undefined && pages < limit; pages++) {
    const page: Page = await read(from);
    if (page.truncated === undefined) {
      return missing(
        'A page does not say whether more follow (IsTruncated): an end cannot be told from a cut.',
      );
    }
    if (page.truncated && page.next === undefined)
      return missing('A page says that more follow, but not where.');
    keys.push(...page.keys);
    from = page.truncated ? page.next : undefined;
  }
  const astray = keys.find((key, index) => index > 0 && compareKeys(keys[index - 1] ?? '', key) > 0);
  if (astray !== undefined) {
    return missing(`${astray} is listed out of order: S3 lists keys by their UTF-8 bytes.`);
  }
  if (expected !== undefined) {
    if (keys.join('\n') === expected.join('\n'))
      return proven(`${keys.length} entries came in order on ${pages} pages.`);
    return missing(`Of ${expected.length} entries that were put, ${keys.length} are listed.`);
  }
  return pages > 1
    ? proven(`The first ${keys.length} entries came in order on ${pages} pages.`)
    : unchecked('It holds too little for a second page, and nothing was written to it.');
}

type Listed = Pick<ProbePlace, 's3' | 'bucket' | 'send'>;

const objectPages =
  (place: Listed, prefix: string): ReadPage =>
  async (from) => {
    const { s3, bucket } = place;
    const where = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', MaxKeys: PAGE } as const;
    const page: ListObjectsV2CommandOutput = await place.send(() =>
      s3.send(new ListObjectsV2Command({ ...where, ...from })),
    );
    return {
      keys: (page.Contents ?? []).map(({ Key = '' }) => decoded(page, Key)),
      truncated: page.IsTruncated,
      next:
        page.NextContinuationToken === undefined
          ? undefined
          : { ContinuationToken: page.NextContinuationToken },
    };
  };

const versionPages =
  (place: Listed, prefix: string): ReadPage =>
  async (from) => {
    const { s3, bucket } = place;
    const where = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', MaxKeys: PAGE } as const;
    const page = await place.send(() => s3.send(new ListObjectVersionsCommand({ ...where, ...from })));
    const { NextKeyMarker, NextVersionIdMarker } = page;
    const { Versions = [], DeleteMarkers = [] } = page;
    const keys = [...Versions, ...DeleteMarkers].map(({ Key = '' }) => decoded(page, Key));
    return {
      // Versions and markers come in two lists; within a page they belong in one order.
      keys: DeleteMarkers.length > 0 ? keys.sort(compareKeys) : keys,
      truncated: page.IsTruncated,
      next:
        NextKeyMarker === undefined
          ? undefined
          : { KeyMarker: decoded(page, NextKeyMarker), VersionIdMarker: NextVersionIdMarker },
    };
  };

const decoded = ({ EncodingType }: { readonly EncodingType?: string | undefined }, key: string): string =>
  EncodingType === 'url' ? decodeListedKey(key) : key;
