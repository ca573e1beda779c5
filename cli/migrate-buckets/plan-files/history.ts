import { appendFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Deed, type HistoryEntry, historyEntrySchema } from '../../../contracts/migrate-buckets/history';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { fileLines } from './plan-file';

/** As many as there are objects, or silences. What failed is counted at the end. */
const NOT_KEPT = new Set<MigrationEvent['event']>(['object-failed', 'waiting']);

/**
 * What the commands of a plan did, and when: the state tells only how far it is. For the report alone, so nothing
 * rests on it: where it cannot be written, the work goes on without.
 */
export class History {
  private last = performance.now();
  /** An empty line closes one that a crash cut off. */
  private before = '\n';

  constructor(
    private readonly path: string,
    private readonly command: string,
  ) {}

  add(deed: Deed): void {
    const now = performance.now();
    const seconds = Math.round(now - this.last) / 1000;
    this.last = now;
    const entry: HistoryEntry = { at: new Date().toISOString(), command: this.command, seconds, deed };
    try {
      appendFileSync(this.path, `${this.before}${JSON.stringify(entry)}\n`);
      this.before = '';
    } catch {
      // Whatever can be said of a full disk is said by the files that matter.
    }
  }
}

/** Does a command's work and keeps what it tells on the way, and how it ended where it did not end well. */
export async function keepingHistory<Result>(
  context: Context<MigrationEvent>,
  path: string,
  command: string,
  work: (context: Context<MigrationEvent>, history: History) => Promise<Result>,
): Promise<Result> {
  const history = new History(path, command);
  history.add({ event: 'begun' });
  const { report } = context;
  const tell = (event: MigrationEvent) => {
    if (!NOT_KEPT.has(event.event)) history.add(event);
    report.tell(event);
  };
  const show = report.show?.bind(report);
  const progress = report.progress.bind(report);
  try {
    return await work({ ...context, report: { tell, progress, ...(show && { show }) } }, history);
  } catch (error) {
    const message = error instanceof UserError ? error.message : 'It was interrupted.';
    history.add({ event: 'stopped', message });
    throw error;
  }
}

/** What was kept, the oldest first. Lines that were cut off, or that a newer release wrote, are passed over. */
export async function readHistory(path: string): Promise<HistoryEntry[]> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  const entries: HistoryEntry[] = [];
  for await (const line of fileLines(path, 'history')) {
    const { data } = historyEntrySchema.safeParse(parseJson(line));
    if (data !== undefined) entries.push(data);
  }
  return entries;
}
