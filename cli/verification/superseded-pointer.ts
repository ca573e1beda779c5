import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { isVersionId, snapshotPointerKey, snapshotPrefix } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { inspectCollection } from '../authority/inspect-collection';
import { saying } from '../aws/explain';
import { readText } from '../aws/read-object';
import { bareEtag, decodeListedKey, type ListedObject } from '../engine/listed-object';

interface Located {
  readonly bucket: string;
  readonly object: ListedObject;
}

/**
 * Whether the destination's pointer names a newer snapshot than the source's, and that snapshot is there,
 * whole and not empty: the pipeline has worked on in its new bucket. Only then may two pointers differ.
 *
 * @param older - the version that the source's pointer names.
 */
export async function isSupersededPointer(
  s3: S3Client,
  older: string,
  destination: Located,
): Promise<boolean> {
  const collection = COLLECTIONS.find((each) => snapshotPointerKey(each) === destination.object.key);
  if (collection === undefined) return false;
  const newer = (await readText(s3, destination.bucket, destination.object)).trim();
  if (!isVersionId(older) || !isVersionId(newer) || newer <= older) return false;
  const inventory = new Map<string, ListedObject>();
  const { bucket } = destination;
  await saying(`list the snapshots in ${bucket}`, bucket, async () => {
    const request = { Bucket: bucket, Prefix: snapshotPrefix(collection), EncodingType: 'url' as const };
    for await (const { Contents } of paginateListObjectsV2({ client: s3 }, request)) {
      for (const { Key = '', ETag = '', Size = 0, LastModified } of Contents ?? []) {
        const key = decodeListedKey(Key);
        const modified = LastModified?.getTime() ?? 0;
        inventory.set(key, { key, etag: bareEtag(ETag), size: Size, storageClass: 'STANDARD', modified });
      }
    }
  });
  const { gates } = await inspectCollection(s3, bucket, inventory, collection);
  return gates.every(({ result }) => result !== 'fail');
}
