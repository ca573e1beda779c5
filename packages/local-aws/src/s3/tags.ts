import { header, type S3Request } from './request';
import { S3Error } from './s3-error';
import type { ObjectTag } from './store';
import { child, childrenNamed, childText, parseXml } from './xml';

const MAXIMUM_OBJECT_TAGS = 10;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * @throws {S3Error} InvalidTag.
 */
function validTags(tags: readonly ObjectTag[]): readonly ObjectTag[] {
  const invalid = (message: string) => new S3Error('InvalidTag', message);
  if (tags.length > MAXIMUM_OBJECT_TAGS) throw invalid('Object tags cannot be greater than 10');
  if (new Set(tags.map(({ key }) => key)).size !== tags.length) {
    throw invalid('Cannot provide multiple Tags with the same key');
  }
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > 128 || !TAG_TEXT.test(key))
      throw invalid('The TagKey you have provided is invalid');
    if (value.length > 256 || !TAG_TEXT.test(value))
      throw invalid('The TagValue you have provided is invalid');
  }
  return tags;
}

/** The tags of the `x-amz-tagging` header, which is a query string. */
export function headerTags(request: S3Request): readonly ObjectTag[] {
  const text = header(request, 'x-amz-tagging');
  if (text === undefined || text === '') return [];
  return validTags([...new URLSearchParams(text)].map(([key, value]) => ({ key, value })));
}

/** The tags of a `Tagging` document. */
export function documentTags(payload: Buffer): readonly ObjectTag[] {
  const root = parseXml(payload.toString('utf8'));
  const set = root?.name === 'Tagging' ? child(root, 'TagSet') : undefined;
  if (set === undefined) {
    throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  return validTags(
    childrenNamed(set, 'Tag').map((element) => ({
      key: childText(element, 'Key') ?? '',
      value: childText(element, 'Value') ?? '',
    })),
  );
}
