import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { good } from '../../shared/reporters/text';
import { unfreeze } from '../freeze/freeze';
import { withLock } from '../plan-files/lock';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { isFrozen, readState, writeState } from '../plan-files/state';
import { planArgument, readOptions } from './options';

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, { aws }: Context): Promise<Outcome> {
  const {
    positional: [path],
  } = readOptions(z.object({ positional: planArgument }), raw);
  const plan = await readPlan(path);
  const files = planFiles(path);
  const state = await readState(files.state);
  const { source } = plan;
  if (state === undefined || state.saved === null || !isFrozen(state)) {
    return {
      exitCode: EXIT.ok,
      data: { source, unfrozen: false },
      text: `${source} is not frozen by this plan.`,
    };
  }
  const { saved } = state;
  await withLock(files.lock, async () => {
    await unfreeze(aws.s3, source, saved);
    // A retirement that began stays what it is: its objects are proven, and partly gone.
    const begun = state.phase === 'retiring' || state.phase === 'retired';
    const back = begun ? {} : { phase: 'copying' as const, verified: null };
    await writeState(files.state, { ...state, ...back, saved: null });
  });
  return {
    exitCode: EXIT.ok,
    data: { source, unfrozen: true },
    text: good(`The policy and lifecycle of ${source} are as they were. Before retiring it, apply again.`),
  };
}
