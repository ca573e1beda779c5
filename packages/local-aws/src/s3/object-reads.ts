import type { Body } from './body';
import { checksumElements, checksumHeaders, checksumOf } from './checksums';
import { checkReadConditions } from './conditions';
import type { Exchange } from './exchange';
import { fromByteKey } from './key-order';
import { header, type Reply, type S3Request, xmlReply } from './request';
import { isReadable, restoreHeaders } from './restore-status';
import { S3Error } from './s3-error';
import { type Bucket, type ExistingObject, type Headers, isObject } from './store';
import { tag, xmlDocument } from './xml';

/**
 * The version that a request names, or the current one.
 *
 * @throws {S3Error} NoSuchKey, NoSuchVersion; MethodNotAllowed when the named version is a delete marker.
 */
export function readableVersion(request: S3Request, bucket: Bucket): ExistingObject {
  const versionId = request.query.get('versionId');
  if (versionId !== undefined) {
    const version = bucket.version(request.key, versionId);
    if (isObject(version)) return version;
    throw notAllowed({
      allow: 'DELETE',
      'last-modified': version.modified.http,
      'x-amz-delete-marker': 'true',
      'x-amz-version-id': version.versionId,
    });
  }
  const version = bucket.current(request.key);
  if (isObject(version)) return version;
  const marker: Headers =
    version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
  throw new S3Error(
    'NoSuchKey',
    'The specified key does not exist.',
    { Key: fromByteKey(request.key) },
    marker,
  );
}

/**
 * As {@link readableVersion}, for requests about its tags: S3 knows an object that a delete marker hides, and allows
 * nothing there but its deletion.
 */
export function taggableVersion(request: S3Request, bucket: Bucket): ExistingObject {
  const current = request.query.has('versionId') ? undefined : bucket.current(request.key);
  if (current === undefined || isObject(current)) return readableVersion(request, bucket);
  throw notAllowed({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': current.versionId });
}

const notAllowed = (headers: Headers): S3Error =>
  new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {}, headers);

/** @throws {S3Error} InvalidObjectState: an archived object must be restored first. */
export function refuseArchived(object: ExistingObject): void {
  if (isReadable(object)) return;
  const { content } = object;
  throw new S3Error('InvalidObjectState', "The operation is not valid for the object's storage class", {
    StorageClass: content.storageClass,
  });
}

/** Headers by which a GET overrides what is sent back, by the query parameter that asks for it. */
export const RESPONSE_OVERRIDES: Readonly<Record<string, string>> = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
};

const HEADER_TEXT = /^[\t -~\u00a0-\u00ff]*$/;

/** @throws {S3Error} InvalidArgument for text that no header can carry. */
function headerText(parameter: string, value: string): string {
  if (HEADER_TEXT.test(value)) return value;
  throw new S3Error('InvalidArgument', 'Header value cannot be represented using ISO-8859-1.', {
    ArgumentName: parameter,
    ArgumentValue: value,
  });
}

interface Span {
  readonly start: number;
  /** Not included. */
  readonly end: number;
}

const RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * @returns undefined when the whole object is meant: no range, one in another unit, or several.
 * @throws {S3Error} InvalidRange.
 */
function requestedRange(request: S3Request, size: number): Span | undefined {
  const [, first, last] = RANGE.exec(header(request, 'range') ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start >= size || end <= start) {
    throw new S3Error(
      'InvalidRange',
      'The requested range is not satisfiable',
      { RangeRequested: header(request, 'range') ?? '', ActualObjectSize: String(size) },
      { 'content-range': `bytes */${size}` },
    );
  }
  return { start, end };
}

function requestedPart(
  request: S3Request,
  { content }: ExistingObject,
): (Span & { count: number }) | undefined {
  const number = Number(request.query.get('partNumber') ?? Number.NaN);
  if (Number.isNaN(number)) return undefined;
  const parts = content.parts ?? [{ number: 1, size: content.body.size }];
  let start = 0;
  for (const [index, part] of parts.entries()) {
    if (index === number - 1)
      return { start, end: start + part.size, count: content.parts ? parts.length : 0 };
    start += part.size;
  }
  throw new S3Error('InvalidRange', 'The requested partnumber is not satisfiable', {
    ActualPartCount: String(parts.length),
  });
}

function objectHeaders(bucket: Bucket, object: ExistingObject): Record<string, string> {
  const { content } = object;
  return {
    'accept-ranges': 'bytes',
    'last-modified': object.modified.http,
    etag: `"${content.etag}"`,
    ...content.headers,
    ...content.encryption,
    ...bucket.versionHeader(object.versionId),
    ...(content.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': content.storageClass }),
    ...(content.tags.length === 0 ? {} : { 'x-amz-tagging-count': String(content.tags.length) }),
    ...lockHeaders(object),
    ...restoreHeaders(object),
  };
}

const lockHeaders = ({ legalHold, retention }: ExistingObject): Headers => ({
  ...(legalHold === undefined ? {} : { 'x-amz-object-lock-legal-hold': legalHold }),
  ...(retention === undefined
    ? {}
    : {
        'x-amz-object-lock-mode': retention.mode,
        'x-amz-object-lock-retain-until-date': retention.until,
      }),
});

/** GetObject and HeadObject: the server leaves the body out of the answer to a HEAD. */
export function getObject({ request }: Exchange, bucket: Bucket): Reply {
  const object = readableVersion(request, bucket);
  checkReadConditions(request, object);
  if (request.method === 'GET') refuseArchived(object);
  const { body } = object.content;
  const part = requestedPart(request, object);
  const span = part ?? requestedRange(request, body.size);
  const headers = objectHeaders(bucket, object);
  for (const [parameter, name] of Object.entries(RESPONSE_OVERRIDES)) {
    const value = request.query.get(parameter);
    if (value !== undefined) headers[name] = headerText(parameter, value);
  }
  if (part !== undefined && part.count > 0) headers['x-amz-mp-parts-count'] = String(part.count);
  if (span === undefined) {
    if (header(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
      Object.assign(headers, checksumHeaders(checksumOf(body, object.content.checksum)));
    }
    return { status: 200, headers, body };
  }
  // A checksum of the whole says nothing about a part of it, so there is none here.
  headers['content-range'] = `bytes ${span.start}-${span.end - 1}/${body.size}`;
  return { status: 206, headers, body: slice(body, span) };
}

const slice = (body: Body, { start, end }: Span): Body => body.slice(start, end);

export function getObjectAttributes({ request }: Exchange, bucket: Bucket): Reply {
  const object = readableVersion(request, bucket);
  checkReadConditions(request, object);
  const wanted = new Set(
    (header(request, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim()),
  );
  if (wanted.has('')) {
    throw new S3Error('InvalidArgument', 'At least one attribute must be named in x-amz-object-attributes.');
  }
  const { content } = object;
  const checksum = checksumOf(content.body, content.checksum);
  const parts = content.parts ?? [];
  const partElements = parts
    .filter((part) => part.checksum !== undefined)
    .map(
      (part) =>
        `<Part>${tag('PartNumber', part.number)}${tag('Size', part.size)}${
          part.checksum === undefined ? '' : tag(`Checksum${part.checksum.algorithm}`, part.checksum.value)
        }</Part>`,
    );
  return xmlReply(
    xmlDocument(
      'GetObjectAttributesResponse',
      (wanted.has('ETag') ? tag('ETag', content.etag) : '') +
        (wanted.has('Checksum') ? `<Checksum>${checksumElements(checksum)}</Checksum>` : '') +
        (wanted.has('ObjectParts') && parts.length > 0
          ? `<ObjectParts>${tag('PartsCount', parts.length)}${tag('IsTruncated', false)}${partElements.join('')}</ObjectParts>`
          : '') +
        (wanted.has('StorageClass') ? tag('StorageClass', content.storageClass) : '') +
        (wanted.has('ObjectSize') ? tag('ObjectSize', content.body.size) : ''),
    ),
    { 'last-modified': object.modified.http, ...bucket.versionHeader(object.versionId) },
  );
}
