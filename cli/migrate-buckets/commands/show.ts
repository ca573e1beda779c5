import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bytes, duration, faint, heading, table } from '../../shared/reporters/text';
import { type Plan, planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { readState, type State } from '../plan-files/state';
import { planArgument, readOptions } from './options';

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, _context: Context): Promise<Outcome> {
  const {
    positional: [path],
  } = readOptions(z.object({ positional: planArgument }), raw);
  const files = planFiles(path);
  const plan = await readPlan(path);
  for await (const _ of readManifest(files.manifest, plan));
  const state = await readState(files.state);
  return {
    exitCode: EXIT.ok,
    data: { plan, state: state ?? null },
    text: [describePlan(plan, path), describeState(state)].join('\n'),
  };
}

/** A plan for people. */
export function describePlan(plan: Plan, path: string): string {
  const { actions, requests, stranded } = plan;
  const rows = Object.entries(actions).filter(([, { objects }]) => objects > 0);
  return [
    heading(`${plan.source} → ${plan.destination}`),
    ...plan.authority.map((sentence) => `  ${sentence}`),
    table(
      ['action', 'objects', 'size'],
      rows.map(([action, tally]) => [EXPLAINED[action] ?? action, tally.objects, bytes(tally.bytes)]),
    ),
    ...(stranded.included > 0
      ? [`${stranded.included} of them are stranded deltas from other buckets.`]
      : []),
    ...stranded.accepted_lost.map((key) => `You accept to lose ${key}.`),
    ...(plan.noncurrent_versions
      ? [`${plan.noncurrent_versions} older versions stay behind: only current objects are migrated.`]
      : []),
    `About ${requests.copy} copies and ${requests.list} listings: $${plan.estimated_cost.toFixed(4)}, ${duration(plan.estimated_time)}, by the ${plan.engine} engine.`,
    heading('Permissions that it takes'),
    ...plan.permissions.map(
      ({ actions: names, resource, retire }) =>
        `  ${names.join(', ')} on ${resource}${retire === true ? ' (to retire it)' : ''}`,
    ),
    faint(`digest ${plan.digest}`),
    `Next: migrate-buckets apply ${path}`,
  ].join('\n');
}

const EXPLAINED: Record<string, string> = {
  copy: 'copy',
  replace: 'replace what is there',
  keep: 'keep: already there',
  skip: 'skip: decoys of the old infrastructure',
};

const PHASES: Record<State['phase'], string> = {
  copying: 'It has begun; the source is as it was. Run apply to go on.',
  freezing: 'It stopped while freezing the source. Run apply to go on, or unfreeze.',
  frozen: 'The source is frozen. Run apply to go on, or unfreeze.',
  verified: 'The copy is verified and the source frozen. Run retire, or unfreeze.',
  retiring: 'The source is being retired. Run retire again to go on.',
  retired: 'The source is retired.',
};

const describeState = (state: State | undefined): string =>
  state === undefined ? 'It was not applied yet.' : PHASES[state.phase];
