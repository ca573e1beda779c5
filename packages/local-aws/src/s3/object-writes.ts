import { randomBytes } from 'node:crypto';
import type { Body } from './body';
import { checksumHeaders, verifyUpload } from './checksums';
import { checkDeleteCondition, checkWriteConditions } from './conditions';
import type { Exchange } from './exchange';
import { fromByteKey, toByteKey } from './key-order';
import { isKmsEncrypted, type ObjectDraft, objectDraft } from './object-draft';
import { done, header, noContent, payloadBody, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import { type Bucket, type Deletion, type Headers, isObject, type ObjectVersion } from './store';
import { childrenNamed, childText, parseXml, tag, xmlDocument } from './xml';

/** The MD5 of the bytes, unless KMS encrypts them: then it is a number that says nothing about the bytes. */
export const singlePartEtag = (body: Body, draft: Pick<ObjectDraft, 'encryption'>): string =>
  isKmsEncrypted(draft.encryption) ? randomBytes(16).toString('hex') : body.digest('MD5').toString('hex');

export function putObject(exchange: Exchange, bucket: Bucket): Reply {
  const { request, service } = exchange;
  const draft = objectDraft(exchange, bucket);
  const body = payloadBody(request);
  const checksum = verifyUpload(request, body);
  checkWriteConditions(request, bucket, request.key);
  const etag = singlePartEtag(body, draft);
  service.history.overwriting(bucket, request.key);
  const version = bucket.write(request.key, { ...draft, body, etag, checksum });
  service.notify(request, bucket, 'ObjectCreated:Put', version);
  return done({
    etag: `"${etag}"`,
    ...draft.encryption,
    ...checksumHeaders(checksum),
    ...bucket.versionHeader(version.versionId),
  });
}

const deletionHeaders = (deletion: Deletion): Headers => ({
  ...(deletion.versionId === undefined ? {} : { 'x-amz-version-id': deletion.versionId }),
  ...(deletion.deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
});

/** Removes what a delete names, under its condition and the version's locks. */
function deleteOne(
  { request, service }: Exchange,
  bucket: Bucket,
  target: {
    readonly key: string;
    readonly versionId?: string | undefined;
    readonly ifMatch?: string | undefined;
  },
): Deletion {
  const { key, versionId } = target;
  const current = bucket.currentObject(key);
  checkDeleteCondition(target.ifMatch, current);
  if (versionId !== undefined) {
    const named = bucket.history(key).find((version) => version.versionId === versionId);
    refuseIfLocked(request, named);
    const note = service.history.deletionOf(service.buckets.values(), bucket, key, named);
    const deletion = bucket.removeVersion(key, versionId);
    note(undefined);
    if (deletion.existed) service.notifyRemoval(request, bucket, 'ObjectRemoved:Delete', key, deletion);
    return deletion;
  }
  const note = service.history.deletionOf(service.buckets.values(), bucket, key, current);
  const deletion = bucket.remove(key);
  note(deletion.versionId);
  if (deletion.deleteMarker) {
    service.notifyRemoval(request, bucket, 'ObjectRemoved:DeleteMarkerCreated', key, deletion);
  } else if (deletion.existed) {
    service.notifyRemoval(request, bucket, 'ObjectRemoved:Delete', key, deletion);
  }
  return deletion;
}

function refuseIfLocked(request: S3Request, version: ObjectVersion | undefined): void {
  if (!isObject(version)) return;
  const { retention, legalHold } = version;
  const retained = retention !== undefined && Date.parse(retention.until) > Date.now();
  const bypassed =
    retention?.mode === 'GOVERNANCE' && header(request, 'x-amz-bypass-governance-retention') === 'true';
  if (legalHold === 'ON' || (retained && !bypassed)) {
    throw new S3Error('AccessDenied', 'Access Denied because object protected by object lock.');
  }
}

export function deleteObject(exchange: Exchange, bucket: Bucket): Reply {
  const { request } = exchange;
  const deletion = deleteOne(exchange, bucket, {
    key: request.key,
    versionId: request.query.get('versionId'),
    ifMatch: header(request, 'if-match'),
  });
  return noContent(deletionHeaders(deletion));
}

const MAXIMUM_DELETIONS = 1000;

/** Answers each key by itself: one that may not be deleted leaves its neighbours alone. */
export function deleteObjects(exchange: Exchange, bucket: Bucket): Reply {
  const { request, service } = exchange;
  verifyUpload(request, payloadBody(request));
  const root = parseXml(request.payload.toString('utf8'));
  const objects = root?.name === 'Delete' ? childrenNamed(root, 'Object') : [];
  if (root === undefined || objects.length === 0 || objects.length > MAXIMUM_DELETIONS) {
    throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const quiet = childText(root, 'Quiet') === 'true';
  const results = objects.map((object) => {
    const key = toByteKey(childText(object, 'Key') ?? '');
    const versionId = childText(object, 'VersionId');
    const names = tag('Key', fromByteKey(key)) + tag('VersionId', versionId);
    try {
      service.authorize(
        request,
        versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
        bucket,
        key,
      );
      const ifMatch = service.quirks.has('ignores-delete-conditions') ? undefined : childText(object, 'ETag');
      const deletion = deleteOne(exchange, bucket, { key, versionId, ifMatch });
      if (quiet) return '';
      const marker = deletion.deleteMarker
        ? tag('DeleteMarker', true) + tag('DeleteMarkerVersionId', deletion.versionId)
        : '';
      return `<Deleted>${names}${marker}</Deleted>`;
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return `<Error>${names}${tag('Code', error.code)}${tag('Message', error.message)}</Error>`;
    }
  });
  return xmlReply(xmlDocument('DeleteResult', results.join('')));
}
