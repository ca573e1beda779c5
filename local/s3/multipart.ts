import { createHash, randomBytes } from 'node:crypto';
import { Body } from './body';
import {
  checksumAlgorithm,
  checksumElements,
  checksumHeaders,
  fullChecksum,
  multipartChecksum,
  statedChecksum,
  verifyUpload,
} from './checksums';
import { currentMoment } from './clock';
import { checkWriteConditions } from './conditions';
import { copySource, sourceVersionHeader } from './copy';
import { fromByteKey } from './key-order';
import { objectDraft } from './object-draft';
import { done, header, noContent, payloadBody, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import type { Exchange } from './service';
import type { Bucket, Checksum, MultipartUpload, UploadedPart } from './store';
import { childrenNamed, childText, parseXml, tag, xmlDocument } from './xml';

const MAXIMUM_PARTS = 10_000;

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

export function createMultipartUpload({ request }: Exchange, bucket: Bucket): Reply {
  const upload: MultipartUpload = {
    id: randomBytes(24).toString('base64url'),
    key: request.key,
    initiated: currentMoment(),
    draft: objectDraft(request, bucket),
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

/**
 * The parts that a completion names, in its order.
 *
 * @throws {S3Error} MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest.
 */
function namedParts(request: S3Request, upload: MultipartUpload, minimumPartBytes: number): UploadedPart[] {
  const root = parseXml(request.payload.toString('utf8'));
  const elements = root?.name === 'CompleteMultipartUpload' ? childrenNamed(root, 'Part') : [];
  if (elements.length === 0 || elements.length > MAXIMUM_PARTS) {
    throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const parts: UploadedPart[] = [];
  for (const element of elements) {
    const number = Number(childText(element, 'PartNumber'));
    if (number <= (parts.at(-1)?.number ?? 0)) {
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      );
    }
    const part = upload.parts.get(number);
    const etag = (childText(element, 'ETag') ?? '').replaceAll('"', '').trim();
    if (part === undefined || part.etag !== etag) {
      throw new S3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part’s entity tag.',
        { UploadId: upload.id, PartNumber: String(number), ETag: etag },
      );
    }
    if (upload.checksum?.type === 'COMPOSITE') {
      const stated = childText(element, `Checksum${upload.checksum.algorithm}`);
      if (stated === undefined) {
        throw new S3Error(
          'InvalidRequest',
          `The upload was created using a ${upload.checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
        );
      }
      if (stated !== part.checksum?.value) {
        throw new S3Error('InvalidPart', 'The checksum of a part does not match what was uploaded.', {
          PartNumber: String(number),
        });
      }
    }
    parts.push(part);
  }
  for (const part of parts.slice(0, -1)) {
    if (part.body.size < minimumPartBytes) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        PartNumber: String(part.number),
        ProposedSize: String(part.body.size),
        MinSizeAllowed: String(minimumPartBytes),
        ETag: part.etag,
      });
    }
  }
  return parts;
}

/** The MD5 of the parts' MD5s, and their number: it tells how an object was cut, not only what it holds. */
const multipartEtag = (parts: readonly UploadedPart[]): string => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
};

export function completeMultipartUpload({ request, service }: Exchange, bucket: Bucket): Reply {
  const repeated = bucket.completed.get(request.query.get('uploadId') ?? '');
  if (repeated !== undefined) return xmlReply(repeated);
  const upload = openUpload(request, bucket);
  const parts = namedParts(request, upload, service.settings.minimumPartBytes);
  checkWriteConditions(request, bucket, request.key);
  const body = new Body(parts.flatMap((part) => part.body.pieces));
  const expectedSize = header(request, 'x-amz-mp-object-size');
  if (expectedSize !== undefined && Number(expectedSize) !== body.size) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header does not match what was computed.`,
    );
  }
  const checksum = upload.checksum && multipartChecksum(upload.checksum, parts, body);
  const stated = statedChecksum(request);
  if (stated !== undefined && checksum?.algorithm === stated.algorithm && checksum.value !== stated.value) {
    throw new S3Error(
      'BadDigest',
      `The ${stated.algorithm} you specified did not match the calculated checksum.`,
    );
  }
  const etag = multipartEtag(parts);
  const summaries = parts.map((part) => ({
    number: part.number,
    size: part.body.size,
    checksum: part.checksum,
  }));
  const version = bucket.write(
    request.key,
    { ...upload.draft, body, etag, checksum, parts: summaries },
    upload.initiated,
  );
  bucket.uploads.delete(upload.id);
  service.notify(request, bucket, 'ObjectCreated:CompleteMultipartUpload', version);
  const answer = xmlDocument(
    'CompleteMultipartUploadResult',
    `${tag('Location', `${service.endpoint}${request.path}`)}${tag('Bucket', bucket.name)}${tag('Key', fromByteKey(request.key))}<ETag>&quot;${etag}&quot;</ETag>${checksumElements(checksum)}`,
  );
  bucket.completed.set(upload.id, answer);
  return xmlReply(answer, { ...upload.draft.encryption, ...bucket.versionHeader(version.versionId) });
}

export function abortMultipartUpload({ request }: Exchange, bucket: Bucket): Reply {
  bucket.uploads.delete(openUpload(request, bucket).id);
  return noContent();
}
