import type { S3Client } from '@aws-sdk/client-s3';
import { type CompactionRun, runName, runOf } from '../../contracts/compaction-run';
import type { EmbeddingSpace } from '../../contracts/embedding';
import { METRICS } from '../../contracts/metrics';
import { talliedRecords } from '../../contracts/record-form';
import { receiptOf } from '../../contracts/record-id';
import { countPerCollection, messageOf, type Telemetry } from '../shared/logging';
import { changeRun, completeRun, type RunTable } from '../shared/run-table';
import { concurrently } from './concurrently';
import type { Lease } from './lease/lease';
import type { Published } from './lease/publish';
import { addCensus, type Census, knownCensus, takeCensus, warnOfOldForms } from './merge/census';
import { type DecidedReceipt, decideReceipt } from './merge/decide-receipt';
import { findingRefused, RefusedRuns } from './merge/find-refused';
import { keepForRuns } from './merge/keep-replaced';
import { mergeAgain } from './merge/merge-again';
import { mergeDeltas } from './merge/merge-deltas';
import { addCounts, isChange, type MergeCounts, NO_CHANGE } from './merge/merge-receipts';
import { holdAgainst } from './merge/others';
import { pieces, planReceipts, type ReceiptWork } from './merge/plan';
import { searchFor } from './merge/probe';
import { type Content, type Merged, publishDecided } from './publish-decided';
import { readAhead } from './read-ahead';
import type { CollectionStore, OpenCollection } from './store/collection-store';

export interface RoundLimits {
  /** Records that are held in memory at once. */
  readonly recordsAtOnce: number;
  readonly recordsPerPublish: number;
  readonly runsPerPublish: number;
}

export interface RoundProps {
  readonly table: RunTable;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly store: CollectionStore;
  /** The configured model and length: what a new collection is created with. */
  readonly model: string;
  readonly dimensions: number;
  readonly limits: RoundLimits;
  readonly telemetry: Telemetry;
}

export interface Round {
  readonly published: Published;
  readonly hasNewVersion: boolean;
  readonly mergedVectors: number;
  /** Of the records that were asked for, how many a search for their own vector does not find. */
  readonly hiddenVectors: number;
  /** Names of the runs that have a final state. */
  readonly finished: ReadonlySet<string>;
}

/**
 * One round: merges runs into the open collection, publishes the result by one conditional write, and only
 * then marks the runs. A corrupt delta ends its own run FAILED and no other. So does one that Chroma refuses, but the
 * content is thrown away with it, and the others are left to the next round. Whatever else goes wrong, the content is
 * thrown away and every run stays as it was.
 */
export async function mergeRound(
  lease: Lease,
  before: Published,
  runs: readonly CompactionRun[],
  deadline: number,
  props: RoundProps,
): Promise<Round> {
  const plan = withinLimits(planReceipts(lease.collection, runs), props.limits);
  const open = await props.store.open({ ...lease, pointer: { ...lease.pointer, ...before } }, deadline);
  const merging = mergeAndPublish(lease, before, open, plan, deadline, props);
  const { receipts, hiddenAtLast, ...round } = await merging.catch(async (error: unknown) => {
    await open.discard();
    if (error instanceof RefusedRuns) return nothingBut(error, before);
    throw error;
  });
  // Both end here, whatever comes of one: a copy that is still being searched is nobody's to merge into.
  const [finished, hidden] = await Promise.allSettled([markDecided(lease, receipts, props), hiddenAtLast()]);
  if (hidden.status === 'rejected') throw hidden.reason;
  if (finished.status === 'rejected') throw finished.reason;
  return { ...round, hiddenVectors: round.hiddenVectors + hidden.value, finished: finished.value };
}

const nothingBut = ({ failed }: RefusedRuns, published: Published) => ({
  receipts: [{ winners: [], superseded: [], failed, finishedAlready: [] }],
  published,
  hasNewVersion: false,
  mergedVectors: 0,
  hiddenVectors: 0,
  hiddenAtLast: async () => 0,
});

async function mergeAndPublish(
  lease: Lease,
  before: Published,
  open: OpenCollection,
  plan: readonly ReceiptWork[],
  deadline: number,
  props: RoundProps,
) {
  const { table, limits } = props;
  const embedding = open.embedding ?? newEmbedding(props);
  const { recordLimits } = open.chroma;
  const receipts: DecidedReceipt[] = [];
  const keep = keepForRuns(props);
  await open.touch(open.again);
  const again = await mergeAgain(open.chroma, open.again, lease.collection, embedding, props);
  let counts = NO_CHANGE;
  let { sought } = again;
  let hiddenVectors = 0;
  let isFull = false;
  const decide = async (piece: readonly ReceiptWork[]) => {
    lease.signal.throwIfAborted();
    const started = startRuns(table, piece, lease);
    const deciding = concurrently(piece, (receipt) =>
      decideReceipt(receipt, lease.collection, embedding, { ...props, recordLimits }),
    );
    const [decided] = await Promise.all([deciding, started]);
    return decided;
  };
  // A server takes seconds for a piece, in which the deltas of the next can be read.
  for await (const decided of readAhead(pieces(plan, limits.recordsAtOnce), decide)) {
    if (receipts.length > 0 && (Date.now() >= deadline || isFull)) break;
    lease.signal.throwIfAborted();
    hiddenVectors += await searchFor(open.chroma, sought);
    const winners = decided.flatMap((receipt) => receipt.winners);
    await open.touch(winners.map(({ run }) => receiptOf(run)));
    const merged = await findingRefused(winners, (some) => {
      lease.signal.throwIfAborted();
      const deltas = some.map(({ delta }) => delta);
      return mergeDeltas(open.chroma, deltas, keep, props.telemetry);
    });
    counts = addCounts(counts, { ...merged, sought: [] });
    sought = merged.sought;
    // The embeddings are let go: only what was decided is needed from here on.
    receipts.push(...decided.map(withoutRecords));
    isFull = await props.store.isFull();
  }
  lease.signal.throwIfAborted();
  const content = await contentNow(lease, before, open, counts, props);
  const hasNewVersion =
    isChange(counts) ||
    open.isUnpublished ||
    open.needsCheckpoint ||
    content.others !== before.manifest?.others;
  const merged = { embedding, receipts, hasNewVersion, content };
  const published = await publishBesideSearch(sought, lease, before, open, merged, props);
  counts = addCounts(again, counts);
  return {
    receipts,
    ...published,
    hasNewVersion,
    mergedVectors: counts.added + counts.replaced + counts.removed,
    hiddenVectors,
  };
}

/**
 * Publishes while what was merged last is being searched for, which takes longer than all that a publish asks for. The
 * vectors are proven by then, and the deltas have them: where the search fails, the copy is thrown away, and nothing else
 * is. A server's index is mended by nobody and is all that there is, so there the search comes first.
 *
 * @returns what is published, and what ends the search, to be called once.
 */
async function publishBesideSearch(
  sought: MergeCounts['sought'],
  lease: Lease,
  before: Published,
  open: OpenCollection,
  merged: Omit<Merged, 'searching'>,
  { table, telemetry }: RoundProps,
): Promise<{ readonly published: Published; readonly hiddenAtLast: () => Promise<number> }> {
  const searching = searchFor(open.chroma, sought);
  const settled = Promise.allSettled([searching]);
  try {
    if (open.chroma.isShared) await searching;
    const published = await publishDecided(table, lease, before, open, { ...merged, searching });
    const hiddenAtLast = async () => {
      const [hidden] = await settled;
      if (hidden.status === 'fulfilled') {
        await open.published(published);
        return hidden.value;
      }
      const [{ collection }, reason] = [lease, messageOf(hidden.reason)];
      telemetry.logger.warn('A copy is thrown away, since it could not be searched', { collection, reason });
      await open.discard();
      return 0;
    };
    return { published, hiddenAtLast };
  } catch (error) {
    await settled;
    throw error;
  }
}

const knownOf = ({ manifest }: Published): Census | undefined => manifest && knownCensus(manifest);

/**
 * What is known of the records with what was merged; counted anew, and said, where nothing is known. On a server it is
 * held against what is there, since other programs may have added and removed some.
 *
 * @param counts - without what was merged again: that is known already.
 */
async function contentNow(
  { collection }: Lease,
  before: Published,
  open: OpenCollection,
  { census }: MergeCounts,
  { telemetry }: RoundProps,
): Promise<Content> {
  const { chroma } = open;
  const isNew = open.isUnpublished && open.again.length === 0;
  const known = isNew ? undefined : knownOf(before);
  const expected = known && addCensus(known, census);
  if (expected !== undefined && !open.isUnpublished) {
    const records = talliedRecords(expected.tally);
    // What a merge has made of a private copy is counted when it is proven.
    const isAsCounted = !chroma.isShared || (await chroma.count()) === records;
    if (isAsCounted) return { records, census: expected, others: before.manifest?.others };
  }
  const taken = await takeCensus(collection, chroma);
  if (open.isUnpublished || before.manifest?.record_tally === undefined)
    warnOfOldForms(collection, taken.tally, telemetry);
  const others = expected && holdAgainst(expected, taken, before.manifest?.others, collection, telemetry);
  return { records: talliedRecords(taken.tally), census: taken, others };
}

const newEmbedding = ({ model, dimensions }: RoundProps): EmbeddingSpace => ({ model, dimensions });

/** The beginning of a plan that one publish takes. At least one receipt. */
function withinLimits(plan: readonly ReceiptWork[], limits: RoundLimits): ReceiptWork[] {
  let [records, runs] = [0, 0];
  return plan.filter((receipt, index) => {
    records += receipt.records;
    runs += receipt.candidates.length;
    return index === 0 || (records <= limits.recordsPerPublish && runs <= limits.runsPerPublish);
  });
}

const withoutRecords = ({ winners, ...rest }: DecidedReceipt): DecidedReceipt => ({
  ...rest,
  winners: winners.map(({ run, delta }) => ({ run, delta: { ...delta, records: [] } })),
});

const startRuns = (table: RunTable, piece: readonly ReceiptWork[], { collection }: Lease) =>
  concurrently(
    piece.flatMap(({ candidates }) => candidates),
    (run) => changeRun(table, run, collection, { state: 'PROCESSING', started_at: new Date().toISOString() }),
  );

/** Gives each decided run its final state, and says which failed. Returns the names of all that have one. */
async function markDecided(
  { collection }: Lease,
  receipts: readonly DecidedReceipt[],
  { table, telemetry }: RoundProps,
): Promise<Set<string>> {
  const end = (run: CompactionRun, state: 'SUPERSEDED' | 'FAILED', error: string) =>
    changeRun(table, run, collection, { state, finished_at: new Date().toISOString(), error });
  await concurrently(receipts, async ({ winners, superseded, failed }) => {
    for (const { run, delta } of winners) await completeRun(table, run, collection, delta.header.records);
    for (const { run, by } of superseded) {
      await end(run, 'SUPERSEDED', `The later run ${by} of the same receipt is merged.`);
    }
    for (const { run, reason } of failed) await end(run, 'FAILED', reason);
  });
  const failed = receipts.flatMap((receipt) => receipt.failed);
  for (const { run, reason } of failed) {
    telemetry.logger.error('A run failed', { collection, run_id: run.run_id, reason });
  }
  countPerCollection(
    telemetry,
    METRICS.runsFailed,
    failed.map(() => collection),
  );
  const ended = receipts.flatMap(({ winners, superseded }) => [...winners, ...superseded]);
  return new Set([
    ...[...ended, ...failed].map(({ run }) => runName(runOf(run))),
    ...receipts.flatMap(({ finishedAlready }) => finishedAlready.map((run) => runName(runOf(run)))),
  ]);
}
