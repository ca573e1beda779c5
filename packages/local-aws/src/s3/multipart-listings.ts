import type { Exchange } from './exchange';
import { fromByteKey, toByteKey } from './key-order';
import { encodingTypeElement, keyEncoder, ownerElement } from './listings';
import { openUpload } from './multipart';
import { countParameter, type Reply, xmlReply } from './request';
import type { Bucket } from './store';
import { tag, xmlDocument } from './xml';

const MAXIMUM_ENTRIES = 1000;

export function listParts({ request }: Exchange, bucket: Bucket): Reply {
  const upload = openUpload(request, bucket);
  const limit = countParameter(request, 'max-parts', MAXIMUM_ENTRIES);
  const marker = countParameter(request, 'part-number-marker', Number.MAX_SAFE_INTEGER);
  const after = request.query.has('part-number-marker') ? marker : 0;
  const remaining = [...upload.parts.values()]
    .filter((part) => part.number > after)
    .sort((a, b) => a.number - b.number);
  const page = remaining.slice(0, limit);
  const truncated = remaining.length > page.length;
  const parts = page.map(
    (part) =>
      `<Part>${tag('PartNumber', part.number)}${tag('LastModified', part.modified.iso)}<ETag>&quot;${part.etag}&quot;</ETag>${tag('Size', part.body.size)}${
        part.checksum === undefined ? '' : tag(`Checksum${part.checksum.algorithm}`, part.checksum.value)
      }</Part>`,
  );
  return xmlReply(
    xmlDocument(
      'ListPartsResult',
      tag('Bucket', bucket.name) +
        tag('Key', fromByteKey(upload.key)) +
        tag('UploadId', upload.id) +
        ownerElement(bucket.owner) +
        tag('StorageClass', upload.draft.storageClass) +
        tag('PartNumberMarker', after) +
        (truncated ? tag('NextPartNumberMarker', page.at(-1)?.number) : '') +
        tag('MaxParts', limit) +
        tag('IsTruncated', truncated) +
        tag('ChecksumAlgorithm', upload.checksum?.algorithm) +
        tag('ChecksumType', upload.checksum?.type) +
        parts.join(''),
    ),
  );
}

/** Unfinished uploads, in order of key, then of start. They cost money and hold a bucket open for nobody. */
export function listMultipartUploads({ request }: Exchange, bucket: Bucket): Reply {
  const { query } = request;
  const { encode, url } = keyEncoder(request);
  const prefix = toByteKey(query.get('prefix') ?? '');
  const keyMarker = toByteKey(query.get('key-marker') ?? '');
  const uploadMarker = query.get('upload-id-marker') ?? '';
  const limit = countParameter(request, 'max-uploads', MAXIMUM_ENTRIES);
  // The map keeps the order of creation, and sorting is stable.
  const sorted = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const marked = sorted.findIndex((upload) => upload.key === keyMarker && upload.id === uploadMarker);
  const remaining =
    marked >= 0
      ? sorted.slice(marked + 1)
      : sorted.filter((upload) => keyMarker === '' || upload.key > keyMarker);
  const page = remaining.slice(0, limit);
  const truncated = remaining.length > page.length;
  const last = page.at(-1);
  const uploads = page.map(
    (upload) =>
      `<Upload><Key>${encode(upload.key)}</Key>${tag('UploadId', upload.id)}${ownerElement(bucket.owner)}${tag('StorageClass', upload.draft.storageClass)}${tag('Initiated', upload.initiated.iso)}${tag('ChecksumAlgorithm', upload.checksum?.algorithm)}${tag('ChecksumType', upload.checksum?.type)}</Upload>`,
  );
  return xmlReply(
    xmlDocument(
      'ListMultipartUploadsResult',
      `${tag('Bucket', bucket.name)}<KeyMarker>${encode(keyMarker)}</KeyMarker>${tag('UploadIdMarker', uploadMarker)}${
        truncated && last !== undefined
          ? `<NextKeyMarker>${encode(last.key)}</NextKeyMarker>${tag('NextUploadIdMarker', last.id)}`
          : ''
      }<Prefix>${encode(prefix)}</Prefix>${encodingTypeElement(url)}${tag('MaxUploads', limit)}${tag('IsTruncated', truncated)}${uploads.join('')}`,
    ),
  );
}
