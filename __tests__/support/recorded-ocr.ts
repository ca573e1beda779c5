import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What each source gave, whole: the shape that the made receipts of the demo are held against. */
export const RECORDED_OCR = ['vision-coffee-shop', 'textract-hardware-store'] as const;

/** Answers of several receipts, in the shape that AWS documents. */
export const SEVERAL_RECEIPTS = ['textract-expense-two-receipts', 'textract-two-pages-in-two-parts'] as const;

export const recordedOcr = (name: (typeof RECORDED_OCR | typeof SEVERAL_RECEIPTS)[number]): Buffer =>
  readFileSync(join(__dirname, '..', 'fixtures', 'ocr', `${name}.json`));
