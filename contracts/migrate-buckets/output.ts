import { z } from 'zod';
import { authoritySchema, candidateSchema } from './authority';
import { checkSchema } from './capabilities';
import { certificateCheckSchema, certificateLineSchema } from './certificate';
import { freezeMarkSchema, freezeRecordSchema } from './freeze';
import { lockHolderSchema } from './lock';
import { count, manifestEntrySchema, planSchema, stateSchema } from './plan';
import { reportSchema } from './report';
import { failedSchema, gateSchema, inventorySchema, retirementSchema } from './retirement';
import { verificationSchema } from './verification';
import { CAPABILITIES } from './words';

const event = <const Names extends readonly [string, ...string[]], Shape extends z.ZodRawShape>(
  names: Names,
  shape: Shape,
) => z.object({ event: z.enum(names), message: z.string(), ...shape });

/** What other plans put into the destination. */
const othersSchema = z
  .array(
    z.object({
      place: z
        .string()
        .describe('the folder of archive/ that they lie in, or the bucket that they were copied from'),
      objects: count,
    }),
  )
  .default([])
  .describe('left out: other plans put them there');

/** What happened on the way: one sentence for people, and the figures behind it. */
export const eventSchemas = [
  event(
    [
      'plan-current',
      'resuming',
      'frozen',
      'settling',
      'unfrozen',
      'unfreeze-failed',
      'unfreezing',
      'lock-ignored',
      'waiting',
    ],
    {},
  ),
  event(['configured'], { path: z.string(), options: z.array(z.string()) }),
  event(['written-since'], {
    objects: count,
    bytes: count,
    others: othersSchema,
    since: z.iso.datetime().nullable().describe('the first freeze of the source; null where nothing tells'),
  }),
  event(['copied-back'], { copied: count }),
  event(['progress'], { task: z.string(), done: count, total: count.nullable() }),
  event(['examined'], { checks: z.array(checkSchema) }),
  event(['accepted-missing'], { capability: z.enum(CAPABILITIES) }),
  event(['not-frozen', 'left-behind'], {}),
  event(['canary', 'object-failed'], { key: z.string() }),
  event(['pre-copy', 'catch-up', 'pointers'], { copied: count, unchanged: count, failed: count }),
  event(['gates'], { gates: z.array(gateSchema), inventory: inventorySchema.nullable() }),
  event(['hidden', 'deleted'], { objects: count }),
  event(['purged'], { versions: count }),
] as const;
export type MigrationEvent = z.infer<(typeof eventSchemas)[number]>;

export const migrationSchema = z.object({
  copied: count,
  bytes: count,
  passes: count.describe('over both listings, pointers included'),
  failed: failedSchema,
  verification: verificationSchema.nullable().describe('null when it did not come to that'),
  seconds: z.number(),
});
export type Migration = z.infer<typeof migrationSchema>;

const iamPolicySchema = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.object({
      Sid: z.string(),
      Effect: z.literal('Allow'),
      Action: z.array(z.string()),
      Resource: z.string(),
    }),
  ),
});
export type IamPolicy = z.infer<typeof iamPolicySchema>;

const result = <Name extends string, Shape extends z.ZodRawShape>(
  command: Name,
  shape: Shape,
  id = `${command.replace('-', '_')}_result`,
) =>
  z
    .object({ event: z.literal('result'), command: z.literal(command), exit_code: count, ...shape })
    .meta({ id });

const plannedShape = {
  path: z.string().nullable().describe('where the plan lies; null when none was made'),
  plan: planSchema.nullable().describe('null when the evidence does not show which bucket is the truth'),
  authority: authoritySchema,
};

/** The last line of each command that came to a result. */
export const resultSchemas = {
  discover: result('discover', { candidates: z.array(candidateSchema), unchecked: z.array(z.string()) }),
  authority: result('authority', authoritySchema.shape),
  plan: result('plan', {
    ...plannedShape,
    further: z
      .array(z.object(plannedShape))
      .describe('where each collection has a source of its own: the plans of the other buckets'),
  }),
  'iam-policy': result('iam-policy', { policy: iamPolicySchema }),
  doctor: result('doctor', {
    source: z.string(),
    destination: z.string(),
    checks: z.array(checkSchema),
    left: z.array(z.string()).describe('what of its own it could not remove again, one sentence a bucket'),
  }),
  completion: result('completion', { script: z.string() }),
  version: result('version', {
    name: z.string(),
    version: z.string(),
    node: z.string().describe('the version of Node.js that it runs on'),
    plan_version: count.describe('the version of the plans that it makes and reads'),
  }),
  show: result('show', { plan: planSchema, state: stateSchema.nullable().describe('null before apply') }),
  report: result('report', { path: z.string().describe('of the page'), report: reportSchema }),
  apply: result('apply', migrationSchema.shape),
  verify: result('verify', {
    by: z.literal('source').describe('the source: object by object'),
    source: z.string(),
    destination: z.string(),
    certificate: z
      .object({ path: z.string(), digest: z.string() })
      .nullable()
      .describe('where it was written; null when none was asked for, or not all is proven'),
    ...verificationSchema.shape,
  }),
  'verify-against': result(
    'verify',
    { by: z.literal('certificate').describe('a certificate alone'), ...certificateCheckSchema.shape },
    'verify_against',
  ),
  retire: result('retire', {
    gates: z.array(gateSchema),
    inventory: inventorySchema.nullable().describe('null when nothing was verified'),
    already: z.boolean().describe('whether an earlier run retired it, so that nothing was left to do'),
    retired: retirementSchema.nullable().describe('null when nothing was done'),
  }),
  unfreeze: result('unfreeze', {
    source: z.string(),
    unfrozen: z.boolean(),
    phase: stateSchema.shape.phase
      .nullable()
      .describe('how far its plan is after it; null where nothing tells'),
    steps: z.array(z.string()).describe('what was done, one sentence each'),
  }),
  rollback: result('rollback', {
    source: z.string(),
    destination: z.string(),
    unfrozen: z.boolean(),
    steps: z.array(z.string()).describe('what was done to the source, one sentence each'),
    copied: count.describe('objects that were copied back'),
    others: othersSchema,
    left: failedSchema.describe('what only the destination holds, and why: the first hundred'),
    left_count: count,
  }),
  status: result('status', {
    source: z.string(),
    frozen: z.boolean(),
    mark: freezeMarkSchema
      .nullable()
      .describe('who froze it; null when it is not frozen, or by an older release'),
    principals: z.array(z.string()).describe('who may write to it all the same'),
    suspended_rules: z.array(z.string()).describe('ids of the lifecycle rules that the freeze suspended'),
    record: freezeRecordSchema.nullable().describe('what the freeze saved, kept at the destination'),
    lock: lockHolderSchema.nullable().describe('who works on the migration'),
  }),
};

/** What a command gives back as its result. */
export type ResultOf<Name extends keyof typeof resultSchemas> = Omit<
  z.infer<(typeof resultSchemas)[Name]>,
  'event' | 'command' | 'exit_code'
>;

/** The last line of a command that came to none: a sentence that says what to do. */
const endSchema = z.object({
  event: z.enum(['error', 'interrupted', 'bug']),
  message: z.string(),
  exit_code: count,
});

/** Every line that `--json` writes. */
export const lineSchema = z
  .discriminatedUnion('event', [
    ...eventSchemas,
    endSchema,
    z.discriminatedUnion('command', [
      resultSchemas.discover,
      resultSchemas.authority,
      resultSchemas.plan,
      resultSchemas.doctor,
      resultSchemas['iam-policy'],
      resultSchemas.completion,
      resultSchemas.version,
      resultSchemas.show,
      resultSchemas.report,
      resultSchemas.apply,
      z.discriminatedUnion('by', [resultSchemas.verify, resultSchemas['verify-against']]),
      resultSchemas.retire,
      resultSchemas.unfreeze,
      resultSchemas.rollback,
      resultSchemas.status,
    ]),
  ])
  .meta({
    id: 'line',
    description: 'A line of --json. The last one is the result, or says why there is none.',
  });
export type Line = z.infer<typeof lineSchema>;

/** All JSON that is written for others, as JSON Schema (draft 2020-12). Readers pass over what they do not know. */
export const jsonSchema = () =>
  z.toJSONSchema(z.union([lineSchema, planSchema, manifestEntrySchema, certificateLineSchema]), {
    io: 'input',
  });
