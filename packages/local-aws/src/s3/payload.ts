import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type DecodedBody, decodeAwsChunked } from './aws-chunked';
import { S3Error } from './s3-error';

const NO_PAYLOAD = Buffer.alloc(0);
const NO_TRAILERS = {};

/** Collects what a request carries. One that breaks off is never handled: S3 keeps nothing of half an upload. */
export function readPayload(message: IncomingMessage, then: (raw: Buffer) => void): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = message.headers;
  if ((length === undefined || length === '0') && encoding === undefined) {
    then(NO_PAYLOAD);
    return;
  }
  const pieces: Buffer[] = [];
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.on('end', () => then(Buffer.concat(pieces)));
}

function checkPayloadHash(message: IncomingMessage, raw: Buffer): void {
  const stated = message.headers['x-amz-content-sha256'];
  if (raw.length === 0 || typeof stated !== 'string' || !/^[0-9a-f]{64}$/.test(stated)) return;
  const computed = createHash('sha256').update(raw).digest('hex');
  if (computed === stated) return;
  throw new S3Error(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: stated, S3ComputedContentSHA256: computed },
  );
}

/**
 * Checks a payload against the hash that its request was signed with, and takes the `aws-chunked` framing off.
 *
 * @throws {S3Error} XAmzContentSHA256Mismatch, IncompleteBody.
 */
export function decodePayload(message: IncomingMessage, raw: Buffer): DecodedBody {
  const { headers } = message;
  checkPayloadHash(message, raw);
  const sha256 = headers['x-amz-content-sha256'];
  const chunked =
    (typeof sha256 === 'string' && sha256.startsWith('STREAMING-')) ||
    (headers['content-encoding'] ?? '').includes('aws-chunked');
  const decodedLength = headers['x-amz-decoded-content-length'];
  return chunked
    ? decodeAwsChunked(raw, Array.isArray(decodedLength) ? decodedLength[0] : decodedLength)
    : { data: raw, trailers: NO_TRAILERS };
}
