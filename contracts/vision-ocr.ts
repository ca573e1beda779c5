import { z } from 'zod';
import { recognisedDataSchema, regionSchema } from './geometry';
import { receiptIdSchema } from './record-id';

/** A word as Apple's Vision framework finds it. Its letters are checked, but not kept. */
const visionWordSchema = regionSchema.extend({
  letters: z.array(regionSchema).optional(),
  extracted_data: recognisedDataSchema.nullish(),
});

const visionLineSchema = regionSchema.extend({ words: z.array(visionWordSchema) });

/**
 * The result of Apple's Vision framework for one receipt: lines with their words, coordinates 0..1 with the
 * origin at the bottom left, angles counter-clockwise. Keys that we do not know are ignored.
 */
export const visionOcrSchema = z.object({ lines: z.array(visionLineSchema) });

/**
 * Several receipts of one image, each as {@link visionOcrSchema} has it and measured on an image of its own. Either all
 * say their numbers or none does: then they are numbered in the order of the file.
 */
export const visionReceiptsSchema = z.object({
  receipts: z.array(visionOcrSchema.extend({ receipt_id: receiptIdSchema.nullish() })).refine((receipts) => {
    const numbers = receipts.map(({ receipt_id }) => receipt_id ?? undefined);
    const stated = numbers.filter((number) => number !== undefined);
    return stated.length === 0 || new Set(stated).size === receipts.length;
  }, 'either each has a receipt_id of its own, or none has one'),
});
