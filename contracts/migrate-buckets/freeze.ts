import { z } from 'zod';

/** Who froze a source. It stands in the frozen bucket itself, so that it is known when the plan is lost. */
export const freezeMarkSchema = z
  .object({
    at: z.iso.datetime().describe('to the second'),
    plan_digest: z.string(),
    by: z.string().describe('user@host'),
    destination: z.string(),
  })
  .meta({ id: 'freeze_mark', description: 'Who froze a source, when, from where, by which plan.' });
export type FreezeMark = z.infer<typeof freezeMarkSchema>;

/** A bucket's configuration before a freeze, and what the freeze put there. */
export const savedConfigurationSchema = z.object({
  policy: z.string().nullable().describe('byte for byte; null when there was none'),
  lifecycle: z.record(z.string(), z.unknown()).nullable().describe('null when there was none'),
  mark: freezeMarkSchema.optional().describe('absent in what older releases froze'),
  statement: z.record(z.string(), z.unknown()).optional().describe('what the freeze put into the policy'),
});
export type SavedConfiguration = z.infer<typeof savedConfigurationSchema>;

/** That a plan's retirement of its source began: from then on only the destination holds all of it. */
const begunRetirementSchema = z.object({
  plan_digest: z.string(),
  planned_at: z.iso.datetime().describe('when the plan was made: another one may have the same digest'),
  by: z.string().describe('user@host'),
  began_at: z.iso.datetime().describe('by the clock of the destination'),
  ended_at: z.iso.datetime().nullable().describe('null while something of the source may be left'),
});
export type BegunRetirement = z.infer<typeof begunRetirementSchema>;

/** The same, kept at the destination for whoever has lost the plan. */
export const freezeRecordSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  saved: savedConfigurationSchema,
  plan: z.string().describe('path of the plan on the host that froze'),
  first_frozen_at: z.iso
    .datetime()
    .optional()
    .describe(
      'when it was frozen for the first time to be migrated there, by the clock of the destination; absent where that is not known',
    ),
  retirements: z
    .array(begunRetirementSchema)
    .optional()
    .describe('of the source, one for each plan; absent before the first'),
  undone_at: z.iso.datetime().nullable().describe('null while the source is frozen and not yet retired'),
});
export type FreezeRecord = z.infer<typeof freezeRecordSchema>;
