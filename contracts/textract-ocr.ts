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
  Page: z.int().positive().optional(),
});

const lineBlockSchema = textBlockSchema.extend({
  BlockType: z.literal('LINE'),
  Relationships: z.array(relationshipSchema).nullish(),
});
export type TextractLine = z.infer<typeof lineBlockSchema>;

const wordBlockSchema = textBlockSchema.extend({ BlockType: z.literal('WORD') });
export type TextractWord = z.infer<typeof wordBlockSchema>;

/** Pages, forms, tables, queries, signatures and layout: named so that a response that has them is whole. */
const otherBlockSchema = z
  .object({ BlockType: z.string().refine((type) => type !== 'LINE' && type !== 'WORD') })
  .transform(({ BlockType }) => ({ BlockType }));

/** The response of Textract's DetectDocumentText or AnalyzeDocument for one page. */
export const textractOcrSchema = z.object({
  DocumentMetadata: z.object({ Pages: z.literal(1, 'one file is one receipt, on one page') }).optional(),
  /** An asynchronous job's answer comes in parts: a part alone is no receipt. */
  NextToken: z.null('the rest of the answer is missing: join all parts into one file').optional(),
  Blocks: z.array(z.union([lineBlockSchema, wordBlockSchema, otherBlockSchema])),
});
export type TextractOcr = z.infer<typeof textractOcrSchema>;
