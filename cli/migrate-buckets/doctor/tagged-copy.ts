import { CopyObjectCommand, GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { copySource } from '../engine/copy-source';
import { type Finding, missing, proven } from './finding';
import type { ProbePlace } from './probe-place';

const TAG = { Key: 'probe', Value: 'a+b ä' };

/** Whether a copy under conditions that hold goes through, with the object's tags and metadata. */
export async function tryTaggedCopy(from: ProbePlace, to: ProbePlace): Promise<Finding> {
  const { s3 } = to;
  const etag = await from.put('tagged', {
    Tagging: new URLSearchParams([[TAG.Key, TAG.Value]]).toString(),
    Metadata: { probe: 'metadata' },
    ContentType: 'text/probe',
  });
  const where = { Bucket: to.bucket, Key: to.key('copy-of-tagged') };
  await to.send(() =>
    s3.send(
      new CopyObjectCommand({
        ...where,
        CopySource: copySource(from.bucket, from.key('tagged')),
        CopySourceIfMatch: etag,
        MetadataDirective: 'COPY',
        TaggingDirective: 'COPY',
      }),
    ),
  );
  const { TagSet = [] } = await to.send(() => s3.send(new GetObjectTaggingCommand(where)));
  const carried = TagSet.some(({ Key, Value }) => Key === TAG.Key && Value === TAG.Value);
  if (!carried) return missing('A copy arrives without the tags of its source.');
  const { Metadata, ContentType } = await to.send(() => s3.send(new HeadObjectCommand(where)));
  if (Metadata?.probe !== 'metadata' || ContentType !== 'text/probe') {
    return missing('A copy arrives without the metadata or the content type of its source.');
  }
  return proven('A copy arrived with the tags, the metadata and the content type of its source.');
}
