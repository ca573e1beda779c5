import type { HistoryEntry } from '../../../contracts/migrate-buckets/history';
import type { Report, ReportedRetirement } from '../../../contracts/migrate-buckets/report';

/**
 * The retirements that a history tells of. What an earlier one deleted is not hidden by a later one; only those before
 * the last that are known to have taken nothing away are left out. Pure.
 */
export function retirementsOf(
  history: readonly HistoryEntry[],
): Pick<Report, 'retirement' | 'earlier_retirements'> {
  const all: ReportedRetirement[] = [];
  let current: ReportedRetirement | undefined;
  for (const { at, deed } of history) {
    if (deed.event === 'begun') current = undefined;
    // The gates are kept right before the deletion, or where one of them does not hold any more.
    if (deed.event === 'gates') {
      const { gates, inventory } = deed;
      current = { at, gates, inventory, hidden: 0, deleted: 0, retired: null };
      all.push(current);
    }
    if (current === undefined) continue;
    if (deed.event === 'hidden') current.hidden += deed.objects;
    if (deed.event === 'deleted') current.deleted += deed.objects;
    if (deed.event === 'purged') current.deleted += deed.versions;
    if (deed.event === 'retired') current.retired = deed.retired;
  }
  return { retirement: all.at(-1) ?? null, earlier_retirements: all.slice(0, -1).filter(mayHaveDeleted) };
}

/** One that was killed amid its work tells no count: the next one's inventory shows what was left. */
const mayHaveDeleted = ({ gates, hidden, deleted, retired }: ReportedRetirement): boolean =>
  hidden > 0 || deleted > 0 || (retired === null && gates.every(({ passed }) => passed));
