import { z } from 'zod';
import { type ReceiptRows, ROW_SCHEMAS } from '../../contracts/collections';
import type { Region } from '../../contracts/geometry';
import { describeIssues } from '../../contracts/ndjson-rows';
import type { ReceiptReference } from '../../contracts/record-id';
import { textractOcrSchema } from '../../contracts/textract-ocr';
import { visionOcrSchema } from '../../contracts/vision-ocr';
import { UnreadableInput } from '../shared/quarantine';
import { clamped } from './clamp';
import { isNoise } from './noise';
import type { OcrLine } from './ocr-line';
import { textractLines } from './textract-lines';

/** A receipt's rows, and how many lines and words had to be moved inside of the image for them. */
export interface ParsedReceipt extends ReceiptRows {
  readonly clamped: number;
}

/**
 * The NDJSON rows of one OCR result. Lines are numbered from 1 in the file's order, words from 1 in their
 * line, so that the same file always gives the same rows.
 *
 * @throws {UnreadableInput} with the reason, when the bytes are not JSON, neither an Apple Vision nor a
 *   Textract result, or when the coordinates are not what they claim to be.
 */
export function receiptRows(bytes: Uint8Array, { imageId, receiptId }: ReceiptReference): ParsedReceipt {
  const ocrLines = readLines(parseJson(bytes));
  refuseMirrored(ocrLines);

  let moved = 0;
  // The rows' schemas leave out what else a region has, such as its letters.
  const row = (region: Region) => {
    const inside = clamped(region);
    if (inside !== region) moved += 1;
    return { ...inside, receipt_id: receiptId, image_id: imageId, is_noise: isNoise(region.text) };
  };
  const rows: ReceiptRows = {
    lines: check(
      ROW_SCHEMAS.lines,
      ocrLines.map((line, index) => ({ ...row(line), line_id: index + 1 })),
    ),
    words: check(
      ROW_SCHEMAS.words,
      ocrLines.flatMap((line, index) =>
        line.words.map((word, position) => ({ ...row(word), line_id: index + 1, word_id: position + 1 })),
      ),
    ),
  };
  return { ...rows, clamped: moved };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UnreadableInput('The OCR file is not JSON text in UTF-8.');
  }
}

function readLines(value: unknown): readonly OcrLine[] {
  if (typeof value === 'object' && value !== null) {
    if ('lines' in value) return parse(visionOcrSchema, value, 'an Apple Vision result').lines;
    if ('Blocks' in value) return textractLines(parse(textractOcrSchema, value, 'a Textract response'));
  }
  throw new UnreadableInput(
    'The OCR file is neither an Apple Vision result (an object with "lines") nor a Textract response (one with "Blocks").',
  );
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UnreadableInput(`The OCR file looks like ${what} but is not one: ${briefly(result.error)}.`);
}

function check<Row>(schema: z.ZodType<Row>, rows: readonly unknown[]): Row[] {
  const result = z.array(schema).safeParse(rows);
  if (result.success) return result.data;
  throw new UnreadableInput(`The OCR file gives rows that are not valid: ${briefly(result.error)}.`);
}

/** A wrong file is often wrong in every line: the first few places are enough to find out why. */
const briefly = (error: z.ZodError): string => describeIssues(error, 3);

/**
 * Text read with y growing downwards is a mirror image, whatever its rotation: going from its top left to its
 * top right and on to the bottom turns the other way. Upside-down receipts are not mirrored and pass.
 */
function refuseMirrored(lines: readonly OcrLine[]): void {
  const mirrored = lines.filter(({ top_left, top_right, bottom_left }) => {
    const right = { x: top_right.x - top_left.x, y: top_right.y - top_left.y };
    const down = { x: bottom_left.x - top_left.x, y: bottom_left.y - top_left.y };
    return right.x * down.y - right.y * down.x > 0;
  });
  if (mirrored.length * 2 > lines.length) {
    throw new UnreadableInput(
      'The OCR file measures y from the top of the image; coordinates must have their origin at the bottom left.',
    );
  }
}
