import type { IncomingMessage, ServerResponse } from 'node:http';
import { Body } from './body';
import type { Reply } from './request';
import { S3Error } from './s3-error';

/** An error as AWS shapes it. What is not an S3Error is a bug of this server, and says so. */
export function errorReply(error: unknown, url: string, requestId: string): Reply {
  const known =
    error instanceof S3Error
      ? error
      : new S3Error(
          'InternalError',
          `The embedded S3 has a bug: ${error instanceof Error ? error.stack : error}`,
        );
  if (known.status === 304) return { status: 304, headers: known.headers };
  return {
    status: known.status,
    headers: known.headers,
    body: known.toXml(url.split('?')[0] ?? url, requestId),
  };
}

const BODILESS = new Set([204, 304]);

function replyHeaders(reply: Reply, size: number, requestId: string): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'x-amz-request-id': requestId,
    'x-amz-id-2': requestId,
    server: 'AmazonS3',
  };
  if (typeof reply.body === 'string') headers['content-type'] = 'application/xml';
  if (!BODILESS.has(reply.status)) headers['content-length'] = size;
  // A loop: spreading small objects is a tenth of what a copy costs.
  for (const header in reply.headers) headers[header] = reply.headers[header] ?? '';
  return headers;
}

const sizeOf = ({ body }: Reply): number =>
  body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.size;

export function write(
  message: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  requestId: string,
): void {
  response.writeHead(reply.status, replyHeaders(reply, sizeOf(reply), requestId));
  const { body } = reply;
  if (message.method === 'HEAD' || body === undefined) response.end();
  else if (body instanceof Body) {
    for (const piece of body.pieces) response.write(piece);
    response.end();
  } else response.end(body);
}

/** Promises the whole answer, sends half of its body, and breaks the connection. */
export function writeHalf(
  message: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  requestId: string,
): void {
  const { body } = reply;
  const bytes = body instanceof Body ? Buffer.concat(body.pieces) : Buffer.from(body ?? '');
  response.writeHead(reply.status, replyHeaders(reply, bytes.length, requestId));
  response.write(bytes.subarray(0, bytes.length >> 1), () => message.socket.destroy());
}

/** Milliseconds between two bytes of an answer that trickles. */
const TRICKLE = 20;

/** Begins the answer, and goes on with white space until the caller has had enough. */
export function writeForEver(response: ServerResponse, { status }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  const timer = setInterval(() => response.write(' '), TRICKLE);
  response.once('close', () => clearInterval(timer));
}
