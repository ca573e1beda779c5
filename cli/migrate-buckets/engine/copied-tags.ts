import { GetObjectTaggingCommand, type S3Client, type Tag } from '@aws-sdk/client-s3';
import type { CopyRequest } from './engine';

/** The tags that a copy is to have, and whether its source has more. */
export async function copiedTags(
  s3: S3Client,
  { source, object, withoutTags = [] }: Pick<CopyRequest, 'source' | 'object' | 'withoutTags'>,
): Promise<{ readonly tags: Tag[]; readonly fewer: boolean }> {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand({ Bucket: source, Key: object.key }));
  const tags = TagSet.filter(({ Key = '' }) => !withoutTags.includes(Key));
  return { tags, fewer: tags.length < TagSet.length };
}

/** As a request's header carries them; undefined where there are none. */
export function taggingOf(tags: readonly Tag[]): string | undefined {
  if (tags.length === 0) return undefined;
  return new URLSearchParams(
    tags.map(({ Key = '', Value = '' }): [string, string] => [Key, Value]),
  ).toString();
}
