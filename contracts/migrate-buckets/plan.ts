import { z } from 'zod';
import { collectionSchema } from '../collections';
import { sha256Schema } from '../sha256';
import { checkSchema, serverSchema } from './capabilities';
import { savedConfigurationSchema } from './freeze';
import { LEVELS, PLAN_VERSION } from './words';

export const count = z.int().nonnegative();
export const tallySchema = z.object({ objects: count, bytes: count }).meta({ id: 'tally' });
export type Tally = z.infer<typeof tallySchema>;

/**
 * What is to be done with one object of a source bucket:
 * - `copy`: the destination lacks it;
 * - `replace`: the destination holds something else under this key, which the operator agreed to overwrite;
 * - `conflict`: the same, without that agreement: no plan is made;
 * - `keep`: the destination holds it already;
 * - `skip`: a decoy of the old infrastructure, evidence of nothing.
 */
const actionSchema = z.enum(['copy', 'replace', 'conflict', 'keep', 'skip']);
export type Action = z.infer<typeof actionSchema>;

/** One line of the manifest. Property order is part of the digest. */
export const manifestEntrySchema = z
  .object({
    key: z.string().min(1),
    size: count.describe('bytes'),
    etag: z.string().min(1),
    storage_class: z.string(),
    action: actionSchema,
    expected: z.string().min(1).describe("the destination's ETag, which alone may be overwritten, or absent"),
    bucket: z.string().optional().describe("where it comes from, if not from the plan's source: stranded"),
  })
  .meta({ id: 'manifest_entry', description: "One line of the plan's manifest, in key order." });
export type ManifestEntry = z.infer<typeof manifestEntrySchema>;

/** A pattern in the words of the AWS CLI, for the whole key. */
const filterSchema = z.object({ action: z.enum(['include', 'exclude']), glob: z.string().min(1) });
export type Filter = z.infer<typeof filterSchema>;

/**
 * Where, at the destination, the objects of a plan's source belong: under their own keys, or under
 * `archive/{source}/`, or another folder of `archive/`. By the beginnings of their keys, so that a later release with other collections reads the same.
 */
export const placementSchema = z
  .object({
    archived: z
      .array(z.string())
      .describe('keys that begin so go under archive/{source}/; the others stay as they are'),
    live: z.array(z.string()).describe('of those, keys that begin so stay as they are all the same'),
    folder: z
      .string()
      .min(1)
      .optional()
      .describe("the folder of archive/ that was chosen in the place of the source's name"),
    filters: z
      .array(filterSchema)
      .optional()
      .describe('the last one that fits a key decides; what none fits is taken. Absent: all is'),
  })
  .meta({ id: 'placement' });
export type PlacementRules = z.infer<typeof placementSchema>;

/** Every object keeps its key. */
export const ALL_LIVE: PlacementRules = { archived: [], live: [] };

/** What a copy leaves behind. */
const notCarriedSchema = z.object({
  objects: count.describe('that are to be copied'),
  examined: count.describe('of them: all with --deep, else a sample'),
  seed: count.describe('drew the sample'),
  kms_keys: count.describe('of the examined, are encrypted with a key of KMS'),
  website_redirects: count.describe('of the examined, redirect a website'),
  object_locks: count.describe('of the examined, are under retention or legal hold'),
  bucket: z.array(z.string()).describe("what the source's own configuration tells, one sentence each"),
});
export type NotCarried = z.infer<typeof notCarriedSchema>;

/** What the destination's own lifecycle deletes of what a plan puts there. */
const expirySchema = z.object({
  rules: z.array(
    z.object({
      id: z.string(),
      what: z.string().describe('which objects it deletes, and when'),
      objects: count.describe('of the plan, that are among them'),
      bytes: count,
      example: z.string().describe('the key of one of them at the destination'),
    }),
  ),
  unread: z.string().nullable().describe('why the lifecycle could not be read: a sentence'),
});
export type Expiry = z.infer<typeof expirySchema>;

export const planSchema = z
  .object({
    version: z.literal(PLAN_VERSION),
    created_at: z.iso.datetime(),
    source: z.string(),
    destination: z.string(),
    region: z.string().describe("the destination's"),
    source_region: z.string().optional().describe('absent in plans of older releases: the same as the other'),
    owner: z.string().nullable().describe('the account of both buckets; null when it could not be found out'),
    digest: sha256Schema.describe("SHA-256 over the buckets' names, the placement and the manifest"),
    placement: placementSchema.default(ALL_LIVE).describe('where its objects belong at the destination'),
    engine: z.literal('local'),
    authority: z.array(z.string()).describe('why the source is held to be the truth, one sentence each'),
    actions: z.record(actionSchema, tallySchema),
    left_out: tallySchema
      .optional()
      .describe('of the source, by its filters: neither copied nor ever deleted; absent without filters'),
    stranded: z
      .object({ included: count, accepted_lost: z.array(z.string()).describe('keys') })
      .describe('deltas that only a losing bucket holds'),
    noncurrent_versions: count.nullable().describe('they stay behind; null when they could not be listed'),
    not_carried: notCarriedSchema.optional().describe('what copies will lack'),
    expiry: expirySchema.optional().describe('absent in plans of older releases'),
    requests: z.object({ list: count, copy: count, read: count }),
    transfer: z
      .object({
        bytes: count.describe('that go from one region to another'),
        cost: z.number().describe('US dollars, part of the estimated cost'),
        price: z.string().describe('what it was reckoned by, and where that is told'),
      })
      .optional()
      .describe('absent where all buckets are in one region'),
    estimated_cost: z.number().describe('US dollars'),
    estimated_time: z.number().describe('seconds'),
    server: z
      .array(checkSchema)
      .default([])
      .describe('what reading alone shows of the server; apply begins with the rest'),
    permissions: z.array(
      z.object({
        actions: z.array(z.string()),
        resource: z.string(),
        retire: z.boolean().optional().describe('needed only once the source is retired'),
      }),
    ),
  })
  .meta({ id: 'plan', description: 'plan.json: what apply will do.' });
export type Plan = z.infer<typeof planSchema>;

/** What plans of every version have in common. */
export const anyPlanSchema = z.object({
  version: z.int(),
  source: z.string(),
  destination: z.string().optional(),
  digest: z.string(),
});
export type AnyPlan = z.infer<typeof anyPlanSchema>;

export const snapshotReferenceSchema = z.object({ collection: collectionSchema, version: z.string() });
export type SnapshotReference = z.infer<typeof snapshotReferenceSchema>;

/** How far a plan's migration is. */
export const stateSchema = z
  .object({
    version: z.literal(1),
    digest: z.string().describe('of the plan that this state belongs to'),
    /**
     * - `copying`: the source is as it was;
     * - `freezing`: its configuration is saved, and perhaps changed;
     * - `frozen`: nobody but us can write to it;
     * - `verified`: frozen, and every object is proven at the destination;
     * - `retiring`: deletion began; in a versioned bucket perhaps only as delete markers over the objects;
     * - `retired`: what was proven is deleted.
     */
    phase: z.enum(['copying', 'freezing', 'frozen', 'verified', 'retiring', 'retired']),
    started_at: z.iso.datetime(),
    saved: savedConfigurationSchema.nullable().describe("the source's configuration before the freeze"),
    verified: z
      .object({
        at: z.iso.datetime(),
        digest: z.string().describe('SHA-256 over every version of the source, as verification listed them'),
        objects: count,
        bytes: count,
        levels: z.record(z.enum(LEVELS), count).describe('objects by level'),
        snapshots: z.array(snapshotReferenceSchema).describe("what the source's pointers named"),
        pipeline: z
          .string()
          .optional()
          .describe(
            'SHA-256 over what the pipeline had written to the destination; absent where that is not kept',
          ),
      })
      .nullable(),
    server: serverSchema.nullable().default(null).describe('null before it was examined'),
    no_freeze: z
      .boolean()
      .default(false)
      .describe('the operator said that nobody writes to the source: it was never frozen'),
    overrides: z
      .array(z.object({ gate: z.string(), at: z.iso.datetime() }))
      .describe('gates that the operator overrode by name'),
  })
  .meta({ id: 'state', description: "How far a plan's migration is." });
export type State = z.infer<typeof stateSchema>;
