import type { Database, QueryResult } from 'node-sqlite3-wasm';
import type { Collection } from '../../../contracts/collections';
import type { RecordMetadata } from '../../../contracts/delta';
import { NO_RECORDS, type RecordTally, tallyRecords } from '../../../contracts/record-form';

/**
 * Counts the forms of the records that a Chroma database has stored, one record after the other: none is held. What only
 * its log has is not counted. Of metadata it reads the keys and the kinds of the values, and no text but `source`, which
 * names the program that wrote the record; never a document.
 */
export function tallyDatabase(database: Database, collection: Collection): RecordTally {
  const columns = columnsOf(database, 'embedding_metadata');
  if (columns.length === 0) return NO_RECORDS;
  const isFlag = columns.includes('bool_value') ? 'bool_value IS NOT NULL' : 'FALSE';
  // Lists of values came with Chroma 1.3, in a table of their own.
  const lists =
    columnsOf(database, 'embedding_metadata_array').length === 0
      ? ''
      : `UNION ALL SELECT DISTINCT key, '[]' FROM embedding_metadata_array WHERE id = embeddings.id`;
  const statement = database.prepare(`
    SELECT (SELECT json_group_object(key, json(kind)) FROM (
      SELECT key, CASE WHEN ${isFlag} THEN 'true'
                       WHEN key = 'source' THEN json_quote(string_value)
                       WHEN string_value IS NOT NULL THEN '""' ELSE '0' END AS kind
        FROM embedding_metadata WHERE id = embeddings.id AND key <> '${DOCUMENT}'
      ${lists})) AS metadata
    FROM embeddings`);
  try {
    return tallyRecords(collection, metadataOf(statement.iterate()));
  } finally {
    statement.finalize();
  }
}

/** The key under which Chroma keeps a record's document among its metadata. */
const DOCUMENT = 'chroma:document';

function* metadataOf(rows: Iterable<QueryResult>): Generator<RecordMetadata> {
  for (const { metadata } of rows) yield JSON.parse(String(metadata));
}

const columnsOf = (database: Database, table: string): string[] =>
  database.all('SELECT name FROM pragma_table_info(?)', [table]).map(({ name }) => String(name));
