import { type ByteKey, fromByteKey } from './key-order';
import { header, type S3Request } from './request';
import { S3Error } from './s3-error';
import type { Bucket, ExistingObject } from './store';

const failed = (condition: string) =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });

const unquote = (etag: string): string =>
  etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');

/** Whether a list of ETags, or `*`, names this one. */
const names = (list: string, etag: string): boolean =>
  list.trim() === '*' || list.split(',').some((candidate) => unquote(candidate) === etag);

/**
 * The conditions of PutObject, CopyObject and CompleteMultipartUpload on what is at the destination now.
 *
 * @throws {S3Error} PreconditionFailed; NoSuchKey for If-Match where nothing is; NotImplemented for forms that S3
 * does not know either.
 */
export function checkWriteConditions(request: S3Request, bucket: Bucket, key: ByteKey): void {
  const noneMatch = header(request, 'if-none-match');
  const match = header(request, 'if-match');
  if (noneMatch === undefined && match === undefined) return;
  const current = bucket.currentObject(key);
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw unsupported('If-None-Match');
    if (current !== undefined) throw failed('If-None-Match');
  }
  if (match !== undefined) {
    if (match.trim() === '*') throw unsupported('If-Match');
    if (current === undefined) throw missing(key);
    if (!names(match, current.content.etag)) throw failed('If-Match');
  }
}

/** S3's answer to a conditional write that it has no rule for. */
const unsupported = (name: string) =>
  new S3Error('NotImplemented', 'A header you provided implies functionality that is not implemented', {
    Header: name,
  });

const missing = (key: ByteKey) =>
  new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: fromByteKey(key) });

/**
 * The condition of a delete: an ETag, or `*` for "exists". Only the current version counts.
 *
 * @throws {S3Error} PreconditionFailed; NoSuchKey for an ETag where nothing is.
 */
export function checkDeleteCondition(match: string | undefined, current: ExistingObject | undefined): void {
  if (match === undefined) return;
  if (current === undefined) {
    if (match.trim() === '*') throw failed('If-Match');
    throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  }
  if (!names(match, current.content.etag)) throw failed('If-Match');
}

const seconds = (date: string): number => Date.parse(date);

/**
 * The conditions of GetObject and HeadObject, in the order of RFC 9110, 13.2.2.
 *
 * @throws {S3Error} PreconditionFailed, NotModified.
 */
export function checkReadConditions(request: S3Request, object: ExistingObject): void {
  const { etag } = object.content;
  const modified = object.modified.milliseconds;
  const match = header(request, 'if-match');
  const unmodifiedSince = header(request, 'if-unmodified-since');
  if (match !== undefined) {
    if (!names(match, etag)) throw failed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > seconds(unmodifiedSince)) {
    throw failed('If-Unmodified-Since');
  }
  const noneMatch = header(request, 'if-none-match');
  const modifiedSince = header(request, 'if-modified-since');
  const unchanged =
    noneMatch === undefined
      ? modifiedSince !== undefined && modified <= seconds(modifiedSince)
      : names(noneMatch, etag);
  if (unchanged) {
    throw new S3Error(
      'NotModified',
      'Not Modified',
      {},
      {
        etag: `"${etag}"`,
        'last-modified': object.modified.http,
      },
    );
  }
}

/**
 * The conditions of CopyObject and UploadPartCopy on the source. All fail with 412: a copy has no 304.
 *
 * @throws {S3Error} PreconditionFailed.
 */
export function checkSourceConditions(request: S3Request, source: ExistingObject): void {
  const { etag } = source.content;
  const modified = source.modified.milliseconds;
  const match = header(request, 'x-amz-copy-source-if-match');
  const unmodifiedSince = header(request, 'x-amz-copy-source-if-unmodified-since');
  if (match !== undefined) {
    if (!names(match, etag)) throw failed('x-amz-copy-source-If-Match');
  } else if (unmodifiedSince !== undefined && modified > seconds(unmodifiedSince)) {
    throw failed('x-amz-copy-source-If-Unmodified-Since');
  }
  const noneMatch = header(request, 'x-amz-copy-source-if-none-match');
  const modifiedSince = header(request, 'x-amz-copy-source-if-modified-since');
  if (noneMatch !== undefined) {
    if (names(noneMatch, etag)) throw failed('x-amz-copy-source-If-None-Match');
  } else if (modifiedSince !== undefined && modified <= seconds(modifiedSince)) {
    throw failed('x-amz-copy-source-If-Modified-Since');
  }
}
