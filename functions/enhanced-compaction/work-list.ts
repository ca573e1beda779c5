import type { Collection } from '../../contracts/collections';
import {
  type CompactionRun,
  decodeRun,
  hasDeltas,
  isUnfinished,
  type RunReference,
  runKey,
  runName,
  runOf,
} from '../../contracts/compaction-run';
import { messageOf } from '../shared/logging';
import { pendingItems, type RunTable, readItem } from '../shared/run-table';
import { concurrently } from './concurrently';

export interface WorkList {
  /** Unfinished runs that have their deltas, in order of creation. */
  readonly runs: readonly CompactionRun[];
  /** One sentence for each item of the table that is not a run of this version. */
  readonly malformed: readonly string[];
}

/**
 * A collection's unfinished runs that have their deltas: those of the pending index, and those that doorbells name, read by
 * key, since the index follows the table with a delay.
 */
export async function workList(
  table: RunTable,
  collection: Collection,
  announced: readonly RunReference[],
): Promise<WorkList> {
  const items = await pendingItems(table, collection);
  const listed = new Set(items.map(({ PK, SK }) => `${PK} ${SK}`));
  const unlisted = announced.filter((run) => !listed.has(runName(run)));
  const own = await concurrently(unlisted, (run) => readItem(table, runKey(run)));

  const runs = new Map<string, CompactionRun>();
  const malformed: string[] = [];
  for (const item of [...items, ...own]) {
    if (item === undefined) continue;
    try {
      const run = decodeRun(item);
      if (isUnfinished(run[collection].state) && hasDeltas(run)) runs.set(runName(runOf(run)), run);
    } catch (error) {
      malformed.push(`The run item ${item.PK} ${item.SK} is malformed: ${messageOf(error)}.`);
    }
  }
  return { runs: [...runs.values()], malformed };
}

/** Whether a run has reached a final state, read consistently. A run that is not there has nothing left to do. */
export async function isFinished(
  table: RunTable,
  collection: Collection,
  run: RunReference,
): Promise<boolean> {
  const item = await readItem(table, runKey(run));
  return item === undefined || !isUnfinished(decodeRun(item)[collection].state);
}
