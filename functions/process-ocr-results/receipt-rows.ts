import { z } from 'zod';
import { type ReceiptRows, ROW_SCHEMAS } from '../../contracts/collections';
import type { Region } from '../../contracts/geometry';
import { describeIssues } from '../../contracts/ndjson-rows';
import type { ReceiptReference } from '../../contracts/record-id';
import { UnreadableInput } from '../shared/quarantine';
import { clamped } from './clamp';
import { isNoise } from './noise';
import type { OcrLine } from './ocr-line';

/** A receipt's rows, and how many lines and words had to be moved inside of the image for them. */
export interface ParsedReceipt extends ReceiptRows {
  readonly clamped: number;
}

/**
 * What one receipt may have: a long one has some hundred lines, and the embedding holds each against each, which takes
 * five seconds at these numbers.
 */
const MOST = { lines: 5_000, words: 10_000 };

/**
 * The NDJSON rows of one receipt. Lines are numbered from 1 in the file's order, words from 1 in their line, so that
 * the same file always gives the same rows.
 *
 * @throws {UnreadableInput} with the reason, when there are too many of them, or the coordinates are not what they claim to be.
 */
export function receiptRows(
  ocrLines: readonly OcrLine[],
  { imageId, receiptId }: ReceiptReference,
): ParsedReceipt {
  refuseTooLong(ocrLines);
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

function check<Row>(schema: z.ZodType<Row>, rows: readonly unknown[]): Row[] {
  const result = z.array(schema).safeParse(rows);
  if (result.success) return result.data;
  throw new UnreadableInput(
    `The OCR file gives rows that are not valid: ${describeIssues(result.error, 3)}.`,
  );
}

function refuseTooLong(lines: readonly OcrLine[]): void {
  const words = lines.reduce((sum, line) => sum + line.words.length, 0);
  if (lines.length <= MOST.lines && words <= MOST.words) return;
  throw new UnreadableInput(
    `The receipt has ${lines.length} lines and ${words} words; at most ${MOST.lines} and ${MOST.words} are read. Drop its parts as receipts of their own.`,
  );
}

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
