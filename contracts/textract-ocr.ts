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

const ONE_PAGE = 'one file is one receipt, on one page';

const textBlockSchema = z.object({
  Id: z.string().min(1),
  Text: z.string(),
  Confidence: percentSchema,
  Geometry: textractGeometrySchema,
  /** Asynchronous operations number the pages. */
  Page: z.literal(1, ONE_PAGE).optional(),
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

/** The response of Textract's DetectDocumentText or AnalyzeDocument for one page: its lines and words. */
export const textractOcrSchema = z.object({
  DocumentMetadata: z.object({ Pages: z.literal(1, ONE_PAGE) }).optional(),
  /** An asynchronous job's answer comes in parts: a part alone is not a receipt. */
  NextToken: z.null('the rest of the answer is missing: join all parts into one file').optional(),
  Blocks: z.array(blockSchema).transform((blocks) => blocks.filter((block) => block !== undefined)),
});
export type TextractOcr = z.infer<typeof textractOcrSchema>;
