import type { SnapshotGate } from '../../../contracts/migrate-buckets/authority';
import type { RecordTally } from '../../../contracts/record-form';
import { counted } from '../../shared/counted';
import type { ChromaDatabase } from './chroma-database';
import type { PersistDirectory } from './persist-directory';
import { compareIndexes } from './vector-index';

export interface SnapshotFindings {
  readonly gates: readonly SnapshotGate[];
  /** Null where it was not opened, or cannot be. */
  readonly records: number | null;
  /** Null where they were not looked at, or could not be. */
  readonly record_forms: RecordTally | null;
}

/** What is said of the checks that were not to be made. */
export const SKIPPED: readonly SnapshotGate[] = (['database-sound', 'vectors-agree'] as const).map(
  (gate) => ({
    gate,
    result: 'neutral',
    evidence: 'Not checked (--quick).',
  }),
);

/** Passes what was unpacked through the gates, one after the other. */
export function evaluateSnapshot(
  key: string,
  directory: PersistDirectory | string,
  read: (path: string) => ChromaDatabase | string,
  quick: boolean,
): SnapshotFindings {
  const gates: SnapshotGate[] = [];
  const gate = (name: SnapshotGate['gate'], result: SnapshotGate['result'], evidence: string) =>
    gates.push({ gate: name, result, evidence });
  const unusable = (why: string): SnapshotFindings => {
    gate('holds-a-snapshot', 'fail', `${key} is not a usable snapshot: ${why}.`);
    return { gates, records: null, record_forms: null };
  };
  if (typeof directory === 'string') return unusable(`it cannot be unpacked (${directory})`);
  if (directory.database === undefined) return unusable('it holds no chroma.sqlite3');
  const database = read(directory.database);
  if (typeof database === 'string') {
    return unusable(`its chroma.sqlite3 is not a sound database of Chroma (SQLite says "${database}")`);
  }
  const { records, collections, pages, damage, segments, forms } = database;
  if (records === 0) {
    gate(
      'holds-a-snapshot',
      'fail',
      `${key} is an EMPTY Chroma directory: it holds no record, whatever its date.`,
    );
    return { gates, records, record_forms: null };
  }
  const each = collections.map((collection) => `${collection.name}: ${collection.records}`).join(', ');
  gate(
    'holds-a-snapshot',
    'pass',
    `${key} holds ${counted(records, 'record')} (${each || 'no collection'}).`,
  );
  if (quick) return { gates: [...gates, ...SKIPPED], records, record_forms: null };
  if (damage !== undefined) {
    gate('database-sound', 'fail', `The database in ${key} is damaged: ${damage}.`);
    return { gates, records, record_forms: null };
  }
  gate('database-sound', 'pass', `SQLite finds its ${counted(pages, 'page')} whole.`);
  const compared = compareIndexes(segments, directory);
  if ('disagreement' in compared) {
    gate('vectors-agree', 'fail', `The files of ${key} do not agree: ${compared.disagreement}.`);
  } else if (compared.elements === 0) {
    gate('vectors-agree', 'neutral', 'Its vectors are all in the log, in no index yet.');
  } else {
    gate('vectors-agree', 'pass', `Its vector index holds ${counted(compared.elements, 'element')}.`);
  }
  return { gates, records, record_forms: forms ?? null };
}
