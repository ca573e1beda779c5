import { stat } from 'node:fs/promises';
import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Filter } from '../../../contracts/migrate-buckets/plan';
import type { Aws } from '../../shared/aws/clients';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { AuthorityRequest } from '../authority/find-authority';
import { openBucket, regionOf, versioningOf } from '../aws/bucket';
import { ownerOf } from '../aws/owner';
import { examineByReading } from '../doctor/examine';
import { refuseUnlistable } from '../doctor/refuse-missing';
import type { CopyEngine } from '../engine/engine';
import { refuseFrozenDestination } from '../freeze/refuse-frozen';
import { listVersions } from '../listing/list-versions';
import { Placement } from '../listing/placement';
import { type LockedWork, withFileLock } from '../locks/while-locked';
import { planFiles, whyNotPlanName } from '../plan-files/plan-file';
import { readState } from '../plan-files/state';
import { ArchivedObjects, type RestoreWish } from './archived-objects';
import { ExpirySurvey } from './expiry-survey';
import { makePlan } from './make-plan';
import type { NamedSource } from './named-sources';
import { NotCarriedSurvey } from './not-carried';
import { ProvenMarks } from './proven-marks';
import { type SourceChoice, wholeArchive } from './source-choice';
import { refuseSplitSnapshots } from './split-snapshots';
import { choosePerCollection, chooseTruth, type TruthRequest } from './truth-choice';

export interface MigrationRequest
  extends Omit<AuthorityRequest, 'named' | 'destination'>,
    Pick<LockedWork, 'breakLock'>,
    Pick<TruthRequest, 'includeStranded' | 'acceptLoss'> {
  /** The buckets that the operator named, each with the collections that it is the source of. @default - none */
  readonly sources: readonly NamedSource[];
  readonly destination: string;
  /** A bucket of which everything is kept under `archive/{bucket}/`. @default - none: the truth is migrated */
  readonly archive?: string | undefined;
  /** The folder of `archive/` that it is kept in. @default - its name */
  readonly archiveAs?: string | undefined;
  /** Where the plan goes. Where several buckets are sources, the name of each comes before the extension. */
  readonly out: string;
  readonly overwrite: boolean;
  /** What of the source is left out. @default - nothing */
  readonly filters: readonly Filter[];
  /** Whether every object is asked for what its copy will lack, and not a sample. @default false */
  readonly deep?: boolean;
  /** How archived objects are restored. @default - they are not, and the plan is refused */
  readonly restore?: RestoreWish | undefined;
}

/**
 * Finds the truth, unless the operator named it, and writes the plan that moves it: one for each bucket that is a
 * source. Changes nothing in any bucket.
 *
 * @throws {UserError} exit 6 when a plan would lose or overwrite something without consent.
 */
export async function planMigration(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
): Promise<ResultOf<'plan'>> {
  const { destination, sources, archive, out, breakLock } = request;
  const named = archive === undefined ? sources.map(({ bucket }) => bucket) : [archive];
  if (named.includes(destination)) {
    throw new UserError(
      `${destination} is both source and destination: there is nothing to migrate.`,
      EXIT.refused,
    );
  }
  const pathOf = named.length > 1 ? (bucket: string) => pathFor(out, bucket) : () => out;
  const paths = named.length > 1 ? named.map(pathOf) : [out];
  for (const path of paths) await refuseName(path);
  const plan = async (locked: Context<MigrationEvent>) => {
    for (const path of paths) await refuseRunning(path);
    for (const bucket of [destination, ...named]) await openBucket(context.aws, bucket);
    await refuseFrozenDestination(context.aws.s3, destination);
    return planUnderLock(locked, engine, request, pathOf);
  };
  // A plan replaces the state and the journal of the one before: not while somebody goes by them.
  return paths.reduceRight(
    (work, path) => (outer) =>
      withFileLock(outer, { command: 'plan', path, lock: planFiles(path).lock, breakLock }, work),
    plan,
  )(context);
}

/** Beside the name that was given. */
const pathFor = (out: string, bucket: string): string => `${out.replace(/\.json$/, '')}-${bucket}.json`;

async function planUnderLock(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
  pathOf: (bucket: string) => string,
): Promise<ResultOf<'plan'>> {
  const { destination, sources, archive } = request;
  const write = (choice: SourceChoice) => writePlan(context, engine, request, choice, pathOf(choice.source));
  if (archive !== undefined)
    return { ...(await write(wholeArchive(archive, destination, request.archiveAs))), further: [] };
  const [first, ...others] = sources;
  if (first === undefined || others.length === 0) {
    const truth = await chooseTruth(context, engine, { ...request, named: first?.bucket });
    if (truth.source === null) return { path: null, plan: null, authority: truth.evidence, further: [] };
    return { ...(await write(truth)), further: [] };
  }
  // All are chosen before any is written: one that is refused leaves no plan of the others.
  const choices = await choosePerCollection(context, engine, { ...request, sources: [first, ...others] });
  const made = await write(choices[0]);
  const further: Planned[] = [];
  for (const choice of choices.slice(1)) further.push(await write(choice));
  return { ...made, further };
}

type Planned = Omit<ResultOf<'plan'>, 'further'>;

async function writePlan(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrationRequest,
  choice: SourceChoice,
  out: string,
): Promise<Planned> {
  const { aws, report } = context;
  const { destination } = request;
  const { source, evidence } = choice;
  const { filters } = request;
  const placement = filters.length === 0 ? choice.placement : { ...choice.placement, filters: [...filters] };
  await refuseSplitSnapshots(context, engine, source, new Placement(source, placement));
  const server = await examineByReading(context, [source, destination]);
  refuseUnlistable(server);
  const from = [source, ...choice.include.map(({ bucket }) => bucket)];
  const plan = await makePlan(
    engine,
    {
      ...choice,
      placement,
      destination,
      ...(await regionsOf(aws, destination, source, from)),
      owner: await ownerOf(aws, [source, destination]),
      overwrite: request.overwrite,
      archived: new ArchivedObjects(aws.s3, request.restore),
      notCarried: new NotCarriedSurvey(aws.s3, request.deep ?? false),
      marks: await ProvenMarks.read(context, destination),
      expiry: await ExpirySurvey.of(aws.s3, destination, context.signal),
      server,
      noncurrentVersions: await countNoncurrent(context, source),
      out,
    },
    report,
  );
  return { path: out, plan, authority: evidence };
}

/** Where the buckets are. A copy between regions is paid for. */
async function regionsOf(aws: Aws, destination: string, source: string, from: readonly string[]) {
  const regions = new Map<string, string>();
  for (const bucket of new Set([destination, ...from])) regions.set(bucket, await regionOf(aws, bucket));
  const region = regions.get(destination) ?? '';
  return {
    region,
    sourceRegion: regions.get(source) ?? '',
    crossing: new Set([...regions].filter(([, each]) => each !== region).map(([bucket]) => bucket)),
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

async function refuseName(out: string): Promise<void> {
  const why = whyNotPlanName(out);
  if (why !== undefined) throw new UserError(`${why} Name another file with --out.`, EXIT.usage);
  const found = await stat(out).catch(() => undefined);
  if (found?.isDirectory() !== true) return;
  throw new UserError(`${out} is a folder. Name the file of the plan with --out.`, EXIT.usage);
}

async function refuseRunning(out: string): Promise<void> {
  const state = await readState(planFiles(out).state);
  if (state === undefined) return;
  const { phase, no_freeze } = state;
  if (phase === 'retired') {
    throw new UserError(
      `${out} is the plan by which its source was retired: what shows why that was safe lies beside it, and would be lost. Choose another --out.`,
      EXIT.refused,
    );
  }
  const frozen = phase !== 'copying' && (!no_freeze || phase === 'retiring');
  if (frozen) {
    throw new UserError(
      `The migration of ${out} is under way and its source is frozen. Finish it, run "migrate-buckets unfreeze ${out}" first, or choose another --out.`,
      EXIT.refused,
    );
  }
}
