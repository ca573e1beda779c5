import type { Exchange } from './exchange';
import { afterPrefix, type ByteKey, laterKey, toByteKey } from './key-order';
import { commonPrefix, encodingTypeElement, type KeyEncoder, keyEncoder, ownerElement } from './listings';
import { countParameter, type Reply, xmlReply } from './request';
import { S3Error } from './s3-error';
import { type Bucket, isObject, type ObjectVersion } from './store';
import { tag, xmlDocument } from './xml';

interface Position {
  readonly key: ByteKey;
  /** Absent when the page ends with a group, or when all versions of `key` were listed. */
  readonly versionId: string | undefined;
}

function versionElement(
  key: ByteKey,
  version: ObjectVersion,
  latest: boolean,
  owner: string,
  encode: KeyEncoder,
): string {
  const head = `<Key>${encode(key)}</Key>${tag('VersionId', version.versionId)}${tag('IsLatest', latest)}${tag('LastModified', version.modified.iso)}`;
  if (!isObject(version)) return `<DeleteMarker>${head}${owner}</DeleteMarker>`;
  const { etag, body, storageClass, checksum } = version.content;
  const checksumTags =
    checksum === undefined
      ? ''
      : tag('ChecksumAlgorithm', checksum.algorithm) + tag('ChecksumType', checksum.type);
  return `<Version>${head}<ETag>&quot;${etag}&quot;</ETag>${checksumTags}${tag('Size', body.size)}${owner}${tag('StorageClass', storageClass)}</Version>`;
}

/** Versions and delete markers, keys in byte order, the newest version of a key first. */
export function listObjectVersions({ request, service }: Exchange, bucket: Bucket): Reply {
  const { query } = request;
  const { encode, url } = keyEncoder(request);
  const prefix = toByteKey(query.get('prefix') ?? '');
  const delimiter = toByteKey(query.get('delimiter') ?? '');
  const keyMarker = toByteKey(query.get('key-marker') ?? '');
  const versionMarker = query.get('version-id-marker') ?? '';
  const limit = countParameter(request, 'max-keys', service.settings.maximumKeys);
  if (versionMarker !== '' && keyMarker === '') {
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.', {
      ArgumentName: 'version-id-marker',
      ArgumentValue: versionMarker,
    });
  }

  const owner = ownerElement(bucket.owner);
  const walk = bucket.keys.walk(laterKey(keyMarker, prefix));
  let elements = '';
  let prefixes = '';
  let count = 0;
  let last: Position = { key: '', versionId: undefined };
  let next: Position | undefined;
  pages: for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
    const { key, versions } = entry;
    if (!key.startsWith(prefix)) break;
    let first = 0;
    if (key === keyMarker && keyMarker !== '') {
      if (versionMarker === '') continue;
      // A marker that was deleted meanwhile: list the key from its start, rather than lose versions.
      first = versions.findIndex(({ versionId }) => versionId === versionMarker) + 1;
    }
    const group = commonPrefix(key, prefix, delimiter);
    if (group !== undefined) {
      if (!keyMarker.startsWith(group)) {
        if (count === limit) {
          next = last;
          break;
        }
        count += 1;
        prefixes += `<CommonPrefixes><Prefix>${encode(group)}</Prefix></CommonPrefixes>`;
        last = { key: group, versionId: undefined };
      }
      walk.skipTo(afterPrefix(group));
      continue;
    }
    for (const [index, version] of versions.entries()) {
      if (index < first) continue;
      if (count === limit) {
        next = last;
        break pages;
      }
      count += 1;
      elements += versionElement(key, version, index === 0, owner, encode);
      last = { key, versionId: version.versionId };
    }
  }
  if (limit === 0) next = undefined;
  return xmlReply(
    xmlDocument(
      'ListVersionsResult',
      `${tag('Name', bucket.name)}<Prefix>${encode(prefix)}</Prefix><KeyMarker>${encode(keyMarker)}</KeyMarker>${tag('VersionIdMarker', versionMarker)}${
        next === undefined
          ? ''
          : `<NextKeyMarker>${encode(next.key)}</NextKeyMarker>${tag('NextVersionIdMarker', next.versionId)}`
      }${tag('MaxKeys', limit)}${delimiter === '' ? '' : `<Delimiter>${encode(delimiter)}</Delimiter>`}${encodingTypeElement(url)}${tag('IsTruncated', next !== undefined)}${elements}${prefixes}`,
    ),
  );
}
