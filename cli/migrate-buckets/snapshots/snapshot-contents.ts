import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { countRows } from './sqlite-rows';

export const CHROMA_DATABASE = 'chroma.sqlite3';
/** What a fresh, empty Chroma directory takes is under 1 MiB: a larger database is not an empty one. */
const EMPTY_AT_MOST = 8 * 1024 ** 2;

export type SnapshotContents =
  | { readonly kind: 'records'; readonly records: number }
  | { readonly kind: 'large' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Whether a Chroma database holds records. The log counts too: small collections live there alone. */
export function inspectDatabase(file: Buffer): SnapshotContents {
  try {
    const rows = countRows(file, ['embeddings', 'embeddings_queue']);
    const records = Math.max(...rows.values());
    return records === 0 ? { kind: 'empty' } : { kind: 'records', records };
  } catch (error) {
    if (error instanceof RangeError)
      return { kind: 'unreadable', why: `its ${CHROMA_DATABASE} is not a sound database` };
    throw error;
  }
}

export const databaseIsLarge = (size: number): boolean => size > EMPTY_AT_MOST;

/** Looks into a snapshot's tarball for Chroma's database, without unpacking it to disk. */
export async function inspectArchive(body: Readable): Promise<SnapshotContents> {
  const chunks: Buffer[] = [];
  let large = false;
  let found = false;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const isDatabase = entry.path.split('/').pop() === CHROMA_DATABASE;
      found ||= isDatabase;
      large ||= isDatabase && databaseIsLarge(entry.size);
      if (isDatabase && !large) entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      else entry.resume();
    },
  });
  try {
    await pipeline(
      body,
      async function* (source) {
        for await (const chunk of source) {
          parser.write(chunk);
          yield chunk;
        }
        const ended = new Promise((resolve, reject) => parser.once('end', resolve).once('error', reject));
        parser.end();
        await ended;
      },
      async (source) => {
        for await (const _ of source);
      },
    );
  } catch (error) {
    return {
      kind: 'unreadable',
      why: `it cannot be unpacked (${error instanceof Error ? error.message : error})`,
    };
  }
  if (!found) return { kind: 'unreadable', why: `it holds no ${CHROMA_DATABASE}` };
  return large ? { kind: 'large' } : inspectDatabase(Buffer.concat(chunks));
}
