import type { ReceiptReference } from '../../contracts/record-id';
import type { ParsedReceipt } from '../../functions/process-ocr-results/receipt-rows';
import { receiptsOfFile } from '../../functions/process-ocr-results/receipts-of-file';

/** The rows of a file's only receipt. */
export function receiptOfFile(bytes: Uint8Array, receipt: ReceiptReference): ParsedReceipt {
  const [[receiptId, rows] = [], ...others] = receiptsOfFile(bytes, receipt);
  expect(others).toEqual([]);
  if (receiptId !== receipt.receiptId || rows === undefined)
    throw new Error('The file holds another receipt.');
  return rows;
}
