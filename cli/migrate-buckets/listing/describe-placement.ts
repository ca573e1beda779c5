import { archivePrefix } from '../../../contracts/bucket-layout';
import type { Plan } from '../../../contracts/migrate-buckets/plan';

/** Where the objects of a plan belong, in sentences: none where every object keeps its key. */
export function describePlacement({
  source,
  destination,
  placement,
}: Pick<Plan, 'source' | 'destination' | 'placement'>): string[] {
  const { archived, live, folder = source, filters = [] } = placement;
  const said = filters.map(({ action, glob }) => `--${action} "${glob}"`);
  const left = said.length === 0 ? [] : [`Of ${source}, not all is taken: ${said.join(', ')}.`];
  if (archived.length === 0) return left;
  const under = `under ${archivePrefix(folder)} of ${destination}`;
  const all = archived.includes('');
  if (all && live.length === 0) {
    const what = left.length === 0 ? `All of ${source}` : `What is taken of ${source}`;
    return [`${what} goes ${under}.`, ...left];
  }
  return all
    ? [`Of ${source}, ${live.join(', ')} keep their keys; all else goes ${under}.`, ...left]
    : [`Of ${source}, ${archived.join(', ')} go ${under}; all else keeps its key.`, ...left];
}
