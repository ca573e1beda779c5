import { z } from 'zod';
import { isFrozen, readState, writeState } from '../apply/state';
import type { Context, Outcome } from '../context';
import { EXIT } from '../exit-codes';
import { unfreeze } from '../freeze/freeze';
import { planFiles, readPlan } from '../plan/plan-file';
import { good } from '../reporters/text';
import { planArgument, readOptions } from './options';

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
  await unfreeze(aws.s3, source, state.saved);
  await writeState(files.state, { ...state, phase: 'copying', saved: null, verified: null });
  return {
    exitCode: EXIT.ok,
    data: { source, unfrozen: true },
    text: good(`The policy and lifecycle of ${source} are as they were. Before retiring it, apply again.`),
  };
}
