import { z } from 'zod';

/** Receipts and lines are numbered in five digits in every key and id. */
const MAXIMUM_NUMBER = 99_999;

/** Whoever dropped it may have made it in any way: keys are not asked for RFC 9562's version and variant either. */
export const imageIdSchema = z.guid().transform((id) => id.toLowerCase());
export const receiptIdSchema = z.int().min(0).max(MAXIMUM_NUMBER);
export const lineIdSchema = z.int().min(1).max(MAXIMUM_NUMBER);
export const wordIdSchema = z.int().min(1).max(MAXIMUM_NUMBER);

/** One receipt: an image may show several. */
export interface ReceiptReference {
  readonly imageId: string;
  readonly receiptId: number;
}

/** The receipt that a message, a row, a delta or a run names. */
export const receiptOf = (named: {
  readonly image_id: string;
  readonly receipt_id: number;
}): ReceiptReference => ({ imageId: named.image_id, receiptId: named.receipt_id });

export interface RecordReference extends ReceiptReference {
  readonly lineId: number;
  /** Absent for a record of the lines collection. */
  readonly wordId?: number;
}

export const padded = (number: number): string => String(number).padStart(5, '0');

/** The prefix that all record ids of one receipt share, in both collections. Ends with `#`. */
export const receiptIdPrefix = ({ imageId, receiptId }: ReceiptReference): string =>
  `IMAGE#${imageId}#RECEIPT#${padded(receiptId)}#`;

/**
 * The id of a Chroma record: `IMAGE#{image_id}#RECEIPT#{00000}#LINE#{00000}[#WORD#{00000}]`, 84 bytes at
 * most, under Chroma Cloud's limit of 128.
 */
export const recordId = (reference: RecordReference): string =>
  `${receiptIdPrefix(reference)}LINE#${padded(reference.lineId)}${
    reference.wordId === undefined ? '' : `#WORD#${padded(reference.wordId)}`
  }`;

const RECORD_ID = /^IMAGE#([0-9a-f-]{36})#RECEIPT#(\d{5})#LINE#(\d{5})(?:#WORD#(\d{5}))?$/i;

/** Reads a record id back. Returns undefined for an id of another form, which the pipeline never wrote. */
export function parseRecordId(id: string): RecordReference | undefined {
  const [, imageId, receiptId, lineId, wordId] = RECORD_ID.exec(id) ?? [];
  if (imageId === undefined) return undefined;
  return {
    imageId: imageId.toLowerCase(),
    receiptId: Number(receiptId),
    lineId: Number(lineId),
    ...(wordId === undefined ? {} : { wordId: Number(wordId) }),
  };
}

/**
 * What a record is called, however its id is spelled: old writers kept an image's id as it was given, also in capitals.
 * An id of another form is its own name.
 */
export function recordName(id: string): string {
  const reference = parseRecordId(id);
  return reference === undefined ? id : recordId(reference);
}

/** How writers spell an image's id: Swift, for one, writes UUIDs in capitals. Ours is the first. */
export const imageSpellings = (imageId: string): string[] => [...new Set([imageId, imageId.toUpperCase()])];

/** The ids under which the record of an id may be stored. */
export function idSpellings(id: string): string[] {
  const name = recordName(id);
  return parseRecordId(id) === undefined ? [id] : [...new Set([id, name, name.toUpperCase()])];
}
