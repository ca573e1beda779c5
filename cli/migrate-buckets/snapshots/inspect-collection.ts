import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  deltaPrefix,
  isDecoyKey,
  isVersionId,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotPointerKey,
  snapshotPrefix,
  snapshotVersionPrefix,
  versionInstant,
} from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import type { CollectionEvidence, SnapshotGate } from '../../../contracts/migrate-buckets/authority';
import { openBody, readText } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';
import {
  CHROMA_DATABASE,
  databaseIsLarge,
  inspectArchive,
  inspectDatabase,
  type SnapshotContents,
} from './snapshot-contents';

/** Archives above this are not looked into: an empty snapshot is a thousand times smaller. */
const LOOK_INTO_AT_MOST = 16 * 1024 ** 2;
/** A pointer's or hash's body is a line. */
const LINE_AT_MOST = 1024;

/** Reads one collection's pointer and current snapshot and passes them through the gates, one after the other. */
export async function inspectCollection(
  s3: S3Client,
  bucket: string,
  inventory: ReadonlyMap<string, ListedObject>,
  collection: Collection,
): Promise<CollectionEvidence> {
  const gates: SnapshotGate[] = [];
  let version: string | null = null;
  let snapshot_at: number | null = null;
  const has_data = [...inventory.keys()].some(
    (key) =>
      (key.startsWith(snapshotPrefix(collection)) || key.startsWith(deltaPrefix(collection))) &&
      !isDecoyKey(key),
  );
  const result = () => ({ collection, has_data, gates, version, snapshot_at });
  const gate = (name: SnapshotGate['gate'], verdict: SnapshotGate['result'], evidence: string) => {
    gates.push({ gate: name, result: verdict, evidence });
    return verdict !== 'fail';
  };

  const pointer = inventory.get(snapshotPointerKey(collection));
  if (pointer === undefined) {
    gate('pointer-exists', 'fail', `There is no ${snapshotPointerKey(collection)}.`);
    return result();
  }
  gate('pointer-exists', 'pass', `${pointer.key} is there.`);

  const text = pointer.size > LINE_AT_MOST ? '' : (await readText(s3, bucket, pointer)).trim();
  if (!isVersionId(text)) {
    gate('pointer-parses', 'fail', `${pointer.key} does not hold a version id.`);
    return result();
  }
  version = text;
  gate('pointer-parses', 'pass', `It names the version ${version}.`);

  const prefix = snapshotVersionPrefix(collection, version);
  const files = [...inventory.values()].filter(({ key }) => key.startsWith(prefix) && !isDecoyKey(key));
  if (files.length === 0) {
    gate('version-exists', 'fail', `Nothing is stored under ${prefix}.`);
    return result();
  }
  gate('version-exists', 'pass', `${prefix} holds ${files.length} objects.`);
  // A copy resets LastModified, the version's own id does not: the earlier of both is nearer to the truth.
  const written = Math.max(...files.map(({ modified }) => modified));
  snapshot_at = Math.min(written, versionInstant(version)?.getTime() ?? written);

  const archive = inventory.get(snapshotArchiveKey(collection, version));
  const database = files.find(({ key }) => key.split('/').pop() === CHROMA_DATABASE);
  const main = archive ?? database;
  if (main === undefined) {
    gate('holds-a-snapshot', 'fail', `${prefix} holds neither snapshot.tar.gz nor ${CHROMA_DATABASE}.`);
    return result();
  }
  const contents = await readContents(s3, bucket, main, main === archive);
  if (!gate('holds-a-snapshot', ...describeContents(main.key, contents))) return result();

  gates.push(await hashGate(s3, bucket, inventory, collection, version, archive));
  return result();
}

function describeContents(key: string, contents: SnapshotContents): [SnapshotGate['result'], string] {
  switch (contents.kind) {
    case 'empty':
      return ['fail', `${key} is an EMPTY Chroma directory: it holds no record, whatever its date.`];
    case 'unreadable':
      return ['fail', `${key} is not a usable snapshot: ${contents.why}.`];
    case 'large':
      return ['pass', `${key} is too large to be an empty snapshot.`];
    case 'records':
      return ['pass', `${key} holds ${contents.records} records.`];
  }
}

async function readContents(
  s3: S3Client,
  bucket: string,
  object: ListedObject,
  isArchive: boolean,
): Promise<SnapshotContents> {
  if (isArchive && object.size > LOOK_INTO_AT_MOST) return { kind: 'large' };
  if (!isArchive && databaseIsLarge(object.size)) return { kind: 'large' };
  const body = await openBody(s3, bucket, object);
  if (isArchive) return inspectArchive(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return inspectDatabase(Buffer.concat(chunks));
}

/**
 * `.snapshot_hash` is `md5:<hex>` of snapshot.tar.gz, so it agrees with the ETag of a plain upload. How the
 * old system hashed loose files is not known for certain: there it speaks neither way.
 */
async function hashGate(
  s3: S3Client,
  bucket: string,
  inventory: ReadonlyMap<string, ListedObject>,
  collection: Collection,
  version: string,
  archive: ListedObject | undefined,
): Promise<SnapshotGate> {
  const found = (result: SnapshotGate['result'], evidence: string): SnapshotGate => ({
    gate: 'hash-agrees',
    result,
    evidence,
  });
  const stored = inventory.get(snapshotHashKey(collection, version));
  if (stored === undefined) {
    return found('neutral', 'It has no .snapshot_hash, as older snapshots have none.');
  }
  if (archive === undefined) {
    return found('neutral', 'Its .snapshot_hash covers loose files and was not checked.');
  }
  const wanted = stored.size > LINE_AT_MOST ? '' : (await readText(s3, bucket, stored)).trim();
  const hex = /^md5:([0-9a-f]{32})$/i.exec(wanted)?.[1]?.toLowerCase();
  if (hex === undefined) return found('fail', `${stored.key} is not of the form md5:<hex>.`);
  return (await md5Of(s3, bucket, archive, hex)) === hex
    ? found('pass', `${archive.key} has the hash that .snapshot_hash says.`)
    : found(
        'fail',
        `${archive.key} has another hash than .snapshot_hash says: it is damaged or half replaced.`,
      );
}

/** The MD5 of an object: its ETag where that agrees, else computed from the bytes (parts or KMS change ETags). */
export async function md5Of(
  s3: S3Client,
  bucket: string,
  object: ListedObject,
  wanted: string,
): Promise<string> {
  if (object.etag === wanted) return wanted;
  const hash = createHash('md5');
  for await (const chunk of await openBody(s3, bucket, object)) hash.update(chunk);
  return hash.digest('hex');
}
