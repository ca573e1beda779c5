import type { Exchange } from './exchange';
import { afterPrefix, type ByteKey, fromByteKey, laterKey, toByteKey } from './key-order';
import { countParameter, header, type Reply, type S3Request, xmlReply } from './request';
import { restoreElement } from './restore-status';
import { S3Error } from './s3-error';
import { type Bucket, type ExistingObject, isObject } from './store';
import { escapeXml, tag, urlEncodeKey, xmlDocument } from './xml';

export type KeyEncoder = (key: ByteKey) => string;

const encodeForXml: KeyEncoder = (key) => escapeXml(fromByteKey(key));
const encodeForUrl: KeyEncoder = (key) => urlEncodeKey(fromByteKey(key));

/**
 * How a listing writes keys.
 *
 * @throws {S3Error} InvalidArgument for an `encoding-type` other than `url`.
 */
export function keyEncoder(request: S3Request): { readonly encode: KeyEncoder; readonly url: boolean } {
  const type = request.query.get('encoding-type');
  if (type === undefined || type === '') return { encode: encodeForXml, url: false };
  if (type === 'url') return { encode: encodeForUrl, url: true };
  throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    ArgumentName: 'encoding-type',
    ArgumentValue: type,
  });
}

export const encodingTypeElement = (url: boolean): string => tag('EncodingType', url ? 'url' : undefined);

/** The group that a key falls into, the delimiter included; undefined for a key that stands alone. */
export function commonPrefix(key: ByteKey, prefix: ByteKey, delimiter: ByteKey): ByteKey | undefined {
  if (delimiter === '') return undefined;
  const index = key.indexOf(delimiter, prefix.length);
  return index < 0 ? undefined : key.slice(0, index + delimiter.length);
}

interface Page {
  readonly contents: string;
  readonly prefixes: string;
  readonly count: number;
  /** The key or group that the page ends with, when more follow. */
  readonly next: ByteKey | undefined;
}

interface PageQuery {
  readonly prefix: ByteKey;
  readonly delimiter: ByteKey;
  /** Only keys after this one; a key inside a group stands for the whole group. */
  readonly after: ByteKey;
  readonly limit: number;
  readonly url: boolean;
  readonly encode: KeyEncoder;
  readonly owner: string;
  /** Whether archived objects tell what became of their restore. */
  readonly restores: boolean;
}

function readPage(bucket: Bucket, query: PageQuery): Page {
  const { prefix, delimiter, after, limit, url, encode, owner, restores } = query;
  const walk = bucket.keys.walk(laterKey(after, prefix));
  let contents = '';
  let prefixes = '';
  let count = 0;
  let last = '';
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
    const { key, versions } = entry;
    if (!key.startsWith(prefix)) break;
    const newest = versions[0];
    if ((key === after && after !== '') || !isObject(newest)) continue;
    const group = commonPrefix(key, prefix, delimiter);
    if (group !== undefined && after.startsWith(group)) {
      walk.skipTo(afterPrefix(group));
      continue;
    }
    if (count === limit) return { contents, prefixes, count, next: limit === 0 ? undefined : last };
    count += 1;
    if (group === undefined) {
      const more = restores ? restoreElement(newest) + owner : owner;
      contents += listedElement(key, newest, url, encode, more);
      last = key;
    } else {
      prefixes += `<CommonPrefixes><Prefix>${encode(group)}</Prefix></CommonPrefixes>`;
      last = group;
      walk.skipTo(afterPrefix(group));
    }
  }
  return { contents, prefixes, count, next: undefined };
}

/** An object's element, kept with the version: a page is then a thousand strings put together. */
function listedElement(
  key: ByteKey,
  object: ExistingObject,
  url: boolean,
  encode: KeyEncoder,
  more: string,
): string {
  const field = url ? 'listedUrlEncoded' : 'listed';
  object[field] ??= objectElements(object, encode(key));
  return `<Contents>${object[field]}${more}</Contents>`;
}

function objectElements({ modified, content }: ExistingObject, key: string): string {
  const { etag, checksum, body, storageClass } = content;
  const checksumTags =
    checksum === undefined
      ? ''
      : tag('ChecksumAlgorithm', checksum.algorithm) + tag('ChecksumType', checksum.type);
  return `<Key>${key}</Key><LastModified>${modified.iso}</LastModified><ETag>&quot;${etag}&quot;</ETag>${checksumTags}<Size>${body.size}</Size><StorageClass>${storageClass}</StorageClass>`;
}

export const ownerElement = (account: string): string => `<Owner>${tag('ID', account)}</Owner>`;

export function listObjectsV2({ request, service }: Exchange, bucket: Bucket): Reply {
  const { query } = request;
  const { encode, url } = keyEncoder(request);
  const prefix = toByteKey(query.get('prefix') ?? '');
  const delimiter = toByteKey(query.get('delimiter') ?? '');
  const startAfter = query.get('start-after');
  const token = query.get('continuation-token');
  const limit = countParameter(request, 'max-keys', service.settings.maximumKeys);
  const page = readPage(bucket, {
    prefix,
    delimiter,
    after: token === undefined ? toByteKey(startAfter ?? '') : fromToken(token),
    limit,
    url,
    encode,
    owner: query.get('fetch-owner') === 'true' ? ownerElement(bucket.owner) : '',
    restores: asksForRestores(request),
  });
  return xmlReply(
    xmlDocument(
      'ListBucketResult',
      `${tag('Name', bucket.name)}<Prefix>${encode(prefix)}</Prefix>${
        startAfter === undefined ? '' : `<StartAfter>${encode(toByteKey(startAfter))}</StartAfter>`
      }${tag('ContinuationToken', token)}${
        page.next === undefined ? '' : tag('NextContinuationToken', toToken(page.next))
      }${tag('KeyCount', page.count)}${tag('MaxKeys', limit)}${
        delimiter === '' ? '' : `<Delimiter>${encode(delimiter)}</Delimiter>`
      }${encodingTypeElement(url)}${tag('IsTruncated', page.next !== undefined)}${page.contents}${page.prefixes}`,
    ),
    regionHeader(bucket),
  );
}

const asksForRestores = (request: S3Request): boolean =>
  header(request, 'x-amz-optional-object-attributes') === 'RestoreStatus';

/** Opaque on purpose: a client that builds tokens itself finds out here. */
const TOKEN_MARK = '1:';
const toToken = (key: ByteKey): string => Buffer.from(TOKEN_MARK + key, 'latin1').toString('base64');

function fromToken(token: string): ByteKey {
  const text = Buffer.from(token, 'base64').toString('latin1');
  if (text.startsWith(TOKEN_MARK)) return text.slice(TOKEN_MARK.length);
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
    ArgumentName: 'continuation-token',
  });
}

/** The first version of the call: NextMarker only comes with a delimiter, else the last key is the marker. */
export function listObjectsV1({ request, service }: Exchange, bucket: Bucket): Reply {
  const { query } = request;
  const { encode, url } = keyEncoder(request);
  const prefix = toByteKey(query.get('prefix') ?? '');
  const delimiter = toByteKey(query.get('delimiter') ?? '');
  const marker = toByteKey(query.get('marker') ?? '');
  const limit = countParameter(request, 'max-keys', service.settings.maximumKeys);
  const page = readPage(bucket, {
    prefix,
    delimiter,
    after: marker,
    limit,
    url,
    encode,
    owner: ownerElement(bucket.owner),
    restores: asksForRestores(request),
  });
  return xmlReply(
    xmlDocument(
      'ListBucketResult',
      `${tag('Name', bucket.name)}<Prefix>${encode(prefix)}</Prefix><Marker>${encode(marker)}</Marker>${
        page.next === undefined || delimiter === '' ? '' : `<NextMarker>${encode(page.next)}</NextMarker>`
      }${tag('MaxKeys', limit)}${
        delimiter === '' ? '' : `<Delimiter>${encode(delimiter)}</Delimiter>`
      }${encodingTypeElement(url)}${tag('IsTruncated', page.next !== undefined)}${page.contents}${page.prefixes}`,
    ),
    regionHeader(bucket),
  );
}

const regionHeader = (bucket: Bucket) => ({ 'x-amz-bucket-region': bucket.region });
