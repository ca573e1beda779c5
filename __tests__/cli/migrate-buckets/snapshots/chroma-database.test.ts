import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';
import { readChromaDatabase } from '../../../../cli/migrate-buckets/snapshots/chroma-database';
import { makeSnapshot, type Snapshot } from '../../../support/chroma-snapshots';

/** Enough that Chroma writes its vector index: it waits for a thousand. */
const RECORDS = 1100;
let snapshot: Snapshot;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chroma-database-'));
  snapshot = await makeSnapshot(RECORDS);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;
/** A database file of this test alone. */
function database(bytes: Uint8Array = snapshot.database): string {
  const path = join(folder, `${++made}.sqlite3`);
  writeFileSync(path, bytes);
  return path;
}

it('counts the records of each collection, and how many the vector index must hold', () => {
  expect(readChromaDatabase(database(), 'lines', true)).toMatchObject({
    records: RECORDS,
    collections: [{ name: 'lines', records: RECORDS }],
    pages: snapshot.database.length / 4096,
    damage: undefined,
    segments: [{ collection: 'lines', indexed: RECORDS }],
    forms: { forms: { unknown: RECORDS }, labels: {} },
  });
});

it('counts no forms where pages are not checked, or damaged', () => {
  expect(readChromaDatabase(database(), 'lines', false)).toMatchObject({ forms: undefined });
  const longer = database(Buffer.concat([snapshot.database, Buffer.alloc(10)]));
  expect(readChromaDatabase(longer, 'lines', true)).toMatchObject({ forms: undefined });
});

it('counts what only the log holds, which no index must hold yet', () => {
  const path = database();
  change(
    path,
    'PRAGMA foreign_keys = OFF',
    'DELETE FROM embeddings',
    'DELETE FROM max_seq_id',
    `UPDATE embeddings_queue SET id = 'x'`,
  );
  expect(readChromaDatabase(path, 'lines', false)).toMatchObject({
    records: 1,
    collections: [{ name: 'lines', records: 1 }],
  });
  const small = database();
  change(
    small,
    `DELETE FROM max_seq_id WHERE segment_id IN (SELECT id FROM segments WHERE scope = 'VECTOR')`,
  );
  // One record is left in the log, and nothing says how far the index is.
  expect(readChromaDatabase(small, 'lines', false)).toMatchObject({ segments: [{ indexed: RECORDS - 1 }] });
});

it('reads a database in WAL mode, of which the last writes are in its log', () => {
  const path = database();
  const open = new Database(path);
  open.exec('PRAGMA locking_mode = EXCLUSIVE');
  open.exec('PRAGMA journal_mode = WAL');
  open.exec('PRAGMA foreign_keys = OFF');
  open.exec('DELETE FROM embeddings WHERE id > 10');
  open.exec('DELETE FROM embeddings_queue');
  const copy = database(readFileSync(path));
  writeFileSync(`${copy}-wal`, readFileSync(`${path}-wal`));
  open.close();
  expect(readChromaDatabase(copy, 'lines', true)).toMatchObject({ records: 10, damage: undefined });
});

it('says why bytes are not a database', () => {
  const random = randomFillSync(Buffer.alloc(9 * 1024 ** 2));
  expect(readChromaDatabase(database(random), 'lines', true)).toBe('file is not a database');
  expect(readChromaDatabase(database(random), 'lines', false)).toBe('file is not a database');
});

it('says what SQLite finds where a page was overwritten', async () => {
  const path = database();
  const bytes = await readFile(path);
  const root = rootOf(path, 'embeddings');
  bytes.fill(0xff, (root - 1) * 4096 + 50, root * 4096 - 46);
  await writeFile(path, bytes);
  const found = readChromaDatabase(path, 'lines', true);
  expect(typeof found === 'string' ? found : found.damage).toMatch(/malformed|page/);
});

it('says that a file is shorter or longer than its header says', async () => {
  const short = database();
  await truncate(short, snapshot.database.length - 4096);
  const found = readChromaDatabase(short, 'lines', true);
  expect(typeof found === 'string' ? found : found.damage).toMatch(/malformed|header says/);
  const long = database(Buffer.concat([snapshot.database, Buffer.alloc(10)]));
  expect(readChromaDatabase(long, 'lines', true)).toMatchObject({
    damage: `the file has ${snapshot.database.length + 10} bytes, and its header says ${snapshot.database.length / 4096} pages of 4096`,
  });
});

it('says why a database is not one of Chroma', () => {
  const path = join(folder, 'other.sqlite3');
  change(path, 'CREATE TABLE notes (text)');
  expect(readChromaDatabase(path, 'lines', true)).toBe('no such table: embeddings_queue');
});

it('leaves nothing behind', () => {
  const before = readdirSync(folder).length;
  const path = database();
  readChromaDatabase(path, 'lines', true);
  expect(readdirSync(folder)).toHaveLength(before + 1);
});

function change(path: string, ...statements: readonly string[]): void {
  const open = new Database(path);
  try {
    for (const statement of statements) open.exec(statement);
  } finally {
    open.close();
  }
}

function rootOf(path: string, table: string): number {
  const open = new Database(path);
  try {
    return Number(open.get('SELECT rootpage FROM sqlite_master WHERE name = ?', [table])?.rootpage);
  } finally {
    open.close();
  }
}
