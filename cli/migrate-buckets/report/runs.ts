import type { Deed, HistoryEntry } from '../../../contracts/migrate-buckets/history';
import type { Run } from '../../../contracts/migrate-buckets/report';
import { counted, countedWere } from '../../shared/counted';

/** The calls that a history tells of, the first one first. Pure. */
export function runsOf(history: readonly HistoryEntry[]): Run[] {
  const runs: Run[] = [];
  for (const { at, command, seconds, deed } of history) {
    if (deed.event === 'begun') runs.push({ command, begun_at: at, seconds: 0, end: 'unknown', steps: [] });
    const run = runs.at(-1);
    // A certificate is no step of a migration: it is told for itself.
    if (run === undefined || deed.event === 'begun' || deed.event === 'certified') continue;
    run.steps.push({ event: deed.event, seconds, message: sentenceOf(deed) });
    run.seconds = Math.round((run.seconds + seconds) * 1000) / 1000;
    run.end = endOf(deed);
  }
  return runs;
}

/** How a call ended, if its last deed was this one. */
function endOf(deed: Deed): Run['end'] {
  if (deed.event === 'migrated') return deed.verification?.proven === true ? 'done' : 'stopped';
  if (deed.event === 'stopped') return 'stopped';
  if (deed.event === 'freeze-undone') return 'done';
  if (deed.event === 'rolled-back') return deed.left_count > 0 ? 'stopped' : 'done';
  if (deed.event !== 'retired') return 'unknown';
  const { failed_count: failed, left } = deed.retired;
  return failed > 0 || (left?.versions ?? 0) > 0 ? 'stopped' : 'done';
}

function sentenceOf(deed: Exclude<Deed, { event: 'begun' | 'certified' }>): string {
  if (deed.event === 'migrated') {
    const { copied, failed, verification } = deed;
    if (failed > 0) return `${counted(failed, 'object')} failed.`;
    const all = (verification?.left_out?.objects ?? 0) > 0 ? 'all that is taken' : 'all';
    const proven = verification?.proven === true ? `${all} is proven` : `not ${all} is proven`;
    return `${countedWere(copied, 'object')} copied, and ${proven}.`;
  }
  if (deed.event === 'retired') {
    const { mode, hidden, deleted, failed_count: failed } = deed.retired;
    if (mode === 'soft') return 'The bucket is marked as retired; nothing was deleted.';
    if (hidden && failed === 0) return 'The objects are hidden; nothing was deleted for good.';
    return `${countedWere(deleted, 'object')} deleted${failed > 0 ? `, and ${failed} could not be` : ''}.`;
  }
  if (deed.event === 'rolled-back') {
    const { source, destination, copied, others, left_count: left, steps } = deed;
    const theirs = others.reduce((sum, { objects }) => sum + objects, 0);
    const but = theirs > 0 ? ` What other plans put there is left out (${counted(theirs, 'object')}).` : '';
    const rest = left > 0 ? `, and ${left} only in ${destination} ${left === 1 ? 'was' : 'were'} left` : '';
    return `${countedWere(copied, 'object')} copied back to ${source}${rest}.${but} ${undone(deed)}${steps.join(' ')}`;
  }
  if (deed.event === 'freeze-undone') return `${undone(deed)}${deed.steps.join(' ')}`;
  return deed.message;
}

const undone = ({ source, unfrozen }: { readonly source: string; readonly unfrozen: boolean }): string =>
  unfrozen ? `${source} is not frozen any more. ` : `${source} was not frozen by this plan.`;
