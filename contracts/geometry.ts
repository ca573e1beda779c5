import { z } from 'zod';

/**
 * A fraction of the image's width or height. The corners of a rotated line may lie a little outside of the
 * image, hence the tenth on either side, which rows do not keep; anything further was measured in pixels or percent.
 */
const fractionSchema = z.number().min(-0.1).max(1.1);

/** Coordinates are fractions of the image, 0..1, with the origin at the bottom left (Apple Vision's choice). */
const pointSchema = z.object({ x: fractionSchema, y: fractionSchema });
export type Point = z.infer<typeof pointSchema>;

const boundingBoxSchema = z.object({
  x: fractionSchema,
  y: fractionSchema,
  width: fractionSchema.nonnegative(),
  height: fractionSchema.nonnegative(),
});

/**
 * Text of an OCR result. JSON can hold half a character, as a text has that was cut by UTF-16 units; UTF-8 cannot, and
 * Chroma refuses it: it is read as U+FFFD, which is what any encoder makes of it.
 */
const textSchema = z.string().overwrite((text) => text.toWellFormed());

/** The shape that a letter, word or line has on the image, as both OCR sources and the NDJSON rows carry it. */
export const regionSchema = z.object({
  text: textSchema,
  bounding_box: boundingBoxSchema,
  top_left: pointSchema,
  top_right: pointSchema,
  bottom_left: pointSchema,
  bottom_right: pointSchema,
  /** Not all writers of Vision's results note it, and nothing here needs it: corners tell it as well. */
  angle_degrees: z.number().nullish(),
  angle_radians: z.number().nullish(),
  /** 0..1. */
  confidence: z.number().min(0).max(1),
});
export type Region = z.infer<typeof regionSchema>;

/** What a data detector recognised in a word: a date, an address, a phone number, a link. */
export const recognisedDataSchema = z.object({ type: textSchema, value: textSchema });
