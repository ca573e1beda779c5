import { z } from 'zod';
import { count, tallySchema } from './plan';
import { RETIRE_MODES } from './words';

/** Keys, and why each failed. */
export const failedSchema = z.array(z.object({ key: z.string(), message: z.string() }));

export const gateSchema = z
  .object({
    name: z.string(),
    passed: z.boolean(),
    evidence: z.string().describe('what was found: one sentence'),
    overridden: z.boolean().describe('whether it holds only because the operator overrode it by name'),
  })
  .meta({ id: 'gate' });
export type Gate = z.infer<typeof gateSchema>;

export const inventorySchema = z
  .object({
    objects: tallySchema.describe('current objects that were verified: the destination holds them'),
    decoys: tallySchema.describe('of the old infrastructure: they were not copied'),
    older: tallySchema.describe('older versions of a versioned bucket: they were not copied'),
    markers: count.describe('delete markers'),
    left_out: tallySchema
      .optional()
      .describe(
        "versions and delete markers that the plan's filters leave out: they stay; absent without filters",
      ),
  })
  .meta({ id: 'inventory', description: 'What of the verified the source still holds.' });
export type Inventory = z.infer<typeof inventorySchema>;

/** What a listing of the source shows once all was deleted that was to be. */
const leftoversSchema = z.object({
  versions: count.describe('an unversioned bucket has one of each object'),
  bytes: count,
  newer: count.describe(
    'of the versions, those which came after the verification: they are not ours to delete',
  ),
  newer_keys: z.array(z.string()).describe('the first ten of them'),
});
export type Leftovers = z.infer<typeof leftoversSchema>;

export const retirementSchema = z.object({
  mode: z.enum(RETIRE_MODES),
  hidden: z.boolean().describe('delete markers lie over the objects; the versions are still there'),
  deleted: count,
  uploads_aborted: count,
  bucket_deleted: z.boolean(),
  failed: failedSchema.describe('what was verified and is left, and why: the first hundred'),
  failed_count: count,
  left: leftoversSchema
    .nullable()
    .describe('null when the bucket was not to be emptied, or is hidden: then only what is not is told'),
});
export type Retirement = z.infer<typeof retirementSchema>;
