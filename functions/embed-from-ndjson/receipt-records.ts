import type { Collection, ReceiptRows } from '../../contracts/collections';
import { contentHash, type DeltaRecord, type RecordMetadata } from '../../contracts/delta';
import { EDGE } from '../../contracts/embedding';
import { rowRecordId, type WordRow } from '../../contracts/ndjson-rows';
import { isBlank } from '../shared/whitespace';
import { centroid, pageAxes } from './page-axes';
import { pythonMean } from './python-mean';
import { rightToLeftLines } from './reading-direction';
import { type NormalizedData, normalizedData, normalizedDataOfRow } from './recognised-data';
import { beginning, rowTexts, wordText } from './texts';
import { type VisualRow, visualRows } from './visual-rows';
import { type WordContext, wordNeighbours } from './word-neighbours';

/** Chroma Cloud's limits for one document and for one metadata value. Bytes of UTF-8. */
const LONGEST_DOCUMENT = 16_384;
const LONGEST_METADATA_TEXT = 4_096;

/** What every writer of the old system calls itself, whichever it is; its readers may ask for it. */
const SOURCE = 'openai_embedding_batch';
/** The state of the labels of a record that has none. */
const UNLABELLED = 'unvalidated';

/** A record that lacks only its embedding. */
export type UnembeddedRecord = Omit<DeltaRecord, 'embedding' | 'contentHash'>;

/**
 * A receipt's records of each collection in text format 2, the form of the old system at its head (decision 0013):
 * one for each visual row that is not blank, from the top of the page, and one for each word that is not noise.
 */
export function receiptRecords({
  lines,
  words,
}: ReceiptRows): Readonly<Record<Collection, UnembeddedRecord[]>> {
  const placeOf = pageAxes(lines);
  const rows = visualRows(lines, placeOf);
  const texts = rows.map((row) => row.map(({ text }) => text).join(' '));
  const embeddedTexts = rowTexts(texts);
  const contexts = wordNeighbours(words, placeOf);
  const rightToLeft = rightToLeftLines(lines);
  const inOrder = contexts.map(({ word }) => word);
  return {
    lines: rows
      .map((row, index) => rowRecord(row, texts[index] ?? '', embeddedTexts[index] ?? '', inOrder))
      .filter((record) => record !== undefined),
    words: contexts
      .filter(({ word }) => !word.is_noise && !isBlank(word.text))
      .map((context) => wordRecord(context, rightToLeft.has(context.word.line_id))),
  };
}

/** A record with its embedding, as a delta holds it. */
export const embedded = (record: UnembeddedRecord, embedding: Float32Array): DeltaRecord => ({
  ...record,
  embedding,
  contentHash: contentHash({ ...record, embedding }),
});

/** RECORDS section 3. The key `avg_word_confidence` holds the mean of the lines, too. */
function rowRecord(
  row: VisualRow,
  text: string,
  embeddedText: string,
  words: readonly WordRow[],
): UnembeddedRecord | undefined {
  const [first] = row;
  if (first === undefined || isBlank(text)) return undefined;
  const ids = row.map(({ line_id }) => line_id);
  const confidence = pythonMean(row.map((line) => line.confidence));
  const boxes = row.map(({ bounding_box }) => bounding_box);
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const metadata: RecordMetadata = {
    image_id: first.image_id,
    receipt_id: first.receipt_id,
    line_id: first.line_id,
    text: metadataText(text),
    confidence,
    avg_word_confidence: confidence,
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
    source: SOURCE,
    row_line_ids: idList(ids),
    label_status: UNLABELLED,
    ...metadataTexts(normalizedDataOfRow(words.filter(({ line_id }) => ids.includes(line_id)))),
  };
  return { id: rowRecordId(first), document: beginning(text, LONGEST_DOCUMENT), embeddedText, metadata };
}

/**
 * RECORDS section 4. Unlike a row's, a word's x and y are its centre. `left` and `right` are places on the page; what is
 * embedded is in reading order, also where that begins at the right.
 */
function wordRecord({ word, left, right }: WordContext, isRightToLeft: boolean): UnembeddedRecord {
  const [toLeft, toRight] = [left, right].map((side) => side.map(({ text }) => text)) as [string[], string[]];
  const metadata: RecordMetadata = {
    image_id: word.image_id,
    receipt_id: word.receipt_id,
    line_id: word.line_id,
    word_id: word.word_id,
    source: SOURCE,
    text: metadataText(word.text),
    ...centroid(word),
    width: word.bounding_box.width,
    height: word.bounding_box.height,
    confidence: word.confidence,
    left: metadataText(toLeft[0] ?? EDGE),
    right: metadataText(toRight[0] ?? EDGE),
    // As at the old system's upload, which knows no merchant of a word.
    merchant_name: '',
    label_status: UNLABELLED,
    ...metadataTexts(normalizedData(word)),
  };
  return {
    id: rowRecordId(word),
    document: beginning(word.text, LONGEST_DOCUMENT),
    embeddedText: isRightToLeft ? wordText(toRight, word.text, toLeft) : wordText(toLeft, word.text, toRight),
    metadata,
  };
}

const metadataText = (text: string): string => beginning(text, LONGEST_METADATA_TEXT);
const metadataTexts = (texts: NormalizedData): RecordMetadata =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, metadataText(text)]));

/**
 * A row's line ids as the old system writes them, a list in JSON. Of a row of hundreds of lines, those from its left
 * that fit: the list stays one that can be read, as the text is cut at the same limit.
 */
function idList(ids: readonly number[]): string {
  const list = ids.join(', ');
  const room = LONGEST_METADATA_TEXT - '[]'.length;
  return `[${list.length <= room ? list : list.slice(0, list.lastIndexOf(', ', room))}]`;
}
