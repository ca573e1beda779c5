import type { Deed, HistoryEntry } from '../../../contracts/migrate-buckets/history';
import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Proof, Report } from '../../../contracts/migrate-buckets/report';
import { LEVELS, type Level } from '../../../contracts/migrate-buckets/words';
import { readEvidence } from '../plan-files/evidence';
import { readHistory } from '../plan-files/history';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { StateFile } from '../plan-files/state';
import { retirementsOf } from './retirements';
import { runsOf } from './runs';
import { judge } from './verdict';

/**
 * Gathers what lies beside a plan. Asks nobody: it tells the same when the source is gone.
 *
 * @throws {UserError} when the plan cannot be read, or its manifest or state is another's.
 */
export async function gatherReport(path: string, tool: string): Promise<Report> {
  const files = planFiles(path);
  const plan = await readPlan(path);
  for await (const _ of readManifest(files.manifest, plan));
  const state = (await StateFile.of(plan, files.state))?.now;
  const history = await readHistory(files.history);
  const known = {
    phase: state?.phase ?? ('planned' as const),
    plan,
    frozen: frozenBy(state),
    server: state?.server ?? null,
    no_freeze: state?.no_freeze ?? false,
    overrides: state?.overrides ?? [],
    proof: proofOf(state, history),
    ...retirementsOf(history),
  };
  return {
    made_at: new Date().toISOString(),
    tool,
    verdict: judge(known),
    ...known,
    authority: await readEvidence(files.evidence, plan),
    copied: copiedBy(history),
    runs: runsOf(history),
    certificates: history.flatMap(({ at, deed }) => {
      if (deed.event !== 'certified') return [];
      const { path: certificate, digest, objects } = deed;
      return [{ at, path: certificate, digest, objects }];
    }),
  };
}

/** By whom, as far as it is told: older releases did not. */
function frozenBy(state: State | undefined): Report['frozen'] {
  const mark = state?.phase === 'copying' ? undefined : state?.saved?.mark;
  return mark === undefined ? null : { at: mark.at, by: mark.by };
}

const deedsOf = <Event extends Deed['event']>(history: readonly HistoryEntry[], event: Event) =>
  history.flatMap(({ at, command, deed }) =>
    deed.event === event ? [{ at, command, deed: deed as Extract<Deed, { event: Event }> }] : [],
  );

/** What the state says was proven, with what only the history tells of that very verification. */
function proofOf(state: State | undefined, history: readonly HistoryEntry[]): Proof | null {
  const verified = state?.verified ?? null;
  if (verified === null) return null;
  const { at, digest, objects, bytes, snapshots } = verified;
  const told = deedsOf(history, 'migrated')
    .map(({ deed }) => deed.verification)
    .findLast((each) => each?.digest === digest && each.proven);
  const levels = Object.fromEntries(
    LEVELS.map((level) => [
      level,
      { objects: verified.levels[level], bytes: told?.levels[level].bytes ?? null },
    ]),
  ) as Record<Level, { objects: number; bytes: number | null }>;
  return { at, digest, objects, bytes, levels, snapshots, fidelity: told?.fidelity ?? null };
}

function copiedBy(history: readonly HistoryEntry[]): Report['copied'] {
  const ended = deedsOf(history, 'migrated');
  if (ended.length === 0) return null;
  const sum = (of: (deed: Extract<Deed, { event: 'migrated' }>) => number) =>
    ended.reduce((total, { deed }) => total + of(deed), 0);
  return { objects: sum(({ copied }) => copied), bytes: sum(({ bytes }) => bytes) };
}
