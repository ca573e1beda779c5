import { isDecoy } from '../../../contracts/bucket-layout';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { ManifestEntry } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import { Pool } from '../../shared/pool';
import { readText } from '../aws/read-object';
import { type CopyEngine, CopyError, type CopyFailureReason, type CopyRequest } from '../engine/engine';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import { mergeListings } from '../listing/pair';
import { LONGEST_KEY, type Placement } from '../listing/placement';
import type { Journal } from '../plan-files/journal';
import { ManifestCursor } from '../plan-files/manifest-cursor';
import { isPointerKey } from '../plan-files/manifest-entry';
import { type ProvenMarks, whyKept } from '../planning/proven-marks';
import { whyNotSuperseded } from '../snapshots/superseded-pointer';
import { sameBytes } from '../verification/same-bytes';

export interface PassContext extends Context<MigrationEvent> {
  readonly engine: CopyEngine;
  readonly journal: Journal;
  readonly source: string;
  readonly destination: string;
  readonly placement: Placement;
  readonly stranded: readonly ListedObject[];
  /** What other plans proved at the destination. */
  readonly marks: ProvenMarks;
  /** Of the plan. */
  readonly digest: string;
  /** The plan's manifest, from its first entry. */
  readonly manifest: () => AsyncIterable<ManifestEntry>;
  /** How many copies are expected, for the progress alone. */
  readonly total: number;
}

export interface PassResult {
  copied: number;
  bytes: number;
  /** Found equal: nothing to do. */
  unchanged: number;
  /** Changed or deleted at the source while being copied: the next pass sees what they became. */
  moved: number;
  failed: { key: string; message: string }[];
}

/** An object that a pass came by, with what the destination and the manifest hold under its key. */
interface Seen {
  readonly object: ListedObject;
  readonly present: ListedObject | undefined;
  readonly entry: ManifestEntry | undefined;
}

export interface DataPassResult extends PassResult {
  /** Left alone: they go last, by {@link copyPointers}. */
  readonly pointers: Seen[];
}

const nothingYet = (): PassResult => ({ copied: 0, bytes: 0, unchanged: 0, moved: 0, failed: [] });

/** Whether the next pass lists what became of it. Not so for the source of stranded deltas: the plan pins that. */
const willBeSeen = (reason: CopyFailureReason, { bucket }: ListedObject): boolean =>
  reason === 'destination-gone' ||
  (bucket === undefined && (reason === 'source-changed' || reason === 'source-gone'));

/** What to do about an object that failed, where its own message does not say so. */
const ADVICE: Partial<Record<CopyFailureReason, string>> = {
  failed: ' Run apply again.',
  'source-changed': ' Plan again.',
  'source-gone': ' Plan again.',
};

/** Copies in flight together at most; the engine's own pace is what really limits them. */
const COPIES = 256;

/**
 * Lists both sides and copies what the destination lacks: one pass. Never deletes; overwrites only what the
 * plan allows or this migration itself wrote. Pointers are only noted.
 */
export async function copyPass(context: PassContext): Promise<DataPassResult> {
  const { signal, report } = context;
  const result: DataPassResult = { ...nothingYet(), pointers: [] };
  const pool = new Pool(COPIES);
  const planned = new ManifestCursor(context.manifest());
  try {
    for await (const { key, source: object, destination: present } of listedPairs(context)) {
      signal.throwIfAborted();
      const entry = await planned.seek(key);
      if (object === undefined || isDecoy(object)) continue;
      if (isPointerKey(key)) {
        result.pointers.push({ object, present, entry });
        continue;
      }
      await pool.add(async () => {
        await attempt(context, { object, present, entry }, result);
        report.progress('copying', result.copied, context.total);
      });
    }
  } finally {
    await pool.idle();
  }
  await pool.finish();
  return result;
}

/** Both sides, as the engine lists them now. */
export const listedPairs = ({ engine, source, destination, placement, stranded }: PassContext) =>
  placement.pair(mergeListings(engine.list(source), stranded), (prefix) => engine.list(destination, prefix));

/** Moves the pointers that a pass noted, once that pass has shown that all data is there. */
export async function copyPointers(context: PassContext, pointers: readonly Seen[]): Promise<PassResult> {
  const result = nothingYet();
  for (const pointer of pointers) await attempt(context, pointer, result);
  return result;
}

/** Copies one object and counts what became of it. Rejects only for what concerns more than this object. */
async function attempt(context: PassContext, seen: Seen, result: PassResult): Promise<void> {
  const { object, present, entry } = seen;
  if (present !== undefined && isSame(context, object, present)) {
    result.unchanged++;
    return;
  }
  try {
    await copyOne(context, object, present, entry, result);
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    if (willBeSeen(error.reason, object)) result.moved++;
    else {
      const message = `${error.message}${ADVICE[error.reason] ?? ''}`;
      result.failed.push({ key: object.key, message });
      context.report.tell({ event: 'object-failed', message, key: object.key });
    }
  }
}

const isSame = ({ journal }: PassContext, object: ListedObject, present: ListedObject): boolean =>
  looksEqual(object, present) ||
  (object.size === present.size && journal.proves(object.key, object.etag, present.etag));

/** A copy that goes on where an earlier run left its upload in parts, and notes one that it begins. */
export function copyRequest(
  { source, destination, placement, journal }: PassContext,
  object: ListedObject,
): Omit<CopyRequest, 'expected'> {
  const { key, etag, bucket } = object;
  return {
    source: bucket ?? source,
    destination,
    object,
    key: placement.keyOf(key),
    withoutTags: placement.tagsLeftBehind(object),
    uploadId: journal.uploadFor(key, etag),
    onUpload: (uploadId) => journal.add({ kind: 'upload', key, source: etag, upload_id: uploadId }),
  };
}

async function copyOne(
  context: PassContext,
  object: ListedObject,
  present: ListedObject | undefined,
  entry: ManifestEntry | undefined,
  result: PassResult,
): Promise<void> {
  const { engine, journal, source, destination, placement, signal } = context;
  const { s3 } = context.aws;
  const { key, etag } = object;
  const from = object.bucket ?? source;
  if (placement.isTooLong(key)) {
    throw new CopyError(
      key,
      'key-too-long',
      `${key} of ${from} would be too long under ${placement.archive} of ${destination}: S3 takes ${LONGEST_KEY} bytes. Copy it by hand to where it is to be kept, delete it from ${from}, and run apply again.`,
    );
  }
  const kept = present && (await context.marks.of(present, context));
  if (present !== undefined && (kept !== undefined || !mayReplace(journal, entry, object, present))) {
    let why =
      kept === undefined
        ? `${present.key} in ${destination} holds something that neither the plan nor this migration wrote. It was left alone. Plan again.`
        : `${present.key} in ${destination} was left alone. ${whyKept(kept, source)}`;
    // One that is archived leads nobody anywhere: it is an object as any other.
    if (isPointerKey(placement.keyOf(key))) {
      const older = (await readText(s3, from, object)).trim();
      const conflict = await whyNotSuperseded(s3, older, { bucket: destination, object: present }, signal);
      if (conflict === undefined) {
        result.unchanged++;
        return;
      }
      why = conflict;
    }
    // A crash may have come between a copy and the journal's line about it: the bytes decide.
    if (
      present.size === object.size &&
      (await sameBytes(s3, { bucket: from, object }, { bucket: destination, object: present }, signal))
    ) {
      await journal.add({ kind: 'copied', key, source: etag, destination: present.etag });
      result.unchanged++;
      return;
    }
    throw new CopyError(key, 'destination-differs', why);
  }
  if (entry?.etag !== etag) await journal.add({ kind: 'intent', key, source: etag });
  const copied = await engine.copy({ ...copyRequest(context, object), expected: present?.etag ?? 'absent' });
  if (copied.etag !== etag)
    await journal.add({ kind: 'copied', key, source: etag, destination: copied.etag });
  result.copied++;
  result.bytes += object.size;
}

/** Only what the operator agreed to, or what we ourselves wrote, may be overwritten. */
const mayReplace = (
  journal: Journal,
  entry: ManifestEntry | undefined,
  { key }: ListedObject,
  { etag }: ListedObject,
): boolean =>
  (entry?.action === 'replace' && entry.expected === etag) ||
  (entry?.action === 'copy' && entry.etag === etag) ||
  (entry?.action === 'keep' && entry.etag === etag) ||
  journal.wrote(key, etag);
