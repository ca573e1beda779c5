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
    extra: count.describe('objects that only the destination has: they are left alone'),
    problems: z
      .array(z.object({ key: z.string(), level: z.enum(LEVELS), why: z.string() }))
      .describe('the first hundred'),
    problem_count: count,
    proven: z.boolean().describe('whether every object is proven well enough for the source to be deleted'),
    snapshots: z.array(snapshotReferenceSchema).describe("what the source's pointers name"),
  })
  .meta({ id: 'verification' });
export type Verification = z.infer<typeof verificationSchema>;
