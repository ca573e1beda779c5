import fc from 'fast-check';
import type { CompactionRun } from '../../../contracts/compaction-run';
import { LATE_WRITE_SECONDS } from '../../../contracts/lease';
import { touchedName } from '../../../contracts/touched-receipts';
import { findings } from '../../../functions/reconcile-runs/findings';
import { collections, compactionRuns } from '../../support/arbitraries';
import { pointer, run, withoutDeltas } from '../../support/runs';

const NOW = new Date('2026-03-14T12:00:00Z');
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);

/** A run that is PENDING since so many seconds, or PROCESSING since its start. */
function waiting(seconds: number, startedBefore?: number): CompactionRun {
  const created = run(before(seconds));
  if (startedBefore === undefined) return created;
  const started_at = before(startedBefore).toISOString();
  return { ...created, lines: { ...created.lines, state: 'PROCESSING', started_at } };
}

test('a run that the published version holds is to be finished with its vectors, and waits no longer', () => {
  const [held, other] = [waiting(5_000), waiting(10)];
  const found = findings(
    'lines',
    [held, other],
    pointer({ merged: [held], publishedAt: before(60) }),
    NOW,
    900,
  );
  expect(found.published).toEqual([{ run: held, mergedVectors: 5 }]);
  expect(found).toMatchObject({ pending: 1, oldestPendingAge: 10, stale: [] });
});

test('B5: a run of another receipt that has the same id is not taken for the published one', () => {
  const held = waiting(5_000);
  const other = { ...waiting(5_000), run_id: held.run_id };
  const published = pointer({ merged: [held], publishedAt: before(60) });
  const found = findings('lines', [held, other], published, NOW, 900);
  expect(found.published.map((each) => each.run)).toEqual([held]);
  expect(found.stale).toEqual([other]);
});

test('a pending run is stale by its creation, a processing one by its start', () => {
  const [old, busy, stuck, young] = [waiting(901), waiting(5_000, 899), waiting(4_000, 901), waiting(900)];
  const found = findings('lines', [old, busy, stuck, young], undefined, NOW, 900);
  expect(found.stale).toEqual([old, stuck]);
  expect(found).toMatchObject({ pending: 4, oldestPendingAge: 5_000 });
});

test('C12: a late run without deltas is no reason for a doorbell, but counts and is named', () => {
  const [unembedded, old, young] = [withoutDeltas(waiting(5_000)), waiting(901), withoutDeltas(waiting(900))];
  expect(findings('lines', [unembedded, old, young], undefined, NOW, 900)).toMatchObject({
    stale: [old],
    unembedded: [unembedded],
    pending: 3,
    oldestPendingAge: 5_000,
  });
});

test('an idle collection has no ages, though its snapshot be years old', () => {
  const snapshotAt = before(365 * 24 * 3_600);
  const idle = pointer({ merged: [], publishedAt: snapshotAt, snapshotAt });
  expect(findings('lines', [], idle, NOW, 900)).toMatchObject({
    pending: 0,
    oldestPendingAge: 0,
    snapshotAge: 0,
  });
});

test('vectors that no snapshot holds make the snapshot as old as it is', () => {
  const publishedAt = before(60);
  const uncovered = ['lines/delta/x/delta.arrow'];
  const late = pointer({ merged: [], publishedAt, uncovered, snapshotAt: before(7_200) });
  expect(findings('lines', [], late, NOW, 900).snapshotAge).toBe(7_200);
  const first = pointer({ merged: [], publishedAt, uncovered });
  expect(findings('lines', [], first, NOW, 900).snapshotAge).toBe(60);
});

test('a collection that was never published has no snapshot that could be old', () => {
  expect(findings('lines', [], undefined, NOW, 900).snapshotAge).toBe(0);
  expect(findings('lines', [], { fence: 3 }, NOW, 900).snapshotAge).toBe(0);
});

test('every run is published or waits; ages are never negative, even when clocks disagree', () => {
  fc.assert(
    fc.property(fc.array(compactionRuns), collections, fc.integer(), (runs, collection, offset) => {
      const merged = runs.filter((_, index) => index % 2 === 0);
      const now = new Date(NOW.getTime() + offset);
      const found = findings(collection, runs, pointer({ merged, publishedAt: NOW }), now, 900);
      expect(found.published.length + found.pending).toBe(runs.length);
      expect(found.stale.length + found.unembedded.length).toBeLessThanOrEqual(found.pending);
      expect(found.oldestPendingAge).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('a receipt that a writer has left is to be merged again when no write of it can arrive any more', () => {
  const imageId = run().image_id;
  const touched = (seconds: number, receiptId: number) => ({
    at: before(seconds).getTime(),
    again: true,
    receipts: [touchedName({ imageId, receiptId })],
  });
  const left = (...all: ReturnType<typeof touched>[]) =>
    findings('lines', [], { fence: 3, touched: all }, NOW, 900).toMergeAgain;
  expect(left(touched(LATE_WRITE_SECONDS - 1, 7))).toBeUndefined();
  expect(left(touched(1, 7), touched(LATE_WRITE_SECONDS, 12_345))).toEqual({ imageId, receiptId: 12_345 });
});
