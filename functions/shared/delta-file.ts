import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type Delta, type DeltaRecord, deltaHeaderSchema } from '../../contracts/delta';
import { describeIssues } from '../../contracts/ndjson-rows';

/**
 * Writes a delta as an Arrow IPC file: columns `id, document, embedded_text, metadata (JSON), embedding
 * FixedSizeList<Float32>[dimensions], content_hash`, the header as schema metadata.
 *
 * @throws {RangeError} when an embedding's length is not the header's `dimensions`.
 */
export function encodeDelta({ header, records }: Delta): Uint8Array {
  const { dimensions } = header;
  const embeddings = new Float32Array(records.length * dimensions);
  records.forEach((record, index) => {
    if (record.embedding.length !== dimensions) {
      throw new RangeError(
        `Record ${record.id} has ${record.embedding.length} dimensions, its delta ${dimensions}.`,
      );
    }
    embeddings.set(record.embedding, index * dimensions);
  });

  const listType = new FixedSizeList(dimensions, new Field('item', new Float32(), false));
  const text = (values: string[]) =>
    vectorFromArray(values, new Utf8()).data[0] ?? makeData({ type: new Utf8() });
  const columns = {
    id: text(records.map(({ id }) => id)),
    document: text(records.map(({ document }) => document)),
    embedded_text: text(records.map(({ embeddedText }) => embeddedText)),
    metadata: text(records.map(({ metadata }) => JSON.stringify(metadata))),
    embedding: makeData({
      type: listType,
      length: records.length,
      child: makeData({ type: new Float32(), length: embeddings.length, data: embeddings }),
    }),
    content_hash: text(records.map(({ contentHash }) => contentHash)),
  };
  const fields = Object.entries(columns).map(([name, data]) => new Field(name, data.type, false));
  const metadata = new Map(
    Object.entries({ ...header, records: records.length }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)]],
    ),
  );
  const schema = new Schema(fields, metadata);
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: records.length, children: Object.values(columns) }),
  );
  return tableToIPC(new Table(schema, batch), 'file');
}

/**
 * Reads a delta and checks it: format version, header, columns, record count, dimensions. Deltas of text format 1 have
 * no column `embedded_text`: their document was what they embedded.
 *
 * @param name - what to call the delta in an error, its key say.
 * @throws {Error} one sentence that says what is wrong with which delta.
 */
export function decodeDelta(bytes: Uint8Array, name: string): Delta {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch {
    throw new Error(`${name} is not a readable Arrow file. Embed the receipt again.`);
  }
  const parsed = deltaHeaderSchema.safeParse(Object.fromEntries(table.schema.metadata));
  if (!parsed.success) throw new Error(`${name} has no usable header: ${describeIssues(parsed.error)}`);
  const header = parsed.data;
  if (table.numRows !== header.records) {
    throw new Error(
      `${name} says ${header.records} records but holds ${table.numRows}. Embed the receipt again.`,
    );
  }

  const column = (field: string) => {
    const vector = table.getChild(field);
    if (vector === null) throw new Error(`${name} lacks the column "${field}". Embed the receipt again.`);
    return vector;
  };
  const embeddingType = table.schema.fields.find(({ name: field }) => field === 'embedding')?.type;
  if (!(embeddingType instanceof FixedSizeList) || embeddingType.listSize !== header.dimensions) {
    throw new Error(`${name} holds embeddings of another length than its ${header.dimensions} dimensions.`);
  }
  const [id, document, metadata, embedding, contentHash] = [
    column('id'),
    column('document'),
    column('metadata'),
    column('embedding'),
    column('content_hash'),
  ];
  const embeddedText = table.getChild('embedded_text') ?? document;
  const records = Array.from(
    { length: table.numRows },
    (_, row): DeltaRecord => ({
      id: String(id.get(row)),
      document: String(document.get(row)),
      embeddedText: String(embeddedText.get(row)),
      metadata: JSON.parse(String(metadata.get(row))),
      embedding: Float32Array.from(embedding.get(row)),
      contentHash: String(contentHash.get(row)),
    }),
  );
  return { header, records };
}
