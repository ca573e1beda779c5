import { createHash } from 'node:crypto';
import type { Collection } from '../../contracts/collections';
import type { HashedRecord } from '../../contracts/delta';
import { DEFAULT_EMBEDDING_DIMENSIONS, EDGE } from '../../contracts/embedding';
import { recordId } from '../../contracts/record-id';
import { embedText } from '../embedding-endpoint/embed-text';

/** A receipt as the old system knew it: its lines of text, top to bottom. */
export interface OldReceipt {
  readonly imageId: string;
  readonly receiptId: number;
  readonly lines: readonly string[];
}

const MERCHANTS = [
  'TIDEWATER BOOKSHOP',
  'MARIGOLD GARDEN CENTRE',
  'NORTHGATE BAKERY',
  'SILVER BIRCH BICYCLES',
  'PEPPERCORN DELI',
];
const GOODS = [
  'CARTOGRAPHERS ALMANAC 24.00',
  'TERRACOTTA PLANTER 13.75',
  'RYE LOAF SLICED 4.20',
  'INNER TUBE 28IN 6.95',
  'SMOKED GOUDA 200G 5.60',
  'FOUNTAIN PEN INK 9.10',
  'LAVENDER SEEDLINGS 3.35',
];

/** A stable UUID from a name, so that every run of the demo tells the same story. */
function uuidFrom(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `count` receipts, starting at the `first`; the first of all is the bookshop's with the almanac. */
export function oldReceipts(first: number, count: number): OldReceipt[] {
  return Array.from({ length: count }, (_, offset) => {
    const number = first + offset;
    const pick = (list: readonly string[], step: number) => list[(number + step) % list.length] ?? '';
    return {
      imageId: uuidFrom(`old receipt ${number}`),
      receiptId: 1,
      lines: [
        pick(MERCHANTS, 0),
        `RECEIPT NO ${1000 + number}`,
        pick(GOODS, 0),
        pick(GOODS, 3),
        'TOTAL',
        'THANK YOU',
      ],
    };
  });
}

/** What people had said of the first line of each receipt, as the old system kept it. */
export const OLD_LABELS = {
  label_status: 'validated',
  valid_labels_array: ['MERCHANT_NAME'],
  section_label: 'HEADER',
};

/**
 * The records that the old system stored for receipts. It kept `receipt_id` as text, as its oldest records do,
 * and no content hash.
 */
export function oldRecords(
  receipts: readonly OldReceipt[],
  collection: Collection,
): Omit<HashedRecord, 'contentHash'>[] {
  return receipts.flatMap(({ imageId, receiptId, lines }) =>
    lines.flatMap((line, index) => {
      const texts = collection === 'lines' ? [line] : line.split(' ');
      return texts.map((text, position) => {
        const lineId = index + 1;
        const wordId = collection === 'words' ? position + 1 : undefined;
        const document =
          wordId === undefined
            ? text
            : [texts[position - 1] ?? EDGE, text, texts[position + 1] ?? EDGE].join(' ');
        return {
          id: recordId({ imageId, receiptId, lineId, ...(wordId === undefined ? {} : { wordId }) }),
          document: text,
          metadata: {
            image_id: imageId,
            receipt_id: String(receiptId),
            line_id: lineId,
            ...(wordId === undefined ? {} : { word_id: wordId }),
            ...(lineId === 1 && OLD_LABELS),
          },
          embedding: embedText(document, DEFAULT_EMBEDDING_DIMENSIONS),
        };
      });
    }),
  );
}
