import { z } from 'zod';
import { collectionSchema } from '../collections';
import { recordTallySchema } from '../record-form';
import { count, tallySchema } from './plan';

const sentences = z.array(z.string());
const moment = count.nullable().describe('milliseconds since 1970');

export const candidateSchema = z.object({
  name: z.string(),
  evidence: sentences.describe('why it is a candidate'),
  problem: z.string().nullable().describe('why it cannot be looked into'),
});
export type Candidate = z.infer<typeof candidateSchema>;

/**
 * What a gate found. `neutral`: older layouts do not have what it looks at, or it was not to look, so it speaks
 * neither way.
 */
const snapshotGateSchema = z.object({
  gate: z.enum([
    'pointer-exists',
    'pointer-parses',
    'version-exists',
    'holds-a-snapshot',
    'database-sound',
    'vectors-agree',
    'hash-agrees',
  ]),
  result: z.enum(['pass', 'fail', 'neutral']),
  evidence: z.string(),
});
export type SnapshotGate = z.infer<typeof snapshotGateSchema>;

/** The current snapshot of one collection in one bucket. */
const collectionEvidenceSchema = z.object({
  collection: collectionSchema,
  has_data: z.boolean().describe('whether the bucket holds anything of it that is not a decoy'),
  gates: z.array(snapshotGateSchema),
  version: z.string().nullable().describe('what the pointer names; null when there is none that parses'),
  /** The moment that its version names, or when its objects were written if that is earlier. */
  snapshot_at: moment,
  records: count.nullable().describe('in the snapshot; null when it was not opened or cannot be'),
  record_forms: recordTallySchema
    .nullable()
    .optional()
    .describe(
      'how many of its stored records have each form, and each generation of labels; null when it was not looked at (--quick) or cannot be',
    ),
});
export type CollectionEvidence = z.infer<typeof collectionEvidenceSchema>;

/** How the objects of a bucket lie, without decoys. */
const spreadSchema = z.object({
  days: z.record(z.string(), tallySchema).describe('by the UTC day (YYYY-MM-DD) when they were written'),
  prefixes: z
    .array(z.object({ prefix: z.string(), ...tallySchema.shape }))
    .describe('by their first two folders: the first hundred, in key order'),
  other_prefixes: tallySchema.describe('under further ones'),
  kinds: z
    .array(
      z.object({
        collection: collectionSchema.nullable().describe('null: of no collection'),
        kind: z.enum(['snapshots', 'deltas', 'others']),
        ...tallySchema.shape,
      }),
    )
    .describe('by what they are; none is named that there is nothing of'),
});
export type BucketSpread = z.infer<typeof spreadSchema>;

/** All that is known of one bucket. */
const bucketEvidenceSchema = z
  .object({
    name: z.string(),
    collections: z.array(collectionEvidenceSchema),
    objects: count.describe('without decoys'),
    bytes: count,
    decoys: count,
    newest_write: moment,
    recent_writes: count.describe('objects written in the seven days before'),
    references: sentences.describe('where something that lives names it'),
    contained_in: z
      .record(z.string(), count)
      .describe('how many of its objects each other bucket holds too, by key and ETag'),
    spread: spreadSchema.optional(),
  })
  .meta({ id: 'bucket_evidence' });
export type BucketEvidence = z.infer<typeof bucketEvidenceSchema>;

/** One comparison between buckets. Larger is better. */
const signalSchema = z.object({
  name: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])).describe('by bucket'),
  best: z.array(z.string()).describe('the buckets that pass every gate and that no other such bucket beats'),
});
export type Signal = z.infer<typeof signalSchema>;

/** What a losing bucket holds and the winner has not: by key and ETag, without decoys. */
const leftBehindSchema = z
  .object({
    bucket: z.string(),
    collections: z.array(
      z.object({
        collection: collectionSchema,
        winner: z
          .object({ version: z.string().nullable(), records: count.nullable() })
          .describe("what the winner's pointer names"),
        snapshots: z
          .array(
            z.object({
              version: z.string(),
              objects: count.describe('of it, that the winner has not'),
              records: count.nullable().describe('null when it was not opened or cannot be'),
              current: z.boolean().describe("whether the losing bucket's pointer names it"),
              newer: z.boolean().describe("than what the winner's pointer names"),
            }),
          )
          .describe('the newest first'),
        deltas: tallySchema,
        stranded: count.describe("deltas that are not older than the winner's snapshot"),
      }),
    ),
    others: tallySchema.describe('objects of no collection'),
  })
  .meta({ id: 'left_behind' });
export type LeftBehind = z.infer<typeof leftBehindSchema>;

export const authoritySchema = z
  .object({
    winner: z
      .string()
      .nullable()
      .describe('null when the evidence does not show which bucket is the truth, or nobody asked'),
    reasons: sentences.describe('of the choice, or of the conflict'),
    signals: z.array(signalSchema),
    buckets: z.array(bucketEvidenceSchema),
    stranded: z
      .array(z.object({ bucket: z.string(), key: z.string() }))
      .describe("deltas that only a losing bucket holds and the winner's snapshot cannot"),
    left_behind: z
      .array(leftBehindSchema)
      .describe('one for each losing bucket; none while there is no winner'),
    unchecked: sentences.describe('what could not be looked at'),
  })
  .meta({ id: 'authority' });
export type Authority = z.infer<typeof authoritySchema>;

/** What a plan's choice of its source rests on. It lies beside the plan, since the source does not stay. */
export const planEvidenceSchema = z.object({
  version: z.literal(1),
  plan: z.string().describe('its digest'),
  authority: authoritySchema,
});
export type Verdict = Pick<Authority, 'winner' | 'reasons' | 'signals'>;
