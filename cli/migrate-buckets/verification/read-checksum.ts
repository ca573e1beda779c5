import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { CHECKSUM_ALGORITHMS, type Checksum } from '../../../contracts/migrate-buckets/certificate';
import { saying } from '../../shared/aws/explain';
import { failureOf, isGone, isPreconditionFailed } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type Located, quotedEtag } from '../listing/listed-object';

/**
 * The checksum that S3 keeps of an object, pinned to the listed ETag and version; null where it keeps none. By a HEAD,
 * for which the permission to read objects is enough: `GetObjectAttributes` would take another.
 *
 * @throws {UserError} exit 3 when the object is not what was listed any more.
 */
export const readChecksum = (
  s3: S3Client,
  { bucket, object: { key, etag, versionId } }: Located,
  signal: AbortSignal,
): Promise<Checksum | null> =>
  saying(`read the checksum of ${key} in ${bucket}`, bucket, async () => {
    const request = new HeadObjectCommand({
      Bucket: bucket,
      Key: key,
      VersionId: versionId,
      IfMatch: quotedEtag(etag),
      ChecksumMode: 'ENABLED',
    });
    try {
      return checksumOf(await patiently(() => s3.send(request, { abortSignal: signal }), signal));
    } catch (error) {
      const failure = failureOf(error);
      if (!isGone(failure) && !isPreconditionFailed(failure)) throw error;
      throw new UserError(
        `${key} in ${bucket} was changed after it was listed. Run verify again.`,
        EXIT.differences,
      );
    }
  });

function checksumOf(head: HeadObjectCommandOutput): Checksum | null {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = head[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value, type: head.ChecksumType ?? null };
  }
  return null;
}
