import { sourceToldOf } from '../../../contracts/migrate-buckets/own-objects';
import type { Plan, State } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import { type RecordPlace, readFreezeRecord } from '../freeze/freeze-record';
import { currentObjects, listOwnVersions, listVersions } from '../listing/list-versions';
import { mergeByKey } from '../listing/merge-by-key';
import { readLock } from '../locks/object-lock';
import { isPipelineWrite, pipelineDigest, readPipelineWrites } from '../plan-files/pipeline-writes';
import type { PlanFiles } from '../plan-files/plan-file';

/** What came to the destination since the verification, of what only the pipeline writes; null where nothing did. */
export type WrittenSince =
  | { readonly key: string }
  /** Nothing but what the migration of another bucket to the same destination may have copied. */
  | { readonly copiedFrom: string }
  /** What lay there then is not known: the file was altered. */
  | { readonly altered: string }
  | null;

type Looking = Pick<Context, 'aws' | 'signal'>;

/** Compares what lies there now with what lay there then: the first by its key that nobody else may have copied. */
export async function writtenSince(
  context: Looking,
  plan: Pick<Plan, 'source' | 'destination'>,
  { pipeline }: PlanFiles,
  verified: NonNullable<State['verified']>,
): Promise<WrittenSince> {
  const digest = await pipelineDigest(pipeline);
  if (digest === undefined || verified.pipeline === undefined) return null;
  if (digest !== verified.pipeline) return { altered: pipeline };
  const others = await otherMigrations(context, plan);
  const now = currentObjects(listVersions(context.aws.s3, plan.destination, context.signal));
  let copiedFrom: string | undefined;
  for await (const { key, left, right } of mergeByKey(now, readPipelineWrites(pipeline))) {
    if (left === undefined || !isPipelineWrite(left) || left.etag === right?.etag) continue;
    const other = others.find(({ until }) => left.modified <= until);
    if (other === undefined) return { key };
    copiedFrom ??= other.source;
  }
  return copiedFrom === undefined ? null : { copiedFrom };
}

/** The migration of another bucket to the same destination. */
interface OtherMigration {
  readonly source: string;
  /** The last moment at which it may have copied, in milliseconds since 1970 by the clock of the destination. */
  readonly until: number;
}

/**
 * By what each migration leaves at its destination: its lock was last touched when its last command ended, and nothing
 * is copied once its retirement has begun.
 */
async function otherMigrations(
  { aws: { s3 }, signal }: Looking,
  { source: own, destination }: Pick<Plan, 'source' | 'destination'>,
): Promise<OtherMigration[]> {
  const touched = new Map<string, number>();
  for await (const { key, modified } of currentObjects(listOwnVersions(s3, destination, signal))) {
    const source = sourceToldOf(key);
    if (source === undefined || source === own) continue;
    touched.set(source, Math.max(touched.get(source) ?? 0, modified));
  }
  const found: OtherMigration[] = [];
  for (const [source, last] of touched) {
    const place = { s3, source, destination };
    const begun = (await readFreezeRecord(place))?.retirements?.at(-1);
    found.push({
      source,
      until: begun !== undefined ? Date.parse(begun.began_at) : (await mayCopyStill(place)) ? Infinity : last,
    });
  }
  return found;
}

/** Whether a command works on it, or was cut off: then nothing tells when it copied last. */
async function mayCopyStill(place: RecordPlace): Promise<boolean> {
  const seen = await readLock(place);
  return seen !== undefined && seen.lock?.released !== true;
}
