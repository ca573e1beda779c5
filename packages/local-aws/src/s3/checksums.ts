import { Body, CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from './body';
import { header, type S3Request } from './request';
import { S3Error } from './s3-error';
import type { Checksum, Headers, UploadedPart } from './store';
import { tag } from './xml';

const headerName = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

/**
 * The algorithm that a name means, in any case.
 *
 * @throws {S3Error} InvalidRequest for a name that S3 does not have.
 */
export function checksumAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const known = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
  if (known !== undefined) return known;
  throw new S3Error(
    'InvalidRequest',
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  );
}

export const fullChecksum = (body: Body, algorithm: ChecksumAlgorithm): Checksum => ({
  algorithm,
  value: body.digest(algorithm).toString('base64'),
  type: 'FULL_OBJECT',
});

/** The checksum that a request states about something, in headers or in the trailers of its payload. */
export function statedChecksum(request: S3Request): Omit<Checksum, 'type'> | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const name = headerName(algorithm);
    const value = header(request, name) ?? request.trailers[name];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/**
 * Compares an upload with everything that its request states about it: Content-MD5 and at most one checksum.
 *
 * @returns the checksum to keep; undefined when none was stated.
 * @throws {S3Error} BadDigest, InvalidDigest, InvalidRequest.
 */
export function verifyUpload(request: S3Request, body: Body): Checksum | undefined {
  const md5 = header(request, 'content-md5');
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16) {
      throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
    }
    if (body.digest('MD5').toString('base64') !== md5) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
  }
  const stated = statedChecksum(request);
  if (stated === undefined) {
    if (header(request, 'x-amz-sdk-checksum-algorithm') !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      );
    }
    return undefined;
  }
  const checksum = fullChecksum(body, stated.algorithm);
  if (checksum.value !== stated.value) {
    throw new S3Error('BadDigest', `The ${stated.algorithm} you specified did not match what we received.`);
  }
  return checksum;
}

/**
 * The checksum of an object that S3 was given none for. S3 computes CRC64NVME itself; so do we, once asked.
 */
export const checksumOf = (body: Body, kept: Checksum | undefined): Checksum =>
  kept ?? fullChecksum(body, 'CRC64NVME');

export const checksumHeaders = (checksum: Checksum | undefined): Headers =>
  checksum === undefined
    ? {}
    : { [headerName(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };

export const checksumElements = (checksum: Checksum | undefined): string =>
  checksum === undefined
    ? ''
    : tag(`Checksum${checksum.algorithm}`, checksum.value) + tag('ChecksumType', checksum.type);

/** What a multipart object's checksum is: of the whole, or of its parts' checksums. */
export function multipartChecksum(
  wanted: Pick<Checksum, 'algorithm' | 'type'>,
  parts: readonly UploadedPart[],
  body: Body,
): Checksum {
  if (wanted.type === 'FULL_OBJECT') return fullChecksum(body, wanted.algorithm);
  const digests = parts.map((part) => part.body.digest(wanted.algorithm));
  const value = new Body([Buffer.concat(digests)]).digest(wanted.algorithm).toString('base64');
  return { ...wanted, value: `${value}-${parts.length}` };
}
