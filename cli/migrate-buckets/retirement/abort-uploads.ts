import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { patiently } from '../../shared/aws/pace';
import { decodeListedKey } from '../listing/listed-object';
import { PageOrder } from '../listing/page-order';

/**
 * Aborts the uploads that were begun before the verification, and that nobody finished. They were never objects, so
 * nothing is lost.
 *
 * @param verifiedAt - when it was verified; undefined: it was not, and nothing is aborted.
 * @returns how many those were.
 */
export async function abortUploads(
  s3: S3Client,
  bucket: string,
  verifiedAt: string | undefined,
): Promise<number> {
  if (verifiedAt === undefined) return 0;
  const before = Date.parse(verifiedAt);
  return saying(`abort the unfinished uploads in ${bucket}`, bucket, async () => {
    // Listed to the end before any goes: a page goes on behind an upload, which must be there yet.
    const uploads = await listUploads(s3, bucket);
    const old = uploads.filter(({ Initiated }) => Initiated !== undefined && Initiated.getTime() <= before);
    for (const { Key = '', UploadId } of old) {
      const upload = { Bucket: bucket, Key: decodeListedKey(Key), UploadId };
      await patiently(() => s3.send(new AbortMultipartUploadCommand(upload)));
    }
    return old.length;
  });
}

interface Marker {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** @throws {UserError} when the list is cut short, or goes round in circles. */
async function listUploads(s3: S3Client, bucket: string): Promise<MultipartUpload[]> {
  const order = new PageOrder(`${bucket}'s unfinished uploads`);
  const uploads: MultipartUpload[] = [];
  let marker: Marker | undefined = {};
  while (marker !== undefined) {
    const request = { Bucket: bucket, EncodingType: 'url' as const, ...marker };
    const page: ListMultipartUploadsCommandOutput = await patiently(() =>
      s3.send(new ListMultipartUploadsCommand(request)),
    );
    uploads.push(...(page.Uploads ?? []));
    const { NextKeyMarker: key, NextUploadIdMarker: id } = page;
    const at =
      key === undefined ? undefined : JSON.stringify({ KeyMarker: decodeListedKey(key), UploadIdMarker: id });
    const next = order.next(page.IsTruncated, at);
    marker = next === undefined ? undefined : (JSON.parse(next) as Marker);
  }
  return uploads;
}
