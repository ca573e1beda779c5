import { FIRST_RECEIPT, ocrKey } from '../../contracts/bucket-layout';
import type { ReceiptReference } from '../../contracts/record-id';
import { UnreadableInput } from '../shared/quarantine';
import { refuseTooMany } from './most-receipts';
import { readOcrFile } from './ocr-file';
import { type ParsedReceipt, receiptRows } from './receipt-rows';

/**
 * The rows of each receipt that an OCR file holds, by the receipt's number. The file of the image's first receipt may
 * hold several: they have the numbers that the file says, else those of their order, from 1. Any other holds one.
 *
 * @param file - the receipt that the file's key names.
 * @throws {UnreadableInput} with the reason, when the file cannot be read or holds receipts that it must not.
 */
export function receiptsOfFile(
  bytes: Uint8Array,
  file: ReceiptReference,
): ReadonlyMap<number, ParsedReceipt> {
  const receipts = readOcrFile(bytes);
  refuseForeign(receipts, file);
  const parsed = receipts.map(({ receiptId: stated, lines }, index) => {
    const receiptId = stated ?? (file.receiptId === FIRST_RECEIPT ? index + 1 : file.receiptId);
    return [receiptId, receiptRows(lines, { ...file, receiptId })] as const;
  });
  return new Map(parsed);
}

function refuseForeign(
  receipts: readonly { readonly receiptId?: number | undefined }[],
  { imageId, receiptId }: ReceiptReference,
): void {
  refuseTooMany(receipts.length);
  if (receiptId === FIRST_RECEIPT) return;
  if (receipts.length > 1) {
    throw new UnreadableInput(
      `The OCR file holds ${receipts.length} receipts, which only ${ocrKey({ imageId, receiptId: FIRST_RECEIPT })} may. Drop it there, or each of them under a key of its own.`,
    );
  }
  const stated = receipts[0]?.receiptId ?? receiptId;
  if (stated !== receiptId) {
    throw new UnreadableInput(
      `The OCR file says that it is receipt ${stated}, and its key names receipt ${receiptId}. Drop it at ${ocrKey({ imageId, receiptId: stated })}.`,
    );
  }
}
