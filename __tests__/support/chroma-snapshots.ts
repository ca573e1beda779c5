import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, extract } from 'tar';
import type { RecordMetadata } from '../../contracts/delta';
import { startChromaServer } from '../../functions/enhanced-compaction/chroma/server';

/** A snapshot as the old system stored it. */
export interface Snapshot {
  /** `snapshot.tar.gz` */
  readonly archive: Buffer;
  /** The database alone, as older versions stored it among loose files. */
  readonly database: Buffer;
  /** The body of `.snapshot_hash`. */
  readonly hash: string;
}

/** Lets a real Chroma server write a persist directory with so many records, or with these, and packs it. */
export async function makeSnapshot(records: number | readonly RecordMetadata[]): Promise<Snapshot> {
  const metadatas = typeof records === 'number' ? Array(records).fill({ receipt_id: 1 }) : records;
  const folder = await mkdtemp(join(tmpdir(), 'snapshot-'));
  try {
    const path = join(folder, 'chroma');
    const server = await startChromaServer({ path });
    const base = `${server.url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
    const post = async (url: string, body: unknown): Promise<{ id: string }> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`Chroma refused: ${await response.text()}`);
      return (await response.json()) as { id: string };
    };
    const { id } = await post(base, { name: 'lines' });
    if (metadatas.length > 0) {
      const ids = metadatas.map((_, index) => `record-${index}`);
      await post(`${base}/${id}/add`, {
        ids,
        documents: ids,
        embeddings: ids.map((_, index) => [index, 1, 2]),
        metadatas,
      });
    }
    await server.stop();
    return await pack(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The snapshot of the same persist directory after something was done to its files. The hash is that of the result. */
export async function changeSnapshot(
  { archive }: Snapshot,
  change: (directory: string) => Promise<unknown>,
): Promise<Snapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'snapshot-'));
  try {
    const [path, file] = [join(folder, 'chroma'), join(folder, 'before.tar.gz')];
    await mkdir(path);
    await writeFile(file, archive);
    await extract({ cwd: path, file });
    await change(path);
    return await pack(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pack(path: string): Promise<Snapshot> {
  const file = `${path}.tar.gz`;
  await create({ gzip: true, cwd: path, file }, ['.']);
  const archive = await readFile(file);
  return {
    archive,
    database: await readFile(join(path, 'chroma.sqlite3')),
    hash: `md5:${createHash('md5').update(archive).digest('hex')}`,
  };
}
