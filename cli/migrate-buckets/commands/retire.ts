import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bad, good, table } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { REFERENCE_KINDS } from '../discovery/references';
import { withLock } from '../plan-files/lock';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { isFrozen, readState, writeState } from '../plan-files/state';
import { allPass, type Gate, judgeGates } from '../retirement/gates';
import { gatherFacts } from '../retirement/gather-facts';
import { RETIRE_MODES, type Retirement, retireBucket } from '../retirement/retire-bucket';
import { confirm } from './confirmation';
import { number, planArgument, readOptions } from './options';

const retireOptions = z.object({
  positional: planArgument,
  mode: z.enum(RETIRE_MODES, `the mode is one of ${RETIRE_MODES.join(', ')}`),
  purge: z.boolean().default(false),
  confirm: z.string().optional(),
  soak: number('the soak time'),
  state: z.array(z.string()).default([]),
  acceptUnchecked: z
    .array(z.enum(REFERENCE_KINDS, `a gate is one of ${REFERENCE_KINDS.join(', ')}`))
    .default([]),
  acceptIdle: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, context: Context): Promise<Outcome> {
  const { aws, signal, report } = context;
  const options = readOptions(retireOptions, raw);
  const [path] = options.positional;
  const plan = await readPlan(path);
  const files = planFiles(path);
  const state = await readState(files.state);
  if (state !== undefined && state.digest !== plan.digest) {
    throw new UserError(`${files.state} belongs to another plan. Plan again.`, EXIT.stale);
  }
  if (state?.phase === 'retired') {
    throw new UserError(`${plan.source} is retired already.`, EXIT.refused);
  }
  await openBucket(aws, plan.source);
  await openBucket(aws, plan.destination);
  const overrides = [...options.acceptUnchecked, ...(options.acceptIdle ? ['in-use'] : [])];
  const facts = await gatherFacts(
    aws,
    { plan, files, state, statePaths: options.state, soak: options.soak * 3600, overrides },
    report,
    signal,
  );
  const gates = judgeGates(facts);
  const passed = allPass(gates) && state !== undefined && isFrozen(state);
  if (!passed || options.dryRun) {
    const text = passed
      ? good('Every gate holds. Nothing was done (--dry-run).')
      : bad('Refused: nothing was deleted.');
    return {
      exitCode: passed ? EXIT.ok : EXIT.refused,
      data: { gates, retired: null },
      text: [describeGates(gates), text].join('\n'),
    };
  }
  report.event('gates', 'Every gate holds.', { gates });
  await confirm(
    context,
    options.confirm,
    [plan.source, plan.digest],
    `Retiring (${options.mode}) empties the source. Type its name to go on:`,
  );
  const at = new Date().toISOString();
  const used = gates.filter(({ overridden }) => overridden).map(({ name }) => ({ gate: name, at }));
  const recorded = { ...state, overrides: [...state.overrides, ...used] };
  await writeState(files.state, recorded);
  const { mode, purge } = options;
  const retired = await withLock(files.lock, () =>
    retireBucket(aws, { plan, files, state: recorded, mode, purge }, report, signal),
  );
  return {
    exitCode: retired.failed.length > 0 ? EXIT.incomplete : EXIT.ok,
    data: { gates, retired },
    text: [describeGates(gates), describe(retired, plan.source, path)].join('\n'),
  };
}

function describeGates(gates: readonly Gate[]): string {
  const mark = ({ passed, overridden }: Gate) =>
    overridden ? 'overridden' : passed ? good('holds') : bad('FAILS');
  return table(
    ['gate', '', 'evidence'],
    gates.map((gate) => [gate.name, mark(gate), gate.evidence]),
  );
}

function describe(retired: Retirement, source: string, path: string): string {
  const { mode, hidden, deleted, failed, bucketDeleted, uploadsAborted } = retired;
  if (failed.length > 0) {
    const shown = failed.slice(0, 20).map(({ key, message }) => `  ${key}: ${message}`);
    return [
      bad(`${failed.length} objects of ${source} could not be deleted. Run retire again.`),
      ...shown,
    ].join('\n');
  }
  if (mode === 'soft') return good(`${source} is marked as retired. It stays frozen, with all it holds.`);
  if (hidden) {
    return good(
      `The objects of ${source} are hidden under delete markers. Once nothing misses them, delete the versions for good: migrate-buckets retire ${path} --purge`,
    );
  }
  const uploads = uploadsAborted === 0 ? '' : ` ${uploadsAborted} unfinished uploads were aborted.`;
  return good(
    bucketDeleted
      ? `${source} is emptied (${deleted} deleted) and deleted.${uploads}`
      : `${source} is empty (${deleted} deleted) and kept, so that nobody else can take its name.${uploads}`,
  );
}
