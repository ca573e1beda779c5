import { readFile, stat } from 'node:fs/promises';
import type { Authority } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import { ALL_LIVE } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type AuthorityRequest, findAuthority } from '../authority/find-authority';
import { describeLeftBehind } from '../authority/left-behind';
import { openBucket, versioningOf } from '../aws/bucket';
import { ownerOf } from '../aws/owner';
import { examineByReading } from '../doctor/examine';
import { refuseUnlistable } from '../doctor/refuse-missing';
import type { CopyEngine } from '../engine/engine';
import { listVersions } from '../listing/list-versions';
import { type LockedWork, withFileLock } from '../locks/while-locked';
import { planFiles } from '../plan-files/plan-file';
import { readState } from '../plan-files/state';
import { ArchivedObjects, type RestoreWish } from './archived-objects';
import { makePlan } from './make-plan';
import { NotCarriedSurvey } from './not-carried';
import { type SourceChoice, wholeArchive } from './source-choice';
import { chooseStranded } from './stranded-choice';

export interface MigrationRequest extends AuthorityRequest, Pick<LockedWork, 'breakLock'> {
  readonly destination: string;
  /** A bucket of which everything is kept under `archive/{bucket}/`. @default - none: the truth is migrated */
  readonly archive?: string | undefined;
  /** Where the plan goes. */
  readonly out: string;
  readonly includeStranded: boolean;
  /** A file with the keys, one a line, of stranded deltas that may be lost. */
  readonly acceptLoss: string | undefined;
  readonly overwrite: boolean;
  /** Whether every object is asked for what its copy will lack, and not a sample. @default false */
  readonly deep?: boolean;
  /** How archived objects are restored. @default - they are not, and the plan is refused */
  readonly restore?: RestoreWish | undefined;
}

/**
 * Finds the truth, unless the operator named it, and writes the plan that moves it. Changes nothing in any
 * bucket. The plan is null when the evidence does not show which bucket is the truth.
 *
 * @throws {UserError} exit 6 when a plan would lose or overwrite something without consent.
 */
export async function planMigration(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
): Promise<Pick<ResultOf<'plan'>, 'plan' | 'authority'>> {
  const { destination, named, archive, out, breakLock } = request;
  if (named === destination || archive === destination) {
    throw new UserError(
      `${destination} is both source and destination: there is nothing to migrate.`,
      EXIT.refused,
    );
  }
  await refuseFolder(out);
  // A plan replaces the state and the journal of the one before: not while somebody goes by them.
  const work = { command: 'plan', path: out, lock: planFiles(out).lock, breakLock };
  return withFileLock(context, work, (locked) => planUnderLock(locked, engine, request));
}

async function planUnderLock(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
): Promise<Pick<ResultOf<'plan'>, 'plan' | 'authority'>> {
  const { aws, report } = context;
  const { destination, archive, named = archive, out } = request;
  await refuseRunning(out);
  await openBucket(aws, destination);
  if (named !== undefined) await openBucket(aws, named);
  const choice =
    archive === undefined ? await chooseTruth(context, engine, request) : wholeArchive(archive, destination);
  if (choice.source === null) return { plan: null, authority: choice.evidence };
  const { source, evidence } = choice;
  const server = await examineByReading(context, [source, destination]);
  refuseUnlistable(server);
  const plan = await makePlan(
    engine,
    {
      ...choice,
      destination,
      region: await aws.s3.config.region(),
      owner: await ownerOf(aws, [source, destination]),
      overwrite: request.overwrite,
      archived: new ArchivedObjects(aws.s3, request.restore),
      notCarried: new NotCarriedSurvey(aws.s3, request.deep ?? false),
      server,
      noncurrentVersions: await countNoncurrent(context, source),
      out,
    },
    report,
  );
  return { plan, authority: evidence };
}

/** The bucket that the evidence shows to be the truth, or that the operator named. */
async function chooseTruth(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
): Promise<SourceChoice | { readonly source: null; readonly evidence: Authority }> {
  const { authority: evidence, stranded } = await findAuthority(context, engine, request);
  const { winner: source, reasons, left_behind: leftBehind, unchecked } = evidence;
  if (source === null) return { source, evidence };
  return {
    source,
    placement: ALL_LIVE,
    ...chooseStranded(stranded, await readLosses(request.acceptLoss), request.includeStranded),
    authority: [...reasons, ...leftBehind.flatMap((each) => describeLeftBehind(each, source)), ...unchecked],
    evidence,
  };
}

/** Versions that stay behind: only current objects are migrated. */
async function countNoncurrent({ aws, signal }: Context<MigrationEvent>, bucket: string): Promise<number> {
  if ((await versioningOf(aws, bucket)) === 'off') return 0;
  let count = 0;
  for await (const { isLatest, isDeleteMarker } of listVersions(aws.s3, bucket, signal)) {
    if (!isLatest && !isDeleteMarker) count++;
  }
  return count;
}

async function refuseFolder(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found?.isDirectory() !== true) return;
  throw new UserError(`${out} is a folder. Name the file of the plan with --out.`, EXIT.usage);
}

async function refuseRunning(out: string): Promise<void> {
  const state = await readState(planFiles(out).state);
  if (state === undefined) return;
  const { phase, no_freeze } = state;
  const frozen = phase !== 'copying' && phase !== 'retired' && (!no_freeze || phase === 'retiring');
  if (frozen) {
    throw new UserError(
      `The migration of ${out} is under way and its source is frozen. Finish it, run "migrate-buckets unfreeze ${out}" first, or choose another --out.`,
      EXIT.refused,
    );
  }
}

async function readLosses(path: string | undefined): Promise<ReadonlySet<string>> {
  if (path === undefined) return new Set();
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UserError(`The list of accepted losses at ${path} cannot be read.`, EXIT.usage);
  });
  return new Set(text.split(/\r?\n/).filter((line) => line !== ''));
}
