import { GetObjectTaggingCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { failureOf, isGone, isPreconditionFailed } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { type Located, quotedEtag } from '../listing/listed-object';
import type { Properties } from './compare-properties';

/** Reads them; undefined where the object is gone, or another lies there by now. */
export const readProperties = (
  s3: S3Client,
  { bucket, object: { key, etag, versionId } }: Located,
): Promise<Properties | undefined> =>
  saying(`read the properties of ${key} in ${bucket}`, bucket, async () => {
    const address = { Bucket: bucket, Key: key, VersionId: versionId };
    try {
      const [head, { TagSet = [] }] = await Promise.all([
        patiently(() => s3.send(new HeadObjectCommand({ ...address, IfMatch: quotedEtag(etag) }))),
        patiently(() => s3.send(new GetObjectTaggingCommand(address))),
      ]);
      return {
        headers: {
          'Content-Type': head.ContentType,
          'Content-Encoding': head.ContentEncoding,
          'Content-Disposition': head.ContentDisposition,
          'Content-Language': head.ContentLanguage,
          'Cache-Control': head.CacheControl,
          Expires: head.ExpiresString,
        },
        metadata: head.Metadata ?? {},
        tags: Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value])),
      };
    } catch (error) {
      const failure = failureOf(error);
      if (isGone(failure) || isPreconditionFailed(failure)) return undefined;
      throw error;
    }
  });
