import type { IncomingHttpHeaders } from 'node:http';
import { Body } from './body';
import type { Caller } from './identity';
import { type ByteKey, toByteKey } from './key-order';
import { S3Error } from './s3-error';

const MAXIMUM_KEY_BYTES = 1024;

/** Where a request points, before anything is known about what it wants. */
export interface Target {
  readonly bucket: string;
  /** Empty for an operation on the bucket. */
  readonly key: ByteKey;
  readonly query: ReadonlyMap<string, string>;
  /** The path as it was sent, for errors. */
  readonly path: string;
}

/** A request as operations see it. */
export interface S3Request extends Target {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The payload, the `aws-chunked` framing taken off. */
  readonly payload: Buffer;
  /** Trailers of an `aws-chunked` payload. */
  readonly trailers: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly requestId: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is XML unless the headers say otherwise. */
  readonly body?: string | Body;
}

export const noContent = (headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 204,
  headers,
});
export const done = (headers: Readonly<Record<string, string>> = {}): Reply => ({ status: 200, headers });
export const xmlReply = (body: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status: 200,
  headers,
  body,
});

const malformedUri = () =>
  new S3Error('InvalidURI', 'Could not parse the specified URI: its percent-encoding is broken.');

/** Percent-decodes; `+` stays `+` in a path and is a space in a query. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformedUri();
  }
}

const NO_QUERY: ReadonlyMap<string, string> = new Map();

function parseQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    query.set(percentDecode(name), percentDecode(value.replaceAll('+', ' ')));
  }
  return query;
}

/**
 * Splits a path-style URL (`/{bucket}/{key}?{query}`). The path is taken as sent: `//`, `.` and `..` are
 * parts of keys.
 *
 * @throws {S3Error} InvalidURI, KeyTooLongError.
 */
export function parseTarget(url: string): Target {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  const bucket = percentDecode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : toByteKey(percentDecode(path.slice(slash + 1)));
  if (key.length > MAXIMUM_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', 'Your key is too long', {
      Size: String(key.length),
      MaxSizeAllowed: String(MAXIMUM_KEY_BYTES),
    });
  }
  return { bucket, key, path, query: mark < 0 ? NO_QUERY : parseQuery(url.slice(mark + 1)) };
}

/** One value of a header. */
export function header(request: Pick<S3Request, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/**
 * A whole number from the query, cut to `maximum`.
 *
 * @throws {S3Error} InvalidArgument.
 */
export function countParameter(request: Target, name: string, maximum: number): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return maximum;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 2_147_483_647) {
    throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  }
  return Math.min(value, maximum);
}

export const payloadBody = (request: S3Request): Body =>
  request.payload.length === 0 ? Body.EMPTY : new Body([request.payload]);
