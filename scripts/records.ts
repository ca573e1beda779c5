import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { imageIdSchema, receiptIdSchema } from '../contracts/record-id';
import { receiptRecords } from '../functions/embed-from-ndjson/receipt-records';
import { readOcrFile } from '../functions/process-ocr-results/ocr-file';
import { receiptRows } from '../functions/process-ocr-results/receipt-rows';

/** A case of the oracle in `__tests__/fixtures/old-records/cases`, as far as it is read here. */
const caseSchema = z.object({ image_id: imageIdSchema, receipt_id: receiptIdSchema, ocr: z.unknown() });

/** Prints the records that the pipeline writes for an OCR result, in the form that the oracle's compare.mjs reads. */
const [file, ...rest] = process.argv.slice(2);
if (file === undefined || rest.length > 0) {
  console.error('Name one case: npm run -s records -- CASE.json');
  process.exit(2);
}
const {
  image_id: imageId,
  receipt_id: receiptId,
  ocr,
} = caseSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const [receipt] = readOcrFile(Buffer.from(JSON.stringify(ocr)));
const rows = receiptRows(receipt?.lines ?? [], { imageId, receiptId });
const printed = Object.entries(receiptRecords(rows)).map(([collection, records]) => [
  collection,
  records.map(({ embeddedText, ...record }) => ({ ...record, embedded_text: embeddedText })),
]);
console.log(JSON.stringify(Object.fromEntries(printed), null, 1));
