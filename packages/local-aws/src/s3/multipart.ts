import { randomBytes } from 'node:crypto';
import type { Body } from './body';
import { checksumAlgorithm, checksumHeaders, fullChecksum, verifyUpload } from './checksums';
import { currentMoment } from './clock';
import { copySource, sourceVersionHeader } from './copy';
import type { Exchange } from './exchange';
import { fromByteKey } from './key-order';
import { objectDraft } from './object-draft';
import { done, header, noContent, payloadBody, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import type { Bucket, Checksum, MultipartUpload, UploadedPart } from './store';
import { tag, xmlDocument } from './xml';

export const MAXIMUM_PARTS = 10_000;

/** @throws {S3Error} NoSuchUpload. */
export function openUpload(request: S3Request, bucket: Bucket): MultipartUpload {
  const uploadId = request.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(uploadId);
  if (upload !== undefined && upload.key === request.key) return upload;
  throw new S3Error(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  );
}

function plannedChecksum(request: S3Request): MultipartUpload['checksum'] {
  const algorithm = checksumAlgorithm(header(request, 'x-amz-checksum-algorithm'));
  const type = header(request, 'x-amz-checksum-type');
  if (algorithm === undefined) return undefined;
  const composable = algorithm !== 'CRC64NVME';
  if (type === 'FULL_OBJECT' && algorithm.startsWith('SHA')) {
    throw new S3Error(
      'InvalidRequest',
      `The FULL_OBJECT checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type: type === 'FULL_OBJECT' || !composable ? 'FULL_OBJECT' : 'COMPOSITE' };
}

export function createMultipartUpload(exchange: Exchange, bucket: Bucket): Reply {
  const { request } = exchange;
  const upload: MultipartUpload = {
    id: randomBytes(24).toString('base64url'),
    key: request.key,
    initiated: currentMoment(),
    draft: objectDraft(exchange, bucket),
    checksum: plannedChecksum(request),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return xmlReply(
    xmlDocument(
      'InitiateMultipartUploadResult',
      tag('Bucket', bucket.name) + tag('Key', fromByteKey(request.key)) + tag('UploadId', upload.id),
    ),
    {
      ...upload.draft.encryption,
      ...(upload.checksum === undefined
        ? {}
        : {
            'x-amz-checksum-algorithm': upload.checksum.algorithm,
            'x-amz-checksum-type': upload.checksum.type,
          }),
    },
  );
}

/** @throws {S3Error} InvalidArgument. */
function partNumber(request: S3Request): number {
  const text = request.query.get('partNumber');
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MAXIMUM_PARTS) return number;
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
    ArgumentName: 'partNumber',
    ArgumentValue: text ?? '',
  });
}

function keepPart(
  upload: MultipartUpload,
  number: number,
  body: Body,
  stated: Checksum | undefined,
): UploadedPart {
  const part: UploadedPart = {
    number,
    body,
    etag: body.digest('MD5').toString('hex'),
    modified: currentMoment(),
    checksum: upload.checksum === undefined ? stated : fullChecksum(body, upload.checksum.algorithm),
  };
  upload.parts.set(number, part);
  return part;
}

export function uploadPart({ request }: Exchange, bucket: Bucket): Reply {
  const upload = openUpload(request, bucket);
  const number = partNumber(request);
  const body = payloadBody(request);
  const stated = verifyUpload(request, body);
  if (
    stated !== undefined &&
    upload.checksum !== undefined &&
    stated.algorithm !== upload.checksum.algorithm
  ) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${stated.algorithm.toLowerCase()}`,
    );
  }
  const part = keepPart(upload, number, body, stated);
  return done({
    etag: `"${part.etag}"`,
    ...upload.draft.encryption,
    ...checksumHeaders(stated === undefined ? undefined : part.checksum),
  });
}

const PART_RANGE = /^bytes=(\d+)-(\d+)$/;

export function uploadPartCopy(exchange: Exchange, bucket: Bucket): Reply {
  const { request, service } = exchange;
  const upload = openUpload(request, bucket);
  const number = partNumber(request);
  const source = copySource(exchange);
  const { body } = source.object.content;
  const range = header(request, 'x-amz-copy-source-range');
  let part = body;
  if (range !== undefined) {
    const [, first, last] = PART_RANGE.exec(range) ?? [];
    if (first === undefined || last === undefined || Number(last) < Number(first)) {
      throw new S3Error(
        'InvalidArgument',
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
        { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: range },
      );
    }
    if (Number(last) >= body.size) {
      throw new S3Error(
        'InvalidArgument',
        `Range specified is not valid for source object of size: ${body.size}`,
        {
          ArgumentName: 'x-amz-copy-source-range',
          ArgumentValue: range,
        },
      );
    }
    part = body.slice(Number(first), Number(last) + 1);
  }
  if (part.size > service.settings.maximumCopyBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${service.settings.maximumCopyBytes}`,
    );
  }
  const kept = keepPart(upload, number, part, undefined);
  return xmlReply(
    xmlDocument(
      'CopyPartResult',
      `<LastModified>${kept.modified.iso}</LastModified><ETag>&quot;${kept.etag}&quot;</ETag>${
        kept.checksum === undefined ? '' : tag(`Checksum${kept.checksum.algorithm}`, kept.checksum.value)
      }`,
    ),
    { ...upload.draft.encryption, ...sourceVersionHeader(source) },
  );
}

export function abortMultipartUpload({ request }: Exchange, bucket: Bucket): Reply {
  bucket.uploads.delete(openUpload(request, bucket).id);
  return noContent();
}
