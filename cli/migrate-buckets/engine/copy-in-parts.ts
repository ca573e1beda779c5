import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListPartsCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { failureOf, isMissing } from '../../shared/aws/failure';
import type { Pace } from '../../shared/aws/pace';
import { bareEtag, type ListedObject, partsOfEtag, quotedEtag } from '../listing/listed-object';
import { PageOrder } from '../listing/page-order';
import { copiedTags, taggingOf } from './copied-tags';
import { copySource } from './copy-source';
import type { CopyRequest, CopyResult } from './engine';
import { choosePartSize, evenParts, type Part, unevenParts } from './part-layout';

export interface PartsContext {
  readonly s3: S3Client;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Bytes of a part where the original cut is unknown. */
  readonly partSize: number;
}

interface CopiedPart {
  readonly etag: string;
  /** Bytes. */
  readonly size: number | undefined;
}

/**
 * Copies an object in parts that are cut where the original upload was cut, so that the copy's ETag equals
 * the source's and proves it. Every part is pinned to the source's ETag. Parts that an earlier run copied
 * into the same upload are kept.
 */
export async function copyInParts(context: PartsContext, request: CopyRequest): Promise<CopyResult> {
  const { s3, pace, signal } = context;
  const { source, destination, object, key } = request;
  const send = <T>(work: () => Promise<T>) => pace.send(work, signal);
  const head = await send(() =>
    s3.send(
      new HeadObjectCommand({
        Bucket: source,
        Key: object.key,
        IfMatch: quotedEtag(object.etag),
        PartNumber: 1,
      }),
    ),
  );
  const parts = await findParts(context, source, object, head);
  const resumed = request.uploadId && (await listCopiedParts(context, request, request.uploadId));
  const uploadId = resumed ? request.uploadId : await beginUpload(context, request, head);
  const done = resumed || new Map<number, CopiedPart>();
  const finished: { PartNumber: number; ETag: string }[] = [];
  try {
    for (const part of parts) {
      const known = done.get(part.number);
      if (known !== undefined && known.size === part.last - part.first + 1) {
        finished.push({ PartNumber: part.number, ETag: known.etag });
        continue;
      }
      const copied = await send(() =>
        s3.send(
          new UploadPartCopyCommand({
            Bucket: destination,
            Key: key,
            UploadId: uploadId,
            PartNumber: part.number,
            CopySource: copySource(source, object.key),
            CopySourceIfMatch: quotedEtag(object.etag),
            ...(object.size === 0 ? {} : { CopySourceRange: `bytes=${part.first}-${part.last}` }),
          }),
        ),
      );
      const etag = copied.CopyPartResult?.ETag;
      if (etag === undefined) throw new Error(`S3 gave no ETag for part ${part.number} of ${object.key}.`);
      finished.push({ PartNumber: part.number, ETag: etag });
    }
    const completed = await send(() =>
      s3.send(
        new CompleteMultipartUploadCommand({
          Bucket: destination,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: { Parts: finished },
          ...(request.expected === 'absent'
            ? { IfNoneMatch: '*' }
            : { IfMatch: quotedEtag(request.expected) }),
        }),
      ),
    );
    if (completed.ETag === undefined) throw new Error(`S3 gave no ETag for ${object.key}.`);
    return { etag: bareEtag(completed.ETag) };
  } catch (error) {
    // After Ctrl-C the parts are kept for the next run; after a real failure they would only cost money.
    if (!signal.aborted) await abortUpload(s3, destination, key, uploadId);
    throw error;
  }
}

async function findParts(
  { s3, pace, signal, partSize }: PartsContext,
  source: string,
  object: ListedObject,
  first: HeadObjectCommandOutput,
): Promise<Part[]> {
  const count = partsOfEtag(object.etag);
  const firstSize = first.ContentLength;
  if (count === undefined || firstSize === undefined || first.PartsCount !== count) {
    // Some stores do not tell parts. The copy is then cut anew, and proven otherwise than by its ETag.
    return evenParts(object.size, choosePartSize(object.size, partSize));
  }
  const sizeOf = async (number: number) => {
    const request = { Bucket: source, Key: object.key, IfMatch: quotedEtag(object.etag), PartNumber: number };
    return (await pace.send(() => s3.send(new HeadObjectCommand(request)), signal)).ContentLength ?? 0;
  };
  const even = evenParts(object.size, Math.max(1, firstSize));
  // Nearly every uploader cuts evenly: then the second part tells as much as all of them.
  if (even.length === count && (count <= 2 || (await sizeOf(2)) === firstSize)) return even;
  const sizes = [firstSize];
  for (let number = 2; number <= count; number++) sizes.push(await sizeOf(number));
  return unevenParts(sizes);
}

async function beginUpload(
  { s3, pace, signal }: PartsContext,
  request: CopyRequest,
  head: HeadObjectCommandOutput,
): Promise<string> {
  const { destination, object, key, onUpload } = request;
  const { tags } = await pace.send(() => copiedTags(s3, request), signal);
  const command = new CreateMultipartUploadCommand({
    Bucket: destination,
    Key: key,
    StorageClass: object.storageClass as 'STANDARD',
    Metadata: head.Metadata,
    ContentType: head.ContentType,
    ContentEncoding: head.ContentEncoding,
    ContentDisposition: head.ContentDisposition,
    ContentLanguage: head.ContentLanguage,
    CacheControl: head.CacheControl,
    Tagging: taggingOf(tags),
  });
  const { ExpiresString: expires } = head;
  if (expires !== undefined) {
    // As it is: S3 keeps what was sent, and many send "0" or "-1", which the SDK's Date cannot hold.
    command.middlewareStack.add(
      (next) => (args) => {
        Object.assign((args.request as { headers: object }).headers, { expires });
        return next(args);
      },
      { step: 'build', name: 'expiresAsItIs' },
    );
  }
  const created = await pace.send(() => s3.send(command), signal);
  if (created.UploadId === undefined) throw new Error(`S3 gave no upload id for ${object.key}.`);
  await onUpload?.(created.UploadId);
  return created.UploadId;
}

/** The parts that an earlier run left, or undefined when its upload is gone. */
async function listCopiedParts(
  { s3, pace, signal }: PartsContext,
  { destination, key }: CopyRequest,
  uploadId: string,
): Promise<Map<number, CopiedPart> | undefined> {
  const parts = new Map<number, CopiedPart>();
  const order = new PageOrder(`the parts of ${key}`, true);
  let marker: string | undefined;
  try {
    do {
      const page = await pace.send(
        () =>
          s3.send(
            new ListPartsCommand({
              Bucket: destination,
              Key: key,
              UploadId: uploadId,
              PartNumberMarker: marker,
            }),
          ),
        signal,
      );
      for (const { PartNumber, ETag, Size } of page.Parts ?? []) {
        if (PartNumber !== undefined && ETag !== undefined) {
          parts.set(PartNumber, { etag: ETag, size: Size });
        }
      }
      marker = order.next(page.IsTruncated, page.NextPartNumberMarker);
    } while (marker !== undefined);
    return parts;
  } catch (error) {
    // NoSuchUpload, too, comes with 404.
    if (isMissing(failureOf(error))) return undefined;
    throw error;
  }
}

export async function abortUpload(s3: S3Client, bucket: string, key: string, uploadId: string | undefined) {
  if (uploadId === undefined) return;
  // An upload that cannot be aborted is named by the bucket's own abort-multipart rule; the copy's error matters more.
  await s3
    .send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }))
    .catch(() => undefined);
}
