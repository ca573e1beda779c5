import type { z } from 'zod';
import { describeIssues } from '../../contracts/ndjson-rows';
import { textractExpenseSchema, textractOcrSchema } from '../../contracts/textract-ocr';
import { visionOcrSchema, visionReceiptsSchema } from '../../contracts/vision-ocr';
import { UnreadableInput } from '../shared/quarantine';
import type { OcrReceipt } from './ocr-line';
import { receiptsOfExpenses, receiptsOfPages } from './textract-receipts';

/** Answers of Textract that hold no receipt's lines, by what only they have. */
const OTHER_ANSWERS: Readonly<Record<string, string>> = {
  IdentityDocuments: 'AnalyzeID',
  Results: 'GetLendingAnalysis',
};

/**
 * Reads an OCR file of any form: Apple Vision's lines of one receipt or of several, an answer of Textract's about text
 * or expenses, or the list of an answer's parts.
 *
 * @throws {UnreadableInput} with the reason, when it has none of these forms.
 */
export function readOcrFile(bytes: Uint8Array): OcrReceipt[] {
  const value = parseJson(bytes);
  if (holdsReceipts(value)) {
    const { receipts } = parse(visionReceiptsSchema, value, 'a list of receipts');
    return receipts.map(({ receipt_id, lines }) => ({ receiptId: receipt_id ?? undefined, lines }));
  }
  if (has(value, 'lines')) return [parse(visionOcrSchema, value, 'an Apple Vision result')];
  const parts = Array.isArray(value) ? value : [value];
  if (parts.some((part) => has(part, 'ExpenseDocuments'))) {
    return receiptsOfExpenses(parseParts(textractExpenseSchema, parts));
  }
  if (parts.some((part) => has(part, 'Blocks') || has(part, 'JobStatus'))) {
    return receiptsOfPages(parseParts(textractOcrSchema, parts));
  }
  for (const [key, operation] of Object.entries(OTHER_ANSWERS)) {
    if (!parts.some((part) => has(part, key))) continue;
    throw new UnreadableInput(
      `The OCR file looks like an answer of Textract's ${operation}, which is not supported. Use DetectDocumentText, AnalyzeDocument or AnalyzeExpense.`,
    );
  }
  throw new UnreadableInput(
    'The OCR file is neither an Apple Vision result (an object with "lines", or with "receipts" that have them) nor a Textract response (one with "Blocks" or "ExpenseDocuments", or a list of its parts).',
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UnreadableInput('The OCR file is not JSON text in UTF-8.');
  }
}

/** Beside lines of the whole image, what is called receipts may be something else. */
const holdsReceipts = (value: unknown): boolean => {
  const receipts = has(value, 'receipts') && (value as { readonly receipts: unknown }).receipts;
  return Array.isArray(receipts) && (receipts.length > 0 || !has(value, 'lines'));
};

const has = (value: unknown, key: string): boolean =>
  typeof value === 'object' && value !== null && key in value;

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UnreadableInput(
    `The OCR file looks like ${what} but is not one: ${describeIssues(result.error, 3)}.`,
  );
}

const parseParts = <Part>(schema: z.ZodType<Part>, parts: readonly unknown[]): Part[] =>
  parts.map((part, index) =>
    parse(
      schema,
      part,
      parts.length === 1 ? 'a Textract response' : `part ${index + 1} of a Textract response`,
    ),
  );
