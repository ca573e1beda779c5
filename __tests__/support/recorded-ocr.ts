import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What each source gave, whole: the shape that the made receipts of the demo are held against. */
export const RECORDED_OCR = ['vision-coffee-shop', 'textract-hardware-store'] as const;

export const recordedOcr = (name: (typeof RECORDED_OCR)[number]): Buffer =>
  readFileSync(join(__dirname, '..', 'fixtures', 'ocr', `${name}.json`));
