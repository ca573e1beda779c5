import { COLLECTIONS, type Collection } from '../../../../contracts/collections';
import type { CompactionRun } from '../../../../contracts/compaction-run';
import { CONTENT_HASH_KEY, type RecordMetadata } from '../../../../contracts/delta';
import type { Poison } from './storm';

/** A run that was written, and why it cannot be merged, if so. */
export interface WrittenRun {
  readonly run: CompactionRun;
  readonly poison?: Poison;
}

/** A record as its receipt's last state has it, with what an annotation has put on it. */
export interface ExpectedRecord {
  readonly document: string;
  readonly metadata: RecordMetadata;
  /** As the model gave it. */
  readonly embedding: Float32Array;
}

/** A record as it was read back. */
export interface FoundRecord extends ExpectedRecord {
  readonly id: string;
  /** Of what a search for its stored vector finds first; undefined where it finds nothing. Squared, as l2 has it. */
  readonly distance: number | undefined;
}

/** What a storm has left of a collection. */
export interface Remains {
  readonly expected: ReadonlyMap<string, ExpectedRecord>;
  /** From where it was read, e.g. `published`, or `S3 alone`; or why it cannot be read. */
  readonly contents: Readonly<
    Record<string, { readonly count: number; readonly records: readonly FoundRecord[] } | string>
  >;
  /** The runs as they stand in the table now. */
  readonly runs: readonly CompactionRun[];
  /** Messages in its queue, waiting or in flight, and in its dead-letter queue. */
  readonly messages: number;
  readonly deadLetters: number;
}

/** A sentence for each thing that must not be. */
export interface Verdict {
  /** A record's last state is not there. */
  readonly lost: readonly string[];
  /** A record is there twice, or one that nobody has any more is. */
  readonly double: readonly string[];
  /** A record's own vector does not find it, nor an equal one. */
  readonly hidden: readonly string[];
  /** A run without its final state, a message that nobody takes, a collection that cannot be opened. */
  readonly blocked: readonly string[];
}

/**
 * A merge moves a vector by a thousandth of its length, so that equal ones are not equal (decision 0018), twice as far
 * from each other at most; different texts are a hundred times as far.
 */
const SPREAD = 3e-3;

/** Judges what a storm has left, by what the judge himself knows that it should be. */
export function judge(
  written: readonly WrittenRun[],
  remains: Readonly<Record<Collection, Remains>>,
): Verdict {
  const verdicts = COLLECTIONS.map((collection) => judgeCollection(collection, written, remains[collection]));
  return {
    lost: verdicts.flatMap(({ lost }) => lost),
    double: verdicts.flatMap(({ double }) => double),
    hidden: verdicts.flatMap(({ hidden }) => hidden),
    blocked: verdicts.flatMap(({ blocked }) => blocked),
  };
}

function judgeCollection(collection: Collection, written: readonly WrittenRun[], remains: Remains): Verdict {
  const [lost, double, hidden]: [string[], string[], string[]] = [[], [], []];
  const blocked = [...blockedRuns(collection, written, remains.runs)];
  for (const [kind, count] of [
    ['messages', remains.messages],
    ['dead letters', remains.deadLetters],
  ] as const) {
    if (count > 0) blocked.push(`${collection}: ${count} ${kind} are left.`);
  }
  for (const [from, content] of Object.entries(remains.contents)) {
    const where = `${collection}, ${from}`;
    if (typeof content === 'string') {
      blocked.push(`${where}: ${content}`);
      continue;
    }
    const { count, records } = content;
    if (count !== records.length)
      double.push(`${where}: ${records.length} records are listed, and ${count} counted.`);
    const met = new Map<string, FoundRecord>();
    for (const record of records) {
      if (met.has(record.id)) double.push(`${where}: ${record.id} is there twice.`);
      else if (!remains.expected.has(record.id)) double.push(`${where}: nobody has ${record.id} any more.`);
      met.set(record.id, record);
      if (!isFound(record)) hidden.push(`${where}: ${record.id} is not found by its vector.`);
    }
    for (const [id, wanted] of remains.expected) {
      const wrong = differenceOf(wanted, met.get(id));
      if (wrong !== undefined) lost.push(`${where}: ${id} ${wrong}.`);
    }
  }
  return { lost, double, hidden, blocked };
}

function* blockedRuns(
  collection: Collection,
  written: readonly WrittenRun[],
  runs: readonly CompactionRun[],
): Generator<string> {
  const now = new Map(runs.map((run) => [run.run_id, run[collection]]));
  for (const { run, poison } of written) {
    const { state, error } = now.get(run.run_id) ?? { state: 'gone', error: undefined };
    const rightly = poison === undefined ? ['COMPLETED', 'SUPERSEDED'] : ['FAILED'];
    // What a later drop replaces is not even read.
    if (rightly.includes(state) || (poison !== undefined && state === 'SUPERSEDED')) continue;
    const what = poison === undefined ? 'The run' : `The run with ${poison}`;
    yield `${collection}: ${what} ${run.run_id} is ${state}${error === undefined ? '' : ` (${error})`}.`;
  }
}

function differenceOf(wanted: ExpectedRecord, found: FoundRecord | undefined): string | undefined {
  if (found === undefined) return 'is not there';
  if (found.document !== wanted.document) return `says ${found.document}, not ${wanted.document}`;
  const { [CONTENT_HASH_KEY]: _, ...metadata } = found.metadata;
  const [has, wants] = [inOrder(metadata), inOrder(wanted.metadata)];
  if (has !== wants) return `has the metadata ${has}, not ${wants}`;
  const length = Math.sqrt(squaredLength(wanted.embedding));
  const off = Math.sqrt(squaredDistance(wanted.embedding, found.embedding));
  return off <= SPREAD * length ? undefined : 'has another vector';
}

const isFound = ({ distance, embedding }: FoundRecord): boolean =>
  distance !== undefined && distance <= SPREAD ** 2 * squaredLength(embedding);

const inOrder = (metadata: RecordMetadata): string =>
  JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));

const squaredLength = (vector: Float32Array): number => vector.reduce((sum, value) => sum + value * value, 0);

/** Not a number where the lengths differ, and then not at most anything. */
const squaredDistance = (a: Float32Array, b: Float32Array): number =>
  Array.from(
    { length: Math.max(a.length, b.length) },
    (_, index) => ((a[index] ?? Number.NaN) - (b[index] ?? Number.NaN)) ** 2,
  ).reduce((sum, square) => sum + square, 0);
