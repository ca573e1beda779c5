import { z } from 'zod';
import { authoritySchema } from './authority';
import { serverSchema } from './capabilities';
import { count, planSchema, stateSchema, tallySchema } from './plan';
import { gateSchema, inventorySchema, retirementSchema } from './retirement';
import { verificationSchema } from './verification';
import { LEVELS } from './words';

const sentences = z.array(z.string());
const verified = stateSchema.shape.verified.unwrap().shape;

/** What is said first, and what it rests on. */
const verdictSchema = z
  .object({
    /**
     * - `planned`: nothing was copied;
     * - `unproven`: not every object is proven, so nothing may be deleted;
     * - `proven`: every object is proven, nothing was deleted;
     * - `retiring`: deletion began;
     * - `retired`: what was proven is deleted.
     */
    standing: z.enum(['planned', 'unproven', 'proven', 'retiring', 'retired']),
    sentence: z.string(),
    evidence: sentences,
    concerns: sentences.describe('what was overridden, accepted as missing, or left behind'),
  })
  .meta({ id: 'report_verdict' });
export type ReportVerdict = z.infer<typeof verdictSchema>;

/** How well the copy was proven when it was last verified. */
const proofSchema = z.object({
  at: verified.at,
  digest: verified.digest,
  objects: count,
  bytes: count,
  levels: z
    .record(z.enum(LEVELS), z.object({ objects: count, bytes: count.nullable() }))
    .describe('bytes are null where they were not kept'),
  snapshots: verified.snapshots,
  fidelity: verificationSchema.shape.fidelity.unwrap().nullable(),
});
export type Proof = z.infer<typeof proofSchema>;

/** What one call of a command did. */
const runSchema = z.object({
  command: z.string(),
  begun_at: z.iso.datetime(),
  seconds: z.number(),
  end: z.enum(['done', 'stopped', 'unknown']).describe('unknown: it goes on, or was killed'),
  steps: z.array(
    z.object({
      event: z.string(),
      seconds: z.number().describe('since the step before'),
      message: z.string(),
    }),
  ),
});
export type Run = z.infer<typeof runSchema>;

/** One call of `retire` that came past its question. */
const reportedRetirementSchema = z.object({
  at: z.iso.datetime(),
  gates: z.array(gateSchema).describe('as they were before the deletion'),
  inventory: inventorySchema.nullable().describe('what of the verified the source held before it'),
  hidden: count.describe('objects under delete markers, as far as it was told'),
  deleted: count.describe('objects or versions for good, as far as it was told'),
  retired: retirementSchema.nullable().describe('null where it did not come to an end'),
});
export type ReportedRetirement = z.infer<typeof reportedRetirementSchema>;

/** All that is known of a migration from what lies beside its plan. */
export const reportSchema = z
  .object({
    made_at: z.iso.datetime(),
    tool: z.string(),
    phase: z.enum(['planned', ...stateSchema.shape.phase.options]),
    verdict: verdictSchema,
    plan: planSchema,
    authority: authoritySchema.nullable().describe('null where it was not kept'),
    frozen: z
      .object({ at: z.string(), by: z.string() })
      .nullable()
      .describe('null where the source is not frozen, or nothing tells by whom'),
    server: serverSchema.nullable(),
    no_freeze: z.boolean(),
    overrides: stateSchema.shape.overrides,
    proof: proofSchema.nullable().describe('null before everything was proven'),
    copied: tallySchema.nullable().describe('in all calls that came to an end; null where none is known'),
    runs: z.array(runSchema),
    retirement: reportedRetirementSchema.nullable().describe('the last one'),
    earlier_retirements: z
      .array(reportedRetirementSchema)
      .describe('those before it that deleted or hid something, or may have: the first one first'),
    certificates: z.array(
      z.object({ at: z.iso.datetime(), path: z.string(), digest: z.string(), objects: count }),
    ),
  })
  .meta({ id: 'report' });
export type Report = z.infer<typeof reportSchema>;
