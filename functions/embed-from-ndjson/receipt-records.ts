import type { Collection, ReceiptRows } from '../../contracts/collections';
import { contentHash, type DeltaRecord, type RecordMetadata } from '../../contracts/delta';
import { type LineRow, rowRecordId, type WordRow } from '../../contracts/ndjson-rows';
import { beginning, type EmbeddableText, lineTexts, wordTexts } from './texts';

/** Chroma Cloud's limit for one metadata value. Bytes of UTF-8. */
const LONGEST_METADATA_TEXT = 4_096;

/** A record that lacks only its embedding. `document` is the text that is to be embedded. */
export type UnembeddedRecord = Omit<DeltaRecord, 'embedding' | 'contentHash'>;

/** A receipt's records of each collection, in the order of its visual rows. Empty when all of it is noise. */
export const receiptRecords = ({
  lines,
  words,
}: ReceiptRows): Readonly<Record<Collection, UnembeddedRecord[]>> => ({
  lines: lineTexts(lines).map(record),
  words: wordTexts(lines, words).map(record),
});

/** A record with its embedding, as a delta holds it. */
export const embedded = (record: UnembeddedRecord, embedding: Float32Array): DeltaRecord => ({
  ...record,
  embedding,
  contentHash: contentHash({ ...record, embedding }),
});

function record({ row, text }: EmbeddableText<LineRow | WordRow>): UnembeddedRecord {
  const metadata: RecordMetadata = {
    image_id: row.image_id,
    receipt_id: row.receipt_id,
    line_id: row.line_id,
    ...('word_id' in row && { word_id: row.word_id }),
    text: beginning(row.text, LONGEST_METADATA_TEXT),
    confidence: row.confidence,
    x: row.bounding_box.x,
    y: row.bounding_box.y,
    width: row.bounding_box.width,
    height: row.bounding_box.height,
    angle_degrees: row.angle_degrees,
  };
  return { id: rowRecordId(row), document: text, metadata };
}
