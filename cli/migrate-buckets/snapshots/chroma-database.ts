import { statSync } from 'node:fs';
import type { Database, SQLite3Error } from 'node-sqlite3-wasm';
import type { Collection } from '../../../contracts/collections';
import type { RecordTally } from '../../../contracts/record-form';
import { tallyDatabase } from './tally-database';
import type { VectorSegment } from './vector-index';

/** What a Chroma database holds. */
export interface ChromaDatabase {
  /** The log counts, too: small collections live there alone. */
  readonly records: number;
  readonly collections: readonly { readonly name: string; readonly records: number }[];
  readonly pages: number;
  /** What is wrong with its pages, as SQLite says it; undefined when nothing is, or when it was not asked. */
  readonly damage: string | undefined;
  readonly segments: readonly VectorSegment[];
  /** The forms of the stored records; undefined where the database is damaged, or its pages were not checked. */
  readonly forms: RecordTally | undefined;
}

/**
 * Opens a Chroma database that nobody else uses, with SQLite itself, and counts.
 *
 * @param collection - whose records it holds, which tells their forms.
 * @param check - whether every page is checked, too (`PRAGMA integrity_check`), and every record's form counted: some
 * seconds a GiB, during which this process does nothing else.
 * @returns why it cannot be read, where it cannot.
 */
export function readChromaDatabase(
  path: string,
  collection: Collection,
  check: boolean,
): ChromaDatabase | string {
  const sqlite: typeof import('node-sqlite3-wasm') = require('node-sqlite3-wasm');
  let database: Database | undefined;
  try {
    database = new sqlite.Database(path);
    // A database that Chroma left in WAL mode can be opened without shared memory only by one who is alone.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    const damage = check ? damageOf(database, path) : undefined;
    return {
      ...countRecords(database),
      pages: Number(scalarOf(database, 'PRAGMA page_count')),
      damage,
      forms: check && damage === undefined ? tallyDatabase(database, collection) : undefined,
    };
  } catch (error) {
    if (!(error instanceof sqlite.SQLite3Error)) throw error;
    return (error as SQLite3Error).message;
  } finally {
    database?.close();
  }
}

/** Damages that are named of one database: one would do. */
const DAMAGES = 3;

function damageOf(database: Database, path: string): string | undefined {
  const [pages, pageSize] = [
    Number(scalarOf(database, 'PRAGMA page_count')),
    Number(scalarOf(database, 'PRAGMA page_size')),
  ];
  const size = statSync(path).size;
  const inLog = scalarOf(database, 'PRAGMA journal_mode') === 'wal';
  if (!inLog && size !== pages * pageSize) {
    return `the file has ${size} bytes, and its header says ${pages} pages of ${pageSize}`;
  }
  const found = database.all(`PRAGMA integrity_check(${DAMAGES})`).map(({ integrity_check: text }) =>
    String(text)
      .replace(/^\*\*\* .*\n/, '')
      .replaceAll('\n', '; '),
  );
  return found.join('; ') === 'ok' ? undefined : found.join('; ');
}

function countRecords(database: Database): Pick<ChromaDatabase, 'records' | 'collections' | 'segments'> {
  const logged = rowsOf(database, 'SELECT topic, count(*) AS count FROM embeddings_queue GROUP BY topic');
  const stored = rowsOf(
    database,
    `SELECT collections.id, name, count(embeddings.id) AS count FROM collections
     LEFT JOIN segments ON segments.collection = collections.id AND segments.scope = 'METADATA'
     LEFT JOIN embeddings ON embeddings.segment_id = segments.id
     GROUP BY collections.id ORDER BY name`,
  );
  const collections = stored.map(({ id, name, count }) => {
    const log = logged.filter(({ topic }) => String(topic).endsWith(String(id)));
    return {
      name: String(name),
      records: Math.max(Number(count), ...log.map((each) => Number(each.count))),
    };
  });
  return {
    records: Math.max(
      collections.reduce((sum, { records }) => sum + records, 0),
      Number(scalarOf(database, 'SELECT count(*) FROM embeddings')),
      Number(scalarOf(database, 'SELECT count(*) FROM embeddings_queue')),
    ),
    collections,
    segments: vectorSegments(database),
  };
}

/**
 * The vector indexes, and how many records each must hold at least: those of which the log has nothing that
 * is still to be indexed. Old releases of Chroma say only beside the database how far an index is; there the
 * whole log counts as still to be indexed.
 */
function vectorSegments(database: Database): VectorSegment[] {
  return rowsOf(
    database,
    `SELECT vector.id, collections.name,
       (SELECT count(*) FROM embeddings
          JOIN segments AS metadata ON metadata.id = embeddings.segment_id
         WHERE metadata.collection = vector.collection AND metadata.scope = 'METADATA'
           AND embeddings.embedding_id NOT IN (
             SELECT embeddings_queue.id FROM embeddings_queue
              WHERE embeddings_queue.topic LIKE '%' || vector.collection
                AND embeddings_queue.seq_id > coalesce(
                  (SELECT seq_id FROM max_seq_id
                    WHERE segment_id = vector.id AND typeof(seq_id) = 'integer'), 0))) AS count
     FROM segments AS vector
     JOIN collections ON collections.id = vector.collection
     WHERE vector.scope = 'VECTOR' AND vector.type LIKE '%hnsw-local-persisted'
     ORDER BY vector.id`,
  ).map(({ id, name, count }) => ({
    id: String(id),
    collection: String(name),
    indexed: Number(count),
  }));
}

const rowsOf = (database: Database, sql: string) => database.all(sql) as Record<string, unknown>[];

const scalarOf = (database: Database, sql: string): unknown => Object.values(database.get(sql) ?? {}).at(0);
