import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from './request';
import { S3Error } from './s3-error';

const LISTINGS: ReadonlySet<string> = new Set(['ListObjects', 'ListObjectsV2', 'ListObjectVersions']);
const WRITE_CONDITIONS = ['if-match', 'if-none-match'];

/** Which headers a server with this quirk never reads, by operation. */
const UNREAD = {
  'ignores-put-conditions': (operation: string) =>
    operation === 'PutObject' || operation === 'CompleteMultipartUpload' ? WRITE_CONDITIONS : [],
  'ignores-copy-conditions': (operation: string) => (operation === 'CopyObject' ? WRITE_CONDITIONS : []),
  'ignores-copy-source-conditions': (operation: string) =>
    operation === 'CopyObject' || operation === 'UploadPartCopy'
      ? [
          'x-amz-copy-source-if-match',
          'x-amz-copy-source-if-none-match',
          'x-amz-copy-source-if-modified-since',
          'x-amz-copy-source-if-unmodified-since',
        ]
      : [],
  'ignores-delete-conditions': (operation: string) => (operation === 'DeleteObject' ? ['if-match'] : []),
  'ignores-expected-owner': () => ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner'],
  /** Bucket policies are stored, and deny nothing. */
  'ignores-policies': () => [],
  /** A bucket policy that names an action of replication is malformed. */
  'refuses-replicate-actions': () => [],
  /** A request that was signed for another region is malformed, and not sent on: as at the endpoint of that region. */
  'refuses-other-regions': () => [],
  /** Listings do not say whether they are cut off. */
  'omits-is-truncated': () => [],
} as const;

/** How servers of other makers are known to differ from S3. */
export type Quirk = keyof typeof UNREAD;
export const QUIRKS = Object.keys(UNREAD) as readonly Quirk[];

export type Quirks = ReadonlySet<Quirk>;

/** @throws {Error} for a quirk that is not known: a test that asks for it would prove nothing. */
export function quirksOf(names: readonly Quirk[]): Quirks {
  const unknown = names.find((name) => !QUIRKS.includes(name));
  if (unknown === undefined) return new Set(names);
  throw new Error(`There is no quirk "${unknown}". There are ${QUIRKS.join(', ')}.`);
}

/** The headers of a request, but for those that the server's quirks pass over. */
export function readHeaders(
  operation: string,
  headers: IncomingHttpHeaders,
  quirks: Quirks,
): IncomingHttpHeaders {
  const unread = [...quirks].flatMap((quirk) => UNREAD[quirk](operation));
  if (unread.length === 0) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !unread.includes(name)));
}

/** The answer as a server with these quirks writes it. */
export function quirkyReply(operation: string, reply: Reply, quirks: Quirks): Reply {
  const { body } = reply;
  if (!quirks.has('omits-is-truncated') || !LISTINGS.has(operation) || typeof body !== 'string') return reply;
  return { ...reply, body: body.replace(/<IsTruncated>\w+<\/IsTruncated>/, '') };
}

/** @throws {S3Error} MalformedPolicy. */
export function refuseReplicateActions(policy: string, quirks: Quirks): void {
  if (!quirks.has('refuses-replicate-actions')) return;
  const [action] = /s3:Replicate\w+/i.exec(policy) ?? [];
  if (action === undefined) return;
  throw new S3Error('MalformedPolicy', 'Policy has invalid action', { Action: action });
}
