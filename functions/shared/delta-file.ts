import { isDeepStrictEqual } from 'node:util';
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
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import {
  contentHash,
  type Delta,
  type DeltaRecord,
  deltaHeaderSchema,
  type RecordMetadata,
} from '../../contracts/delta';
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
  const [id, document, metadata, embedding, hash] = [
    textsOf(column('id')),
    textsOf(column('document')),
    textsOf(column('metadata')),
    column('embedding'),
    textsOf(column('content_hash')),
  ];
  const embeddedTexts = table.getChild('embedded_text');
  const embeddedText = embeddedTexts === null ? document : textsOf(embeddedTexts);
  const records = Array.from({ length: table.numRows }, (_, row) =>
    mended({
      id: id[row] ?? '',
      document: document[row] ?? '',
      embeddedText: embeddedText[row] ?? '',
      metadata: JSON.parse(metadata[row] ?? ''),
      embedding: Float32Array.from(embedding.get(row)),
      contentHash: hash[row] ?? '',
    }),
  );
  return { header, records };
}

/** Arrow's own decoder takes a text's byte order mark for one of the file's, and drops it. */
const UTF_8 = new TextDecoder('utf-8', { ignoreBOM: true });

const textsOf = ({ data }: Vector): string[] =>
  data.flatMap(({ length, values, valueOffsets }) =>
    Array.from({ length }, (_, row) =>
      UTF_8.decode(values.subarray(valueOffsets[row], valueOffsets[row + 1])),
    ),
  );

/**
 * A record of which no metadata holds half a character: Chroma refuses that. Texts of OCR results were not checked for
 * it at first. Arrow writes U+FFFD for it in the document, but the metadata are JSON, which keeps it. The record gets
 * the content hash of what it is now, so that a version that it is merged into can be replayed.
 */
function mended(record: DeltaRecord): DeltaRecord {
  const metadata = wellFormed(record.metadata);
  if (isDeepStrictEqual(metadata, record.metadata)) return record;
  return { ...record, metadata, contentHash: contentHash({ ...record, metadata }) };
}

const wellFormed = (metadata: RecordMetadata): RecordMetadata =>
  Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(wellFormedText) : wellFormedText(value),
    ]),
  );

const wellFormedText = <Value>(value: Value) => (typeof value === 'string' ? value.toWellFormed() : value);
