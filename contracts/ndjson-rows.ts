import { z } from 'zod';
import { recognisedDataSchema, regionSchema } from './geometry';
import { imageIdSchema, lineIdSchema, receiptIdSchema, recordId, wordIdSchema } from './record-id';

/** One line of `lines.ndjson`. */
export const lineRowSchema = regionSchema.extend({
  receipt_id: receiptIdSchema,
  image_id: imageIdSchema,
  line_id: lineIdSchema,
  /** Text that carries no meaning (a rule of dashes, a smudge). Such a word has no record; a line has one all the same. */
  is_noise: z.boolean(),
});
export type LineRow = z.infer<typeof lineRowSchema>;

/** One line of `words.ndjson`. */
export const wordRowSchema = lineRowSchema.extend({
  word_id: wordIdSchema,
  /** Only Apple Vision gives it. */
  extracted_data: recognisedDataSchema.nullish(),
});
export type WordRow = z.infer<typeof wordRowSchema>;

/** The id of the Chroma record that a row becomes. */
export const rowRecordId = (row: LineRow | WordRow): string =>
  recordId({
    imageId: row.image_id,
    receiptId: row.receipt_id,
    lineId: row.line_id,
    ...('word_id' in row ? { wordId: row.word_id } : {}),
  });

/** One JSON object a row, each ended by a newline, as NDJSON has it. */
export const encodeNdjson = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/**
 * Reads NDJSON rows and checks each against its schema. Empty lines are passed over.
 *
 * @throws {Error} naming the file, the line number and what is wrong with it; never the row's text.
 */
export function decodeNdjson<Row>(text: string, schema: z.ZodType<Row>, name: string): Row[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new Error(
        `${name}: line ${index + 1} is not JSON. Write the receipt's NDJSON again from its OCR result.`,
      );
    }
    const row = schema.safeParse(value);
    if (row.success) return [row.data];
    throw new Error(`${name}: line ${index + 1} is not a valid row: ${describeIssues(row.error)}`);
  });
}

/**
 * A zod error in one sentence: each issue's path and message, without the values (they may be document text).
 *
 * @param most - how many issues are told of; the others are counted. @default - all
 */
export function describeIssues({ issues }: z.ZodError, most = issues.length): string {
  const told = issues.slice(0, most).map(({ path, message }) => `${path.join('.') || '(root)'}: ${message}`);
  const more = issues.length - told.length;
  return told.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
