import { z } from 'zod';
import { COLLECTIONS, type Collection, perCollection } from './collections';
import { runIdSchema } from './messages';
import { imageIdSchema, padded, type ReceiptReference, receiptIdSchema, receiptOf } from './record-id';
import { sha256Schema } from './sha256';

export const RUN_TYPE = 'COMPACTION_RUN';

export const runStateSchema = z.enum(['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'SUPERSEDED']);
export type RunState = z.infer<typeof runStateSchema>;

const instantSchema = z.iso.datetime();

/** The attributes that a run carries once per collection. */
export const collectionRunSchema = z.object({
  state: runStateSchema,
  started_at: instantSchema.optional(),
  finished_at: instantSchema.optional(),
  /** Why the run FAILED, or by which run it was SUPERSEDED. A sentence for people. */
  error: z.string().optional(),
  /** Vectors of this run that the collection holds after its merge. */
  merged_vectors: z.int().nonnegative().optional(),
  delta_key: z.string().min(1),
  /**
   * Hexadecimal SHA-256 of the delta object: a corrupt delta fails its own run and no other. Absent until the delta
   * is stored: the run is written when its receipt arrives, before anything is embedded.
   */
  delta_sha256: sha256Schema.optional(),
  /** Where the foreign metadata is kept that records lost to this run: their text changed, or they went. */
  replaced_key: z.string().min(1).optional(),
  /** Records that are kept there. */
  replaced_records: z.int().positive().optional(),
  /** Records in the delta. */
  records: z.int().nonnegative(),
});
export type CollectionRun = z.infer<typeof collectionRunSchema>;

const runHeadSchema = z.object({
  version: z.literal(1),
  run_id: runIdSchema,
  image_id: imageIdSchema,
  receipt_id: receiptIdSchema,
  created_at: instantSchema,
  /** What its deltas are; absent for whole receipts. Runs of the two kinds do not supersede each other. */
  kind: z.literal('annotation').optional(),
});

/**
 * One run: a receipt's deltas on their way into the collections. In the table the collection attributes
 * are flat (`lines_state`, `words_error`, …), since conditions and the stream filter read them so; in code
 * they are grouped. {@link encodeRun} and {@link decodeRun} translate.
 */
export const compactionRunSchema = runHeadSchema.extend(perCollection(() => collectionRunSchema));
export type CompactionRun = z.infer<typeof compactionRunSchema>;

export interface RunReference extends ReceiptReference {
  readonly runId: string;
}

/** The run that a message or a manifest names, or a run itself. */
export const runOf = (named: {
  readonly image_id: string;
  readonly receipt_id: number;
  readonly run_id: string;
}): RunReference => ({ ...receiptOf(named), runId: named.run_id });

export const imagePartition = (imageId: string): string => `IMAGE#${imageId}`;
/** All runs of one receipt sort under this prefix. */
export const runSortPrefix = (receiptId: number): string => `RECEIPT#${padded(receiptId)}#${RUN_TYPE}#`;
export const runKey = ({ imageId, receiptId, runId }: RunReference) => ({
  PK: imagePartition(imageId),
  SK: `${runSortPrefix(receiptId)}${runId}`,
});

/**
 * Whether an item under the key of a run is none of this pipeline's, by its signs: it has no version, and no id of ours.
 * The system that this one replaces writes its runs under just these keys, and where its table was adopted it may go
 * on. An item that has either sign of ours is ours, however malformed: passing over that would lose a receipt.
 */
export const isForeignRun = ({ version, SK }: Record<string, unknown>): boolean =>
  version === undefined && !runIdSchema.safeParse(String(SK).split('#').at(-1)).success;

/**
 * Tells a run from every other. Its id alone does not: before ids covered the receipt, all receipts of the same
 * content had one and the same.
 */
export function runName(reference: RunReference): string {
  const { PK, SK } = runKey(reference);
  return `${PK} ${SK}`;
}

/**
 * The sparse index that holds a collection's unfinished runs (PENDING or PROCESSING) in order of creation:
 * partition key {@link pendingAttribute} (the constant 'PENDING'), sort key `created_at`. The attribute is
 * removed when the run reaches a final state.
 */
export const pendingIndex = (collection: Collection): string => `${collection}-pending`;
export const pendingAttribute = (collection: Collection): `${Collection}_pending` => `${collection}_pending`;
export const PENDING_PARTITION = 'PENDING';
export const isUnfinished = (state: RunState): boolean => state === 'PENDING' || state === 'PROCESSING';

/**
 * Whether a run's deltas are there. One that is unfinished without them is a receipt that has arrived and is still
 * to be embedded: there is nothing to merge, and no doorbell to send.
 */
export const hasDeltas = (run: CompactionRun): boolean =>
  COLLECTIONS.every((each) => run[each].delta_sha256 !== undefined);
/** Whether a run is PENDING and waits for its deltas. */
export const isUnembedded = (run: CompactionRun): boolean =>
  !hasDeltas(run) && COLLECTIONS.every((each) => isUnfinished(run[each].state));

/**
 * The one item that holds a collection's pointer AND its lease, so that one conditional write can demand
 * both "the version is still the one I merged onto" and "the fence is still mine". Every writer builds its
 * lock key here: two writers with different keys once ran for eight months without knowing of each other.
 */
export const collectionKey = (collection: Collection) => ({ PK: `COLLECTION#${collection}`, SK: 'POINTER' });

/** The attribute of a run's item that holds one collection's field, e.g. `lines_state`. */
export const runAttribute = (collection: Collection, field: string): string => `${collection}_${field}`;

/** The table item of a run, keys and index attributes included. */
export function encodeRun(run: CompactionRun): Record<string, unknown> {
  compactionRunSchema.parse(run);
  const item: Record<string, unknown> = {
    ...runKey(runOf(run)),
    TYPE: RUN_TYPE,
    ...runHeadSchema.parse(run),
  };
  for (const collection of COLLECTIONS) {
    for (const [field, value] of Object.entries(run[collection])) {
      if (value !== undefined) item[runAttribute(collection, field)] = value;
    }
    if (isUnfinished(run[collection].state)) item[pendingAttribute(collection)] = PENDING_PARTITION;
  }
  return item;
}

/**
 * Reads a run back from its table item.
 *
 * @throws {z.ZodError} when the item is not a CompactionRun of this version.
 */
export function decodeRun(item: Record<string, unknown>): CompactionRun {
  const grouped: Record<string, unknown> = { ...item };
  for (const collection of COLLECTIONS) {
    grouped[collection] = Object.fromEntries(
      Object.keys(collectionRunSchema.shape).map((field) => [field, item[runAttribute(collection, field)]]),
    );
  }
  return compactionRunSchema.parse(grouped);
}
