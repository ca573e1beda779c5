import { archiveOf, COVERAGE_TAGS } from '../../../contracts/bucket-layout';
import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import type { Confirm } from '../../shared/confirmation';
import { counted, countedWere } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { Pool } from '../../shared/pool';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { readText } from '../aws/read-object';
import { type CopyEngine, CopyError } from '../engine/engine';
import type { ConfiguredBucket } from '../freeze/bucket-configuration';
import { readFreezeRecord, retirementBegunBy } from '../freeze/freeze-record';
import { undoFreeze } from '../freeze/unfreeze-plan';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import { isDeltaKey, Placement } from '../listing/placement';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { keepingHistory } from '../plan-files/history';
import { Journal } from '../plan-files/journal';
import { ManifestCursor } from '../plan-files/manifest-cursor';
import { isPointerKey } from '../plan-files/manifest-entry';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { StateFile } from '../plan-files/state';
import { whyNotSuperseded } from '../snapshots/superseded-pointer';
import { withoutCopies } from './other-copies';

export interface RollBackRequest
  extends Pick<LockedWork, 'path' | 'breakLock'>,
    Pick<ConfiguredBucket, 'readPause'> {
  /** Whether what was written to the destination since is copied to the source. */
  readonly copyBack: boolean;
  readonly confirm: Confirm;
}

/** An object that the destination holds, and the source does not, or holds otherwise. */
interface Written {
  /** At the source. */
  readonly key: string;
  readonly theirs: ListedObject;
  readonly ours: ListedObject | undefined;
}

type Run = Context<MigrationEvent> & {
  readonly engine: CopyEngine;
  readonly plan: Plan;
  readonly path: string;
  /** The first freeze of the source; null where nothing tells. */
  readonly since: string | null;
};

interface Found {
  readonly written: readonly Written[];
  /** What other plans put there. */
  readonly others: ResultOf<'rollback'>['others'];
}

type Left = ResultOf<'rollback'>['left'];

const COPIES = 32;
const SHOWN = 100;
const SAID = 5;

/**
 * Goes back to the source: shows what was written to the destination since the first freeze, copies that to the source
 * where it is wished, and unfreezes the source. Deletes nothing, overwrites nothing but a pointer whose snapshot the
 * newer one was built from. Can be repeated.
 *
 * @throws {UserError} exit 6 once the retirement has begun: by then only the destination holds it all.
 */
export async function rollBack(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  { path, breakLock, readPause, copyBack, confirm }: RollBackRequest,
): Promise<ResultOf<'rollback'>> {
  const plan = await readPlan(path);
  const { source, destination } = plan;
  await refuseRetiring(context, plan, path);
  // Read to its end, so that a plan that somebody altered is noticed before anything rests on it.
  for await (const _ of readManifest(planFiles(path).manifest, plan));
  await openBucket(context.aws, source);
  await openBucket(context.aws, destination);
  const since = await firstFreeze(context, plan);
  const found = await writtenSince({ ...context, engine, plan, path, since });
  tellWritten(context, plan, { found, since, copyBack });
  await confirm([source, plan.digest], `Type ${source} to go back to it:`);
  const work = { ...plan, command: 'rollback', path, lock: planFiles(path).lock, breakLock };
  return whileLocked(context, work, (locked) =>
    keepingHistory(locked, planFiles(path).history, 'rollback', async (kept, history) => {
      await refuseRetiring(kept, plan, path);
      const run = { ...kept, engine, plan, path, since };
      const taken = await (copyBack ? takeBack(run) : leaveAll(run));
      // What could not be taken back is told, and no reason to leave the source frozen.
      const { unfrozen, steps } = await undoFreeze(kept, plan, { path, readPause });
      const wentBack = { source, destination, unfrozen, steps, ...taken };
      history.add({ event: 'rolled-back', ...wentBack });
      return wentBack;
    }),
  );
}

/** By the state here, and by what is kept at the destination for whoever has no state, or an older one. */
async function refuseRetiring({ aws }: Pick<Context, 'aws'>, plan: Plan, path: string): Promise<void> {
  const { source, destination } = plan;
  const phase = (await StateFile.of(plan, planFiles(path).state))?.now.phase;
  const isBegun =
    phase === 'retiring' ||
    phase === 'retired' ||
    (await retirementBegunBy({ s3: aws.s3, source, destination }, plan)) !== undefined;
  if (!isBegun) return;
  throw new UserError(
    `The retirement of ${source} has begun, so that only ${destination} holds all of it. To go back, migrate back: make a plan with --source ${destination} --dest ${source}.`,
    EXIT.refused,
  );
}

/** What the destination holds since the first freeze that the source does not, and no other plan put there. */
async function writtenSince(run: Run): Promise<Found> {
  const { engine, plan, path, since } = run;
  const { source, destination } = plan;
  const files = planFiles(path);
  const journal = await Journal.open(files.journal, { readOnly: true });
  const planned = new ManifestCursor(readManifest(files.manifest, plan));
  const frozen = since === null ? 0 : Date.parse(since);
  const found: Written[] = [];
  const archives = new Map<string, number>();
  for await (const { key, source: ours, destination: theirs } of Placement.of(plan)
    .unfiltered()
    .pair(engine.list(source), (prefix) => engine.list(destination, prefix))) {
    const entry = await planned.seek(key);
    if (theirs === undefined) continue;
    if (ours !== undefined && (looksEqual(ours, theirs) || journal.proves(key, ours.etag, theirs.etag)))
      continue;
    // A stranded delta lies where it came from, too.
    if (ours === undefined && (theirs.modified < frozen || entry?.bucket !== undefined)) continue;
    // Nothing that is in use writes there. What this plan archived has another key at the source.
    const archive = theirs.key === key ? archiveOf(key) : undefined;
    if (archive !== undefined && ours === undefined && entry === undefined) {
      archives.set(archive, (archives.get(archive) ?? 0) + 1);
      continue;
    }
    found.push({ key, theirs, ours });
  }
  const { rest, copied } = await withoutCopies(run, plan, found);
  return {
    written: rest,
    others: [...archives, ...copied].map(([place, objects]) => ({ place, objects })),
  };
}

/**
 * When the source was frozen for the first time, by the clock of the destination, as every time that it lists; null
 * where nothing tells. A later freeze says nothing: what was written before that one may lie in the destination alone.
 */
async function firstFreeze({ aws }: Pick<Run, 'aws'>, { source, destination }: Plan): Promise<string | null> {
  const record = await readFreezeRecord({ s3: aws.s3, source, destination });
  return record?.first_frozen_at ?? null;
}

function tellWritten(
  { report }: Context<MigrationEvent>,
  { source, destination }: Plan,
  {
    found: { written: found, others },
    since,
    copyBack,
  }: { found: Found; since: string | null; copyBack: boolean },
): void {
  const bytes = found.reduce((sum, { theirs }) => sum + theirs.size, 0);
  const keys = found.slice(0, SAID).map(({ theirs }) => theirs.key);
  const more = found.length > SAID ? ', …' : '';
  const becomes = copyBack ? `They are copied to ${source}.` : 'They stay there alone: see --copy-back.';
  const unknown =
    since === null
      ? `Nothing tells when ${source} was frozen first, so all that it does not hold counts as written since. `
      : '';
  const message =
    found.length === 0
      ? `Nothing was written to ${destination} since the freeze that ${source} does not hold.`
      : `${counted(found.length, 'object')} of ${destination}, written since the freeze, ${found.length === 1 ? 'is' : 'are'} not in ${source}: ${keys.join(', ')}${more}. ${becomes}`;
  const objects = found.length;
  const left = others.map(({ place, objects: count }) =>
    archiveOf(place) === undefined ? `${count} copied from ${place}` : `${count} under ${place}`,
  );
  const leftOut = left.length === 0 ? '' : ` Left out, since other plans put them there: ${left.join(', ')}.`;
  report.tell({
    event: 'written-since',
    message: `${unknown}${message}${leftOut}`,
    objects,
    bytes,
    others,
    since,
  });
}

type Taken = Pick<ResultOf<'rollback'>, 'copied' | 'others' | 'left' | 'left_count'>;

async function leaveAll(run: Run): Promise<Taken> {
  const { written, others } = await writtenSince(run);
  const { source, destination } = run.plan;
  const left = written.map(({ theirs: { key }, ours }) => ({
    key,
    message: ours === undefined ? `It is only in ${destination}.` : `${source} holds something else there.`,
  }));
  return { copied: 0, others, left: left.slice(0, SHOWN), left_count: left.length };
}

async function takeBack(run: Run): Promise<Taken> {
  const { report, plan } = run;
  const { written: found, others } = await writtenSince(run);
  const left: Left = [];
  let copied = 0;
  const attempt = async (each: Written) => {
    const why = await takeOne(run, each, left.length === 0);
    if (why === undefined) copied++;
    else left.push({ key: each.theirs.key, message: why });
    report.progress('copying back', copied, found.length);
  };
  const pool = new Pool(COPIES);
  try {
    for (const each of found.filter(({ key }) => !isPointerKey(key))) await pool.add(() => attempt(each));
  } finally {
    await pool.idle();
  }
  await pool.finish();
  // A pointer goes last, once all that it may lead to is there.
  for (const each of found.filter(({ key }) => isPointerKey(key))) await attempt(each);
  report.tell({
    event: 'copied-back',
    message: `${countedWere(copied, 'object')} copied to ${plan.source}.`,
    copied,
  });
  return { copied, others, left: left.slice(0, SHOWN), left_count: left.length };
}

/** @returns why it is left; undefined once the source holds it. */
async function takeOne(
  { aws, engine, plan, signal }: Run,
  { key, theirs, ours }: Written,
  isComplete: boolean,
): Promise<string | undefined> {
  const { source, destination } = plan;
  if (ours !== undefined) {
    // By the key that it has there: one that is archived was never a pointer of the pipeline.
    if (!isPointerKey(theirs.key)) return `${source} holds something else under this key. Look at both.`;
    if (!isComplete) return 'Not everything that it may lead to was copied. Run rollback again.';
    const older = (await readText(aws.s3, source, ours)).trim();
    const why = await whyNotSuperseded(aws.s3, older, { bucket: destination, object: theirs }, signal);
    if (why !== undefined) return why;
  }
  try {
    const expected = ours?.etag ?? 'absent';
    // What a snapshot covers may expire: in the source, nothing shows that its own covers it.
    const withoutTags = isDeltaKey(key) ? COVERAGE_TAGS : undefined;
    await engine.copy({
      source: destination,
      destination: source,
      object: theirs,
      key,
      expected,
      withoutTags,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    return error.message;
  }
}
