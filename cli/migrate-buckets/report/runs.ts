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
  if (deed.event !== 'retired') return 'unknown';
  const { failed_count: failed, left } = deed.retired;
  return failed > 0 || (left?.versions ?? 0) > 0 ? 'stopped' : 'done';
}

function sentenceOf(deed: Exclude<Deed, { event: 'begun' | 'certified' }>): string {
  if (deed.event === 'migrated') {
    const { copied, failed, verification } = deed;
    if (failed > 0) return `${counted(failed, 'object')} failed.`;
    const proven = verification?.proven === true ? 'all is proven' : 'not all is proven';
    return `${countedWere(copied, 'object')} copied, and ${proven}.`;
  }
  if (deed.event === 'retired') {
    const { deleted, failed_count: failed } = deed.retired;
    return `${countedWere(deleted, 'object')} deleted${failed > 0 ? `, and ${failed} could not be` : ''}.`;
  }
  return deed.message;
}
