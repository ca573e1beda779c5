import type { Exchange } from './exchange';
import { header, type S3Request } from './request';
import { S3Error } from './s3-error';
import type { Bucket, Headers, ObjectContent } from './store';
import { headerTags } from './tags';
import { child, childText, parseXml } from './xml';

/** What a request can say about the object that it writes, beside the bytes. */
export type ObjectDraft = Pick<ObjectContent, 'headers' | 'encryption' | 'storageClass' | 'tags'>;

const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-language',
  'content-type',
  'expires',
  'x-amz-website-redirect-location',
] as const;

const USER_METADATA = 'x-amz-meta-';
const MAXIMUM_USER_METADATA_BYTES = 2048;

const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
]);

/** Classes whose objects must be restored before they can be read or copied. */
export const isArchived = (storageClass: string): boolean =>
  storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';

/** Headers that change what a write means, and that this server has no meaning for. */
const REFUSED = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-write-offset-bytes',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-legal-hold',
  'x-amz-rename-source-if-match',
];

/** ACLs that say no more than bucket-owner-enforced ownership does. */
const HARMLESS_ACLS = new Set(['private', 'bucket-owner-full-control']);

/** Content-Type and its like, and user metadata, as they will be sent back. */
export function metadataHeaders(request: S3Request): Headers {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = header(request, name);
    if (value !== undefined) headers[name] = value;
  }
  headers['content-type'] ??= 'binary/octet-stream';
  // `aws-chunked` is how the request travelled, not what the object is.
  const encodings = (header(request, 'content-encoding') ?? '')
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  if (encodings.length > 0) headers['content-encoding'] = encodings.join(',');
  let size = 0;
  for (const name in request.headers) {
    if (!name.startsWith(USER_METADATA)) continue;
    const value = header(request, name) ?? '';
    size += name.length - USER_METADATA.length + Buffer.byteLength(value, 'latin1');
    headers[name] = value;
  }
  if (size > MAXIMUM_USER_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(size),
      MaxSizeAllowed: String(MAXIMUM_USER_METADATA_BYTES),
    });
  }
  return headers;
}

/** @throws {S3Error} InvalidStorageClass. */
export function storageClass(request: S3Request): string {
  const value = header(request, 'x-amz-storage-class') ?? 'STANDARD';
  if (STORAGE_CLASSES.has(value)) return value;
  throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid', {
    StorageClassRequested: value,
  });
}

const SSE = 'x-amz-server-side-encryption';

const AES256: Headers = { [SSE]: 'AES256' };

/** The request's encryption, else the bucket's default, else AES256: S3 encrypts everything since 2023. */
export function encryption(request: S3Request, bucket: Bucket): Headers {
  const algorithm = header(request, SSE);
  const keyId = header(request, `${SSE}-aws-kms-key-id`);
  const stored = algorithm === undefined ? bucket.configurations.get('encryption') : undefined;
  if (stored !== undefined) return defaultEncryption(stored);
  if (algorithm === undefined) return AES256;
  return {
    [SSE]: algorithm,
    ...(keyId === undefined ? {} : { [`${SSE}-aws-kms-key-id`]: keyId }),
  };
}

function defaultEncryption(configuration: Buffer): Headers {
  const root = parseXml(configuration.toString('utf8'));
  const rule = root && child(root, 'Rule');
  const byDefault = rule && child(rule, 'ApplyServerSideEncryptionByDefault');
  const keyId = byDefault && childText(byDefault, 'KMSMasterKeyID');
  return {
    [SSE]: (byDefault && childText(byDefault, 'SSEAlgorithm')) ?? 'AES256',
    ...(keyId === undefined ? {} : { [`${SSE}-aws-kms-key-id`]: keyId }),
  };
}

export const isKmsEncrypted = (headers: Headers): boolean => headers[SSE]?.startsWith('aws:kms') ?? false;

/** @throws {S3Error} NotImplemented, AccessControlListNotSupported. */
export function refuseUnknownSemantics(request: S3Request): void {
  for (const name of REFUSED) {
    if (request.headers[name] !== undefined) {
      throw new S3Error('NotImplemented', `This server does not implement the header ${name}.`, {
        Header: name,
      });
    }
  }
  const acl = header(request, 'x-amz-acl');
  if (acl !== undefined && !HARMLESS_ACLS.has(acl)) throw aclsNotSupported();
  for (const name in request.headers) {
    if (name.startsWith('x-amz-grant-')) throw aclsNotSupported();
  }
}

export const aclsNotSupported = () =>
  new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs');

/**
 * Everything that a PutObject or CreateMultipartUpload says beside the bytes.
 *
 * @throws {S3Error} AccessDenied when it brings tags, and the caller may not tag.
 */
export function objectDraft({ request, service }: Exchange, bucket: Bucket): ObjectDraft {
  refuseUnknownSemantics(request);
  const tags = headerTags(request);
  if (tags.length > 0) service.authorize(request, 's3:PutObjectTagging', bucket, request.key);
  return {
    headers: metadataHeaders(request),
    encryption: encryption(request, bucket),
    storageClass: storageClass(request),
    tags,
  };
}
