import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from 'node-sqlite3-wasm';

/** A whole Chroma database with one record, in its log alone: where a real server would take too long to write one. */
export function smallChromaDatabase(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'small-chroma-'));
  try {
    const path = join(folder, 'chroma.sqlite3');
    const database = new Database(path);
    database.exec(`
      CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT);
      CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT, scope TEXT, collection TEXT);
      CREATE TABLE embeddings (id INTEGER PRIMARY KEY, segment_id TEXT, embedding_id TEXT, seq_id BLOB);
      CREATE TABLE embeddings_queue (seq_id INTEGER PRIMARY KEY, topic TEXT, id TEXT);
      CREATE TABLE max_seq_id (segment_id TEXT PRIMARY KEY, seq_id INTEGER);
      INSERT INTO collections VALUES ('c', 'lines');
      INSERT INTO embeddings_queue VALUES (1, 'persistent://default/default/c', 'record');
    `);
    database.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
