import { fromByteKey, toByteKey } from './key-order';
import { type Reply, xmlReply } from './request';
import { S3Error, type S3ErrorCode } from './s3-error';
import { childrenNamed, childText, parseXml, tag, xmlDocument } from './xml';

/**
 * How a page of a listing is not what S3 promises: `repeated` is the first page again, `reversed` lists the keys
 * backwards, `cut` ends in the middle of its text, `unsaid` does not tell whether more follows.
 */
export const PAGE_FAULTS = ['repeated', 'reversed', 'cut', 'unsaid'] as const;
export type PageFault = (typeof PAGE_FAULTS)[number];

const LISTINGS: ReadonlySet<string> = new Set(['ListObjects', 'ListObjectsV2', 'ListObjectVersions']);
/** Where a listing goes on. */
const MARKERS = ['continuation-token', 'start-after', 'marker', 'key-marker', 'version-id-marker'];

export const isContinued = (query: ReadonlyMap<string, string>): boolean =>
  MARKERS.some((name) => query.has(name));

/** The query without what tells where the listing goes on. */
export const fromTheStart = (query: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...query].filter(([name]) => !MARKERS.includes(name)));

const ELEMENTS = /<(Contents|Version|DeleteMarker)>.*?<\/\1>/gs;

export function brokenPage(operation: string, reply: Reply, how: PageFault): Reply {
  const { body } = reply;
  if (!LISTINGS.has(operation) || typeof body !== 'string') return reply;
  switch (how) {
    case 'repeated':
      return reply;
    case 'reversed': {
      const elements = [...body.matchAll(ELEMENTS)].map(([element]) => element).reverse();
      return { ...reply, body: body.replace(ELEMENTS, () => elements.shift() ?? '') };
    }
    case 'cut':
      return { ...reply, body: body.slice(0, body.length >> 1) };
    case 'unsaid':
      return { ...reply, body: body.replace(/<IsTruncated>\w+<\/IsTruncated>/, '') };
  }
}

/** An answer with 200 whose body is an error; of DeleteObjects, one for each key. Nothing is done. */
export function errorInside(
  operation: string,
  code: S3ErrorCode,
  {
    path,
    requestId,
    payload,
  }: { readonly path: string; readonly requestId: string; readonly payload: Buffer },
): Reply {
  const error = new S3Error(code, `We encountered a fault that a test asked for (${code}).`);
  if (operation !== 'DeleteObjects') return xmlReply(error.toXml(path, requestId));
  const root = parseXml(payload.toString('utf8'));
  const objects = root === undefined ? [] : childrenNamed(root, 'Object');
  const errors = objects.map((object) => {
    const key = fromByteKey(toByteKey(childText(object, 'Key') ?? ''));
    const names = tag('Key', key) + tag('VersionId', childText(object, 'VersionId'));
    return `<Error>${names}${tag('Code', code)}${tag('Message', error.message)}</Error>`;
  });
  return xmlReply(xmlDocument('DeleteResult', errors.join('')));
}
