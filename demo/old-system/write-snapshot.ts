import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { create } from 'tar';
import {
  legacyDeltaKey,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
} from '../../contracts/bucket-layout';
import type { Collection } from '../../contracts/collections';
import type { RecordMetadata } from '../../contracts/delta';
import { chromaDatabase } from '../../functions/enhanced-compaction/chroma/database';
import { startChromaServer } from '../../functions/enhanced-compaction/chroma/server';
import { listFiles } from '../../functions/enhanced-compaction/files/list-files';

/** A record as the old system stored it: without a content hash, and with `receipt_id` as text in its early days. */
export interface OldRecord {
  readonly id: string;
  readonly document: string;
  readonly metadata: RecordMetadata;
  readonly embedding: Float32Array | readonly number[];
}

export interface OldSnapshotOptions {
  /** `YYYYMMDD_HHMMSS` or the long form. */
  readonly version: string;
  /** Early snapshots were loose files. @default tarball */
  readonly form?: 'tarball' | 'loose';
  /** Whether `.snapshot_hash` is written; early ones lack it. @default true */
  readonly hash?: boolean;
  /** Whether the pointer object is moved to it. @default true */
  readonly pointer?: boolean;
  /** @default l2, which is Chroma's own default */
  readonly space?: 'cosine' | 'l2' | 'ip';
}

const RECORDS_PER_REQUEST = 1000;

/**
 * Writes a snapshot as the old system did, with a real Chroma server. No records make the EMPTY snapshot that
 * a reader of the old system uploaded when it met none.
 */
export async function writeOldSnapshot(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  records: readonly OldRecord[],
  { version, form = 'tarball', hash = true, pointer = true, space = 'l2' }: OldSnapshotOptions,
): Promise<void> {
  const put = (Key: string, Body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  await withChromaDirectory(collection, records, space, async (directory, files) => {
    let md5: string;
    if (form === 'tarball') {
      const archive = await tarred(directory, files);
      md5 = createHash('md5').update(archive).digest('hex');
      await put(snapshotArchiveKey(collection, version), archive);
    } else {
      const content = createHash('md5');
      for (const file of files) {
        const bytes = await readFile(join(directory, file));
        content.update(file).update(bytes);
        await put(`${snapshotVersionPrefix(collection, version)}${file}`, bytes);
      }
      md5 = content.digest('hex');
    }
    if (hash) await put(snapshotHashKey(collection, version), `md5:${md5}`);
    if (pointer) await put(snapshotPointerKey(collection), version);
  });
}

/**
 * Writes a delta as the old system did: a tarred Chroma directory.
 *
 * @param runId - any text without a slash; the old system took UUIDs.
 * @returns its key.
 */
export async function writeOldDelta(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  runId: string,
  records: readonly OldRecord[],
): Promise<string> {
  const Key = legacyDeltaKey(collection, runId);
  await withChromaDirectory(collection, records, 'l2', async (directory, files) => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await tarred(directory, files) }));
  });
  return Key;
}

/** Lets a real server write a persist directory, ends it, and hands over the files. */
async function withChromaDirectory(
  collection: Collection,
  records: readonly OldRecord[],
  space: string,
  use: (directory: string, files: string[]) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'old-chroma-'));
  const path = join(folder, 'data');
  try {
    const server = await startChromaServer({ path });
    try {
      const database = chromaDatabase({ url: server.url });
      const { id } = await database.post<{ id: string }>('collections', {
        name: collection,
        configuration: { hnsw: { space } },
      });
      for (let start = 0; start < records.length; start += RECORDS_PER_REQUEST) {
        const some = records.slice(start, start + RECORDS_PER_REQUEST);
        await database.post(`collections/${id}/add`, {
          ids: some.map((record) => record.id),
          documents: some.map(({ document }) => document),
          metadatas: some.map(({ metadata }) => metadata),
          embeddings: some.map(({ embedding }) => Array.from(embedding)),
        });
      }
    } finally {
      await server.stop();
    }
    await use(path, await listFiles(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tarred(directory: string, files: string[]): Promise<Uint8Array> {
  const archive = join(directory, '..', 'archive.tar.gz');
  await create({ file: archive, cwd: directory, gzip: true, portable: true }, files);
  return readFile(archive);
}
