import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { abortUpload } from '../engine/copy-in-parts';
import { copySource } from '../engine/copy-source';
import { type Finding, missing, refusals } from './finding';
import type { ProbePlace } from './probe-place';

/** The ETag of nothing that is stored here. */
const OTHER = '"00000000000000000000000000000000"';

/** Whether a put is refused where something is. */
export async function tryConditionalPut(place: ProbePlace): Promise<Finding> {
  const { s3, bucket } = place;
  await place.put('present');
  const where = { Bucket: bucket, Key: place.key('present'), Body: Buffer.from('other') };
  return refusals(place, [
    {
      what: 'a put where an object is (If-None-Match)',
      send: () => s3.send(new PutObjectCommand({ ...where, IfNoneMatch: '*' })),
    },
    {
      what: 'a put over another object than expected (If-Match)',
      send: () => s3.send(new PutObjectCommand({ ...where, IfMatch: OTHER })),
    },
  ]);
}

/** Whether a copy is refused over another object than expected, and from another. */
export async function tryConditionalCopy(place: ProbePlace): Promise<Finding> {
  const { s3, bucket } = place;
  await place.put('original');
  await place.put('present');
  const copy = {
    Bucket: bucket,
    Key: place.key('present'),
    CopySource: copySource(bucket, place.key('original')),
  };
  return refusals(place, [
    {
      what: 'a copy to where an object is (If-None-Match)',
      send: () => s3.send(new CopyObjectCommand({ ...copy, IfNoneMatch: '*' })),
    },
    {
      what: 'a copy over another object than expected (If-Match)',
      send: () => s3.send(new CopyObjectCommand({ ...copy, IfMatch: OTHER })),
    },
    {
      what: 'a copy of another object than expected (copy-source-if-match)',
      send: () => s3.send(new CopyObjectCommand({ ...copy, CopySourceIfMatch: OTHER })),
    },
  ]);
}

/** Whether a part of another object than expected is refused, and the end of an upload over one. */
export async function tryConditionalPartCopy(place: ProbePlace): Promise<Finding> {
  const { s3, bucket } = place;
  const etag = await place.put('original');
  await place.put('present');
  const where = { Bucket: bucket, Key: place.key('present') };
  const { UploadId } = await place.send(() => s3.send(new CreateMultipartUploadCommand(where)));
  const part = {
    ...where,
    UploadId,
    PartNumber: 1,
    CopySource: copySource(bucket, place.key('original')),
  };
  try {
    const { CopyPartResult } = await place.send(() =>
      s3.send(new UploadPartCopyCommand({ ...part, CopySourceIfMatch: etag })),
    );
    if (CopyPartResult?.ETag === undefined) return missing('It gave no ETag for a part that it copied.');
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult.ETag }];
    const whole = { ...where, UploadId, MultipartUpload: { Parts } };
    return await refusals(place, [
      {
        what: 'a part of another object than expected (copy-source-if-match)',
        send: () => s3.send(new UploadPartCopyCommand({ ...part, PartNumber: 2, CopySourceIfMatch: OTHER })),
      },
      {
        what: 'the end of an upload where an object is (If-None-Match)',
        send: () => s3.send(new CompleteMultipartUploadCommand({ ...whole, IfNoneMatch: '*' })),
      },
      {
        what: 'the end of an upload over another object than expected (If-Match)',
        send: () => s3.send(new CompleteMultipartUploadCommand({ ...whole, IfMatch: OTHER })),
      },
    ]);
  } finally {
    await abortUpload(s3, bucket, where.Key, UploadId);
  }
}

/** Whether an object that is not the expected one is left, deleted alone or among many. */
export async function tryConditionalDelete(place: ProbePlace): Promise<Finding> {
  const { s3, bucket } = place;
  await place.put('present');
  const where = { Bucket: bucket, Key: place.key('present') };
  return refusals(place, [
    {
      what: 'a deletion of another object than expected (If-Match)',
      send: () => s3.send(new DeleteObjectCommand({ ...where, IfMatch: OTHER })),
    },
    {
      what: 'a deletion among many of another object than expected (ETag)',
      send: async () => {
        const Delete = { Objects: [{ Key: where.Key, ETag: OTHER }] };
        const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
        for (const { Code = 'Unknown', Message } of Errors) {
          throw Object.assign(new Error(Message), {
            name: Code,
            $metadata: { httpStatusCode: STATUS[Code] ?? 200 },
          });
        }
      },
    },
  ]);
}

/** Within an answer to many, errors stand by their codes alone. */
const STATUS: Readonly<Record<string, number>> = { PreconditionFailed: 412, AccessDenied: 403 };
