import { z } from 'zod';

const percentSchema = z.number().min(0).max(100);

/** Fractions of the page with the origin at the TOP left: y grows downwards. */
const textractPointSchema = z.object({ X: z.number(), Y: z.number() });

const textractGeometrySchema = z.object({
  BoundingBox: z.object({ Width: z.number(), Height: z.number(), Left: z.number(), Top: z.number() }),
  /** Clockwise from the text's own top left corner. */
  Polygon: z.tuple([textractPointSchema, textractPointSchema, textractPointSchema, textractPointSchema]),
});

const relationshipSchema = z.object({ Type: z.string(), Ids: z.array(z.string()) });

const textBlockSchema = z.object({
  Id: z.string().min(1),
  Text: z.string(),
  Confidence: percentSchema,
  Geometry: textractGeometrySchema,
  /** From 1. Only asynchronous operations number the pages. */
  Page: z.int().min(1).nullish(),
});

const lineBlockSchema = textBlockSchema.extend({
  BlockType: z.literal('LINE'),
  Relationships: z.array(relationshipSchema).nullish(),
});
export type TextractLine = z.infer<typeof lineBlockSchema>;

const wordBlockSchema = textBlockSchema.extend({ BlockType: z.literal('WORD') });
export type TextractWord = z.infer<typeof wordBlockSchema>;

/**
 * Lines and words are checked; pages, forms, tables, queries, signatures and layout are passed over. Not a
 * union of schemas: that could not say which field of a line is wrong.
 */
const blockSchema = z.looseObject({ BlockType: z.string() }).transform((block, context) => {
  if (block.BlockType !== 'LINE' && block.BlockType !== 'WORD') return undefined;
  const result = (block.BlockType === 'LINE' ? lineBlockSchema : wordBlockSchema).safeParse(block);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
  return z.NEVER;
});

const blocksSchema = z
  .array(blockSchema)
  .transform((blocks) => blocks.filter((block) => block !== undefined));
export type TextractBlocks = z.infer<typeof blocksSchema>;

/** What all answers have in common: those of asynchronous jobs come in parts, and may be of several pages. */
const answerSchema = z.object({
  DocumentMetadata: z.object({ Pages: z.int().min(0) }).nullish(),
  /** Of PARTIAL_SUCCESS some pages are missing, and would be taken for blank ones. */
  JobStatus: z
    .literal('SUCCEEDED', 'the job did not succeed for all pages: run it again and keep its whole answer')
    .nullish(),
  /** Leads to the next part. */
  NextToken: z.string().nullish(),
});

/**
 * The answer of Textract's DetectDocumentText or AnalyzeDocument, or a part of what a job of theirs gives: lines and
 * words (docs.aws.amazon.com/textract/latest/dg/API_GetDocumentTextDetection.html).
 */
export const textractOcrSchema = answerSchema.extend({ Blocks: blocksSchema });
export type TextractOcr = z.infer<typeof textractOcrSchema>;

const fieldsSchema = z.array(z.unknown()).nullish();

const expenseDocumentSchema = z
  .object({
    Blocks: z.array(z.unknown(), 'the text is missing, as in answers of AnalyzeExpense before October 2022'),
    SummaryFields: fieldsSchema,
    LineItemGroups: fieldsSchema,
  })
  .refine(
    ({ Blocks, SummaryFields, LineItemGroups }) =>
      Blocks.length > 0 || (SummaryFields ?? []).length + (LineItemGroups ?? []).length === 0,
    'fields were found, but the text that they were found in is missing',
  )
  .transform(({ Blocks }) => ({ Blocks }))
  .pipe(z.object({ Blocks: blocksSchema }));

/**
 * The answer of Textract's AnalyzeExpense, or a part of what GetExpenseAnalysis gives: one document for each receipt,
 * with its text in blocks like those of the other operations. What Textract makes of the text is passed over
 * (docs.aws.amazon.com/textract/latest/dg/API_ExpenseDocument.html).
 */
export const textractExpenseSchema = answerSchema.extend({
  ExpenseDocuments: z.array(expenseDocumentSchema),
});
export type TextractExpense = z.infer<typeof textractExpenseSchema>;
