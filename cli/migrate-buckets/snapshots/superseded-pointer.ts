import type { S3Client } from '@aws-sdk/client-s3';
import { isVersionId, snapshotManifestKey, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import { snapshotManifestSchema } from '../../../contracts/snapshot';
import { Pace } from '../../shared/aws/pace';
import { parseJson } from '../../shared/parse-json';
import { readText, readTextIfAny } from '../aws/read-object';
import { listObjects } from '../listing/list';
import type { Located } from '../listing/listed-object';
import { inspectCollection } from './inspect-collection';

/**
 * Why the destination's pointer cannot stand for the source's, in one sentence; undefined when it can: the
 * snapshot that it names is sound, and its manifest says that it was built from the one that the source's
 * pointer names. The pipeline has then worked on in its new bucket. A newer date alone shows nothing: a
 * pipeline that never saw the migrated snapshot publishes newer ones too, and they lack all that it holds.
 *
 * @param older - the version that the source's pointer names.
 */
export async function whyNotSuperseded(
  s3: S3Client,
  older: string,
  { bucket, object }: Located,
  signal: AbortSignal,
): Promise<string | undefined> {
  const collection = COLLECTIONS.find((each) => snapshotPointerKey(each) === object.key);
  if (collection === undefined) return `${object.key} is not a pointer.`;
  const newer = (await readText(s3, bucket, object)).trim();
  if (!isVersionId(newer)) return `${object.key} in ${bucket} does not hold a version id.`;
  const list = (prefix: string) => listObjects(s3, bucket, new Pace(), signal, prefix);
  const { gates } = await inspectCollection({ s3, bucket, list }, collection, { quick: false });
  const failed = gates.find(({ result }) => result === 'fail');
  if (failed !== undefined) {
    return `The pointer in ${bucket} names ${newer}, which is not a sound snapshot: ${failed.evidence}`;
  }
  if (newer === older || (await lineageOf(s3, bucket, collection, newer)).includes(older)) return undefined;
  return `The pipeline of ${bucket} published ${newer} without having adopted ${older}, so what that snapshot holds is not in it. Run plan again with --overwrite, then apply: the pipeline rebuilds from the migrated snapshot and the deltas that it does not cover.`;
}

/** The snapshots that a version says it was built from: none where it has no manifest that can be read. */
export async function lineageOf(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  version: string,
): Promise<readonly string[]> {
  const text = await readTextIfAny(s3, bucket, snapshotManifestKey(collection, version));
  const manifest = snapshotManifestSchema.safeParse(parseJson(text ?? ''));
  if (!manifest.success || manifest.data.version !== version || manifest.data.collection !== collection) {
    return [];
  }
  return manifest.data.content.lineage;
}
