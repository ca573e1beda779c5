import type { BegunRetirement } from '../../../contracts/migrate-buckets/freeze';
import type { Migration, MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan, State } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { tellAccepted } from '../doctor/given-up';
import type { CopyEngine } from '../engine/engine';
import { readConfiguration } from '../freeze/bucket-configuration';
import { beforeFreeze } from '../freeze/freeze';
import { retirementBegunBy } from '../freeze/freeze-record';
import { refuseFrozenDestination } from '../freeze/refuse-frozen';
import { Placement } from '../listing/placement';
import { Journal } from '../plan-files/journal';
import { BEGUN, REPLAN } from '../plan-files/once-begun';
import { pipelineDigest } from '../plan-files/pipeline-writes';
import { type PlanFiles, readManifest } from '../plan-files/plan-file';
import { refuseStale, strandedOf } from '../plan-files/staleness';
import { isFrozen, StateFile } from '../plan-files/state';
import { ProvenMarks } from '../planning/proven-marks';
import { verifyBuckets } from '../verification/verify';
import { sendCanary } from './canary';
import { catchUp } from './catch-up';
import { copyPass, copyPointers, type PassContext } from './copy-pass';
import { PassTally } from './pass-tally';
import { proveServer, type ServerRequest } from './prove-server';
import { beforeFrozen, type FreezeRequest, whileFrozen } from './while-frozen';

export interface MigrateRequest
  extends Pick<FreezeRequest, 'principals' | 'settle' | 'readPause'>,
    Pick<ServerRequest, 'acceptMissing' | 'second'> {
  readonly plan: Plan;
  readonly files: PlanFiles;
  /** The source is live: objects that it gained or changed since the plan are taken as they are. */
  readonly allowSourceChanges: boolean;
  /** The source is known to be idle: nobody's writes are denied. */
  readonly noFreeze: boolean;
}

/** One run of `apply`: what its steps share. */
interface Run extends PassContext, FreezeRequest {
  readonly noFreeze: boolean;
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly tally: PassTally;
  readonly versionsPath: string;
  readonly pipelinePath: string;
}

/**
 * Carries a plan out: canary, pre-copy while the source is live, freeze, catch-up until a pass copies
 * nothing, pointers, verification. Whatever stops it, the next call goes on from what the destination holds.
 * Unless it ends verified, the source's policy and lifecycle are put back.
 */
export async function migrate(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: MigrateRequest,
): Promise<Migration> {
  const { plan, files } = request;
  const started = performance.now();
  const manifest = () => readManifest(files.manifest, plan);
  const stranded = await strandedOf(manifest());
  const state = await beginOrResume(context, engine, request);
  const marks = await beforeFrozen({ ...context, ...request, ...plan, plan, state }, async () => {
    await proveServer(context, { ...plan, ...request }, state);
    tellAccepted(context.report, state.now);
    return ProvenMarks.read(context, plan.destination);
  });
  const journal = await Journal.open(files.journal);
  const tally = new PassTally(context.report);
  try {
    const verification = await carryOut({
      ...context,
      ...request,
      engine,
      journal,
      state,
      tally,
      stranded,
      marks,
      digest: plan.digest,
      manifest,
      source: plan.source,
      destination: plan.destination,
      placement: Placement.of(plan),
      total: plan.actions.copy.objects + plan.actions.replace.objects,
      versionsPath: files.versions,
      pipelinePath: files.pipeline,
    });
    const { copied, bytes, passes, failed } = tally;
    return { copied, bytes, passes, failed, verification, seconds: (performance.now() - started) / 1000 };
  } finally {
    await journal.close();
  }
}

/** The state of an earlier call, or a first one once both buckets are shown to be what the plan was made from. */
async function beginOrResume(
  { aws, report }: Context<MigrationEvent>,
  engine: CopyEngine,
  { plan, files, allowSourceChanges }: MigrateRequest,
): Promise<StateFile> {
  const earlier = await StateFile.of(plan, files.state);
  refuseRetiring(plan, earlier?.now.phase, await retirementBegunBy({ s3: aws.s3, ...plan }, plan));
  if (earlier === undefined) {
    await refuseStale(engine, plan, files.manifest, allowSourceChanges);
    report.tell({ event: 'plan-current', message: 'The buckets are what the plan was made from.' });
    return StateFile.create(plan, files.state);
  }
  report.tell({ event: 'resuming', message: `Going on from the phase "${earlier.now.phase}".` });
  return earlier;
}

/** By the state here, and by what is kept at the destination for whoever has no state, or an older one. */
function refuseRetiring(
  { source }: Plan,
  phase: State['phase'] | undefined,
  elsewhere: BegunRetirement | undefined,
): void {
  if (phase === 'retired' || (elsewhere !== undefined && elsewhere.ended_at !== null)) {
    throw new UserError(`${source} is retired: there is nothing left to apply.`, EXIT.refused);
  }
  if (phase !== 'retiring' && elsewhere === undefined) return;
  const where =
    phase === 'retiring' || elsewhere === undefined
      ? 'Run retire to go on with it.'
      : `${elsewhere.by} began it at ${elsewhere.began_at}: run retire there to go on with it.`;
  throw new UserError(
    `The retirement of ${source} ${BEGUN}. ${where} If that finds what is not proven: ${REPLAN}`,
    EXIT.refused,
  );
}

/** Null when objects failed, so that it did not come to a verification. */
async function carryOut(run: Run): Promise<Verification | null> {
  const { state, noFreeze } = run;
  const live = !isFrozen(state.now) || state.now.no_freeze;
  if (live && !(await copyWhileLive(run))) return null;
  if (!noFreeze) return whileFrozen(run, () => catchUpAndVerify(run));
  // What an earlier call proved is not what this one leaves.
  await state.save({ phase: 'copying', verified: null });
  return catchUpAndVerify(run);
}

async function catchUpAndVerify(run: Run): Promise<Verification | null> {
  const caughtUp = await catchUp(
    () => run.tally.count('catch-up', copyPass(run)),
    (seen) => run.tally.count('pointers', copyPointers(run, seen)),
    run.source,
  );
  return caughtUp ? verifyCopy(run) : null;
}

/** Most of the copy, while the source may still be written to. False when objects failed. */
async function copyWhileLive(run: Run): Promise<boolean> {
  const { aws, engine, plan, tally, report, noFreeze } = run;
  await refuseFrozenDestination(aws.s3, plan.destination);
  if (!noFreeze) {
    // What the freeze will need to read is asked for before anything is copied, and whether another plan froze it.
    const now = await readConfiguration({ s3: aws.s3, bucket: plan.source });
    beforeFreeze(plan.source, now, plan.digest, {});
  }
  const key = await sendCanary(engine, run, plan.requests.copy > plan.actions.copy.objects);
  if (key !== undefined) {
    tally.copied++;
    report.tell({
      event: 'canary',
      message: `The canary ${key} was copied with all that the others need.`,
      key,
    });
  }
  const { failed } = await tally.count('pre-copy', copyPass(run));
  return failed.length === 0;
}

/** Proves every object, and notes in the state what was proven: that is what may be retired. */
async function verifyCopy(run: Run): Promise<Verification> {
  const verification = await verifyBuckets(run, { ...run, deep: false });
  if (verification.proven) {
    const { digest, objects, bytes, levels, snapshots } = verification;
    const counts = Object.entries(levels).map(([level, each]) => [level, each.objects]);
    await run.state.save({
      phase: 'verified',
      verified: {
        at: new Date().toISOString(),
        digest,
        objects,
        bytes,
        levels: Object.fromEntries(counts),
        snapshots: [...snapshots],
        pipeline: await pipelineDigest(run.pipelinePath),
      },
    });
  }
  return verification;
}
