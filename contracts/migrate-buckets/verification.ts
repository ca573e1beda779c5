import { z } from 'zod';
import { count, snapshotReferenceSchema, tallySchema } from './plan';
import { LEVELS } from './words';

export const verificationSchema = z
  .object({
    digest: z.string().describe('SHA-256 over all versions of the source'),
    objects: count,
    bytes: count,
    levels: z.record(z.enum(LEVELS), tallySchema),
    decoys: count,
    left_out: tallySchema
      .optional()
      .describe(
        "by the plan's filters: nothing was looked at, and the source cannot be retired; absent without",
      ),
    extra: count.describe('objects that only the destination has: they are left alone'),
    problems: z
      .array(z.object({ key: z.string(), level: z.enum(LEVELS), why: z.string() }))
      .describe('the first hundred'),
    problem_count: count,
    fidelity: z
      .object({
        compared: count.describe(
          'objects whose content type, encoding, cache control, metadata and tags were compared',
        ),
        differing: count.describe('of them; they are among the problems'),
        deep: z.boolean().describe('whether all were compared, and not a sample'),
        seed: count.describe('draws the same sample again'),
      })
      .optional(),
    proven: z.boolean().describe('whether every object is proven well enough for the source to be deleted'),
    snapshots: z.array(snapshotReferenceSchema).describe("what the source's pointers name"),
  })
  .meta({ id: 'verification' });
export type Verification = z.infer<typeof verificationSchema>;
