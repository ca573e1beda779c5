import { createHash } from 'node:crypto';
import { Body } from './body';
import { checksumElements, multipartChecksum, statedChecksum } from './checksums';
import { checkWriteConditions } from './conditions';
import type { Exchange } from './exchange';
import { fromByteKey } from './key-order';
import { MAXIMUM_PARTS, openUpload } from './multipart';
import { header, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import type { Bucket, MultipartUpload, UploadedPart } from './store';
import { childrenNamed, childText, parseXml, tag, xmlDocument } from './xml';

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
  service.history.overwriting(bucket, request.key);
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
