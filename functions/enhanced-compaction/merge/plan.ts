import type { Collection } from '../../../contracts/collections';
import type { CompactionRun } from '../../../contracts/compaction-run';
import { receiptIdPrefix, receiptOf } from '../../../contracts/record-id';

/** One receipt's unfinished runs of a collection, newest first. */
export interface ReceiptWork {
  readonly candidates: readonly CompactionRun[];
  /** Records of the newest whole receipt, as its run says; of a receipt that is annotated alone, a guess. */
  readonly records: number;
}

/**
 * What an annotation's receipt is taken to have stored, which has to be read: its run says nothing of it. Receipts of
 * the old system's cases have 16 rows and 73 words.
 */
const ANNOTATED_RECORDS = 100;

/** Order of creation; runs of the same instant in the order of their ids, so that every writer agrees. */
export const compareRuns = (a: CompactionRun, b: CompactionRun): number =>
  Date.parse(a.created_at) - Date.parse(b.created_at) ||
  (a.run_id < b.run_id ? -1 : a.run_id > b.run_id ? 1 : 0);

/**
 * Puts the runs of each receipt together. A delta is the WHOLE receipt, so of several only the last one counts; of
 * annotations all do. Receipts come in the order of their oldest run, so that none starves.
 */
export function planReceipts(collection: Collection, runs: readonly CompactionRun[]): ReceiptWork[] {
  const receipts = new Map<string, CompactionRun[]>();
  for (const run of [...runs].sort(compareRuns)) {
    const key = receiptIdPrefix(receiptOf(run));
    const known = receipts.get(key);
    if (known === undefined) receipts.set(key, [run]);
    else known.unshift(run);
  }
  return [...receipts.values()].map((candidates) => ({
    candidates,
    records: candidates.find(({ kind }) => kind === undefined)?.[collection].records ?? ANNOTATED_RECORDS,
  }));
}

/** Cuts a plan into pieces of about `records` records, each held in memory at once. At least one receipt each. */
export function* pieces(plan: readonly ReceiptWork[], records: number): Generator<ReceiptWork[]> {
  let piece: ReceiptWork[] = [];
  let sum = 0;
  for (const receipt of plan) {
    if (piece.length > 0 && sum + receipt.records > records) {
      yield piece;
      piece = [];
      sum = 0;
    }
    piece.push(receipt);
    sum += receipt.records;
  }
  if (piece.length > 0) yield piece;
}

/** The completed run of this receipt that makes `run` SUPERSEDED, if there is one; it is of the same kind. */
export const supersedingRun = (
  collection: Collection,
  run: CompactionRun,
  runsOfReceipt: readonly CompactionRun[],
): CompactionRun | undefined =>
  runsOfReceipt.find(
    (other) =>
      other.kind === run.kind && other[collection].state === 'COMPLETED' && compareRuns(run, other) < 0,
  );
