import type { Region } from '../../contracts/geometry';

/** What all OCR sources come down to: a line with its words, in reading order, y up. */
export type OcrLine = Region & { readonly words: readonly Region[] };

/** One of the receipts that an OCR file holds. */
export interface OcrReceipt {
  /** As the file itself says; undefined where it does not. */
  readonly receiptId?: number | undefined;
  readonly lines: readonly OcrLine[];
}
