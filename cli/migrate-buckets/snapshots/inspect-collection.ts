import type { S3Client } from '@aws-sdk/client-s3';
import {
  isVersionId,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
  versionInstant,
} from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import type { CollectionEvidence, SnapshotGate } from '../../../contracts/migrate-buckets/authority';
import type { RecordTally } from '../../../contracts/record-form';
import { counted } from '../../shared/counted';
import { digestObject, readText } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';
import { openSnapshot } from './open-snapshot';
import { CHROMA_DATABASE } from './persist-directory';

/** What a bucket's pointer leads to. */
export type CurrentSnapshot = Omit<CollectionEvidence, 'has_data'>;

/** A pointer's or hash's body is a line. */
const LINE_AT_MOST = 1024;

/** A bucket that snapshots are read from. */
export interface SnapshotReader {
  readonly s3: S3Client;
  readonly bucket: string;
  /** Lists the bucket's objects whose keys begin with a prefix, in key order. */
  readonly list: (prefix: string) => AsyncIterable<ListedObject>;
}

/**
 * Reads one collection's pointer and current snapshot and passes them through the gates, one after the other.
 *
 * @param quick - whether the snapshot's database is only looked at for records, and a large one not at all.
 */
export async function inspectCollection(
  reader: SnapshotReader,
  collection: Collection,
  { quick }: { readonly quick: boolean },
): Promise<CurrentSnapshot> {
  const { s3, bucket } = reader;
  const gates: SnapshotGate[] = [];
  const gate = (name: SnapshotGate['gate'], verdict: SnapshotGate['result'], evidence: string) => {
    gates.push({ gate: name, result: verdict, evidence });
  };
  const nothing = { collection, gates, version: null, snapshot_at: null, records: null, record_forms: null };

  const pointerKey = snapshotPointerKey(collection);
  const pointer = (await listed(reader, pointerKey)).get(pointerKey);
  if (pointer === undefined) {
    gate('pointer-exists', 'fail', `There is no ${pointerKey}.`);
    return nothing;
  }
  gate('pointer-exists', 'pass', `${pointer.key} is there.`);

  const version = pointer.size > LINE_AT_MOST ? '' : (await readText(s3, bucket, pointer)).trim();
  if (!isVersionId(version)) {
    gate('pointer-parses', 'fail', `${pointer.key} does not hold a version id.`);
    return nothing;
  }
  gate('pointer-parses', 'pass', `It names the version ${version}.`);

  const { gates: more, ...rest } = await inspectVersion(reader, collection, version, quick);
  return { collection, gates: [...gates, ...more], version, ...rest };
}

/** Passes one version of a collection's snapshots through the gates, whether or not a pointer names it. */
export async function inspectVersion(
  reader: SnapshotReader,
  collection: Collection,
  version: string,
  quick: boolean,
): Promise<Pick<CurrentSnapshot, 'gates' | 'snapshot_at' | 'records' | 'record_forms'>> {
  const { s3, bucket } = reader;
  const gates: SnapshotGate[] = [];
  let snapshot_at: number | null = null;
  let records: number | null = null;
  let record_forms: RecordTally | null = null;
  const result = () => ({ gates, snapshot_at, records, record_forms });
  const gate = (name: SnapshotGate['gate'], verdict: SnapshotGate['result'], evidence: string) => {
    gates.push({ gate: name, result: verdict, evidence });
  };

  const prefix = snapshotVersionPrefix(collection, version);
  const found = await listed(reader, prefix);
  const files = [...found.values()];
  if (files.length === 0) {
    gate('version-exists', 'fail', `Nothing is stored under ${prefix}.`);
    return result();
  }
  gate('version-exists', 'pass', `${prefix} holds ${counted(files.length, 'object')}.`);
  // A copy resets LastModified, the version's own id does not: the earlier of both is nearer to the truth.
  const written = Math.max(...files.map(({ modified }) => modified));
  snapshot_at = Math.min(written, versionInstant(version)?.getTime() ?? written);

  const archive = found.get(snapshotArchiveKey(collection, version));
  const database = files.find(({ key }) => key.split('/').pop() === CHROMA_DATABASE);
  const snapshot =
    archive !== undefined ? { archive } : database !== undefined ? { database, files } : undefined;
  if (snapshot === undefined) {
    gate('holds-a-snapshot', 'fail', `${prefix} holds neither snapshot.tar.gz nor ${CHROMA_DATABASE}.`);
    return result();
  }
  const opened = await openSnapshot(s3, bucket, collection, snapshot, quick);
  gates.push(...opened.gates);
  records = opened.records;
  record_forms = opened.record_forms;
  if (gates.some(({ result: each }) => each === 'fail')) return result();

  gates.push(await hashGate(reader, found.get(snapshotHashKey(collection, version)), archive));
  return result();
}

/** Files under a version's prefix are few: a listing of them is held whole. */
async function listed({ list }: SnapshotReader, prefix: string): Promise<Map<string, ListedObject>> {
  const found = new Map<string, ListedObject>();
  for await (const object of list(prefix)) found.set(object.key, object);
  return found;
}

/**
 * `.snapshot_hash` is `md5:<hex>` of snapshot.tar.gz, so it agrees with the ETag of a plain upload. How the
 * old system hashed loose files is not known for certain: there it speaks neither way.
 */
async function hashGate(
  { s3, bucket }: SnapshotReader,
  stored: ListedObject | undefined,
  archive: ListedObject | undefined,
): Promise<SnapshotGate> {
  const found = (result: SnapshotGate['result'], evidence: string): SnapshotGate => ({
    gate: 'hash-agrees',
    result,
    evidence,
  });
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
  return object.etag === wanted ? wanted : digestObject(s3, bucket, object, 'md5');
}
