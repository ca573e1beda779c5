import { z } from 'zod';
import { recognisedDataSchema, regionSchema } from './geometry';

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
