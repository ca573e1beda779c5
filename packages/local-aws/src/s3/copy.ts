import { checksumAlgorithm, checksumElements, fullChecksum } from './checksums';
import { checkSourceConditions, checkWriteConditions } from './conditions';
import type { Exchange } from './exchange';
import { type ByteKey, fromByteKey, toByteKey } from './key-order';
import { encryption, metadataHeaders, refuseUnknownSemantics, storageClass } from './object-draft';
import { refuseArchived } from './object-reads';
import { singlePartEtag } from './object-writes';
import { header, percentDecode, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import { type Bucket, type ExistingObject, type Headers, isObject } from './store';
import { headerTags } from './tags';
import { xmlDocument } from './xml';

interface CopySource {
  readonly bucket: Bucket;
  readonly key: ByteKey;
  readonly object: ExistingObject;
}

const VERSION_MARK = '?versionId=';

/**
 * Resolves `x-amz-copy-source`: `[/]{bucket}/{key}[?versionId={id}]`, percent-encoded. A bare `+` is a space
 * to S3, so a key with a plus must be sent with `%2B`.
 *
 * @throws {S3Error} NoSuchKey, NoSuchVersion, NoSuchBucket, InvalidArgument, AccessDenied, PreconditionFailed.
 */
export function copySource({ request, service }: Exchange): CopySource {
  const value = header(request, 'x-amz-copy-source') ?? '';
  const mark = value.lastIndexOf(VERSION_MARK);
  const path = percentDecode((mark < 0 ? value : value.slice(0, mark)).replaceAll('+', '%20')).replace(
    /^\//,
    '',
  );
  const versionId = mark < 0 ? undefined : percentDecode(value.slice(mark + VERSION_MARK.length));
  const slash = path.indexOf('/');
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      {
        ArgumentName: 'x-amz-copy-source',
        ArgumentValue: value,
      },
    );
  }
  const key = toByteKey(path.slice(slash + 1));
  const bucket = service.bucket(path.slice(0, slash));
  service.expectOwner(bucket, header(request, 'x-amz-source-expected-bucket-owner'));
  service.authorize(request, versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', bucket, key);
  const object = versionId === undefined ? bucket.current(key) : bucket.version(key, versionId);
  if (!isObject(object)) {
    if (versionId !== undefined) {
      throw new S3Error(
        'InvalidRequest',
        'The source of a copy request may not specifically refer to a delete marker by version id.',
      );
    }
    throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: fromByteKey(key) });
  }
  refuseArchived(object);
  checkSourceConditions(request, object);
  return { bucket, key, object };
}

/** `x-amz-copy-source-version-id`, which tells the version that was copied. */
export const sourceVersionHeader = ({ bucket, object }: CopySource): Headers =>
  bucket.versioning === undefined ? {} : { 'x-amz-copy-source-version-id': object.versionId };

function directive(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = header(request, name) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw new S3Error('InvalidArgument', `Unknown ${name.slice('x-amz-'.length)}.`, {
    ArgumentName: name,
    ArgumentValue: value,
  });
}

/** The website redirect belongs to the place, not to the object: S3 does not copy it. */
function carriedHeaders(headers: Headers): Headers {
  if (headers['x-amz-website-redirect-location'] === undefined) return headers;
  const { 'x-amz-website-redirect-location': _place, ...carried } = headers;
  return carried;
}

export function copyObject(exchange: Exchange, bucket: Bucket): Reply {
  const { request, service } = exchange;
  refuseUnknownSemantics(request);
  const source = copySource(exchange);
  const { content } = source.object;
  const replaceMetadata = directive(request, 'x-amz-metadata-directive') === 'REPLACE';
  const replaceTags = directive(request, 'x-amz-tagging-directive') === 'REPLACE';
  if (content.body.size > service.settings.maximumCopyBytes) {
    throw new S3Error(
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${service.settings.maximumCopyBytes}`,
    );
  }
  const changes =
    replaceMetadata ||
    header(request, 'x-amz-storage-class') !== undefined ||
    header(request, 'x-amz-server-side-encryption') !== undefined ||
    header(request, 'x-amz-website-redirect-location') !== undefined ||
    source.object !== source.bucket.current(source.key);
  if (!changes && source.bucket === bucket && source.key === request.key) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  // Tags need permissions of their own at both ends; a tool that lacks them must learn it here.
  if (!replaceTags && content.tags.length > 0) {
    service.authorize(request, 's3:GetObjectTagging', source.bucket, source.key);
    service.authorize(request, 's3:PutObjectTagging', bucket, request.key);
  }
  checkWriteConditions(request, bucket, request.key);
  const draft = {
    headers: replaceMetadata ? metadataHeaders(request) : carriedHeaders(content.headers),
    encryption: encryption(request, bucket),
    storageClass: storageClass(request),
    tags: replaceTags ? headerTags(request) : content.tags,
  };
  const algorithm =
    checksumAlgorithm(header(request, 'x-amz-checksum-algorithm')) ?? content.checksum?.algorithm;
  const checksum =
    algorithm === undefined
      ? undefined
      : algorithm === content.checksum?.algorithm && content.checksum.type === 'FULL_OBJECT'
        ? content.checksum
        : fullChecksum(content.body, algorithm);
  // A multipart source becomes an object of one part: its ETag changes form, its bytes do not.
  const etag = singlePartEtag(content.body, draft);
  service.history.overwriting(bucket, request.key);
  const version = bucket.write(request.key, { ...draft, body: content.body, etag, checksum });
  service.notify(request, bucket, 'ObjectCreated:Copy', version);
  return xmlReply(
    xmlDocument(
      'CopyObjectResult',
      `<LastModified>${version.modified.iso}</LastModified><ETag>&quot;${etag}&quot;</ETag>${checksumElements(checksum)}`,
    ),
    { ...draft.encryption, ...sourceVersionHeader(source), ...bucket.versionHeader(version.versionId) },
  );
}
