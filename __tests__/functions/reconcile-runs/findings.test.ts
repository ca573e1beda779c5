import fc from 'fast-check';
import type { CollectionPointer } from '../../../contracts/collection-pointer';
import type { CompactionRun } from '../../../contracts/compaction-run';
import { findings } from '../../../functions/reconcile-runs/findings';
import { collections, compactionRuns } from '../../support/arbitraries';

const NOW = new Date('2026-03-14T12:00:00Z');
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

const [template] = fc.sample(compactionRuns, 1);
function run(name: string, age: number, startedBefore?: number): CompactionRun {
  if (template === undefined) throw new Error('no sample');
  const lines = { ...template.lines, state: 'PENDING' as const, started_at: undefined };
  return {
    ...template,
    run_id: name,
    created_at: before(age),
    lines:
      startedBefore === undefined
        ? lines
        : { ...lines, state: 'PROCESSING', started_at: before(startedBefore) },
  };
}

function pointer(merged: readonly string[], uncovered: readonly string[] = [], snapshotBefore?: number) {
  const made: CollectionPointer = {
    fence: 1,
    version: '20260314_110000_000000_0badcafe',
    manifest: {
      created_at: before(60),
      records: 1,
      space: 'cosine',
      model: 'a-model',
      dimensions: 8,
      text_format_version: 1,
      runs: merged.map((run_id) => ({ run_id, image_id: 'i', receipt_id: 1, merged_vectors: 7 })),
      uncovered_deltas: [...uncovered],
    },
    ...(snapshotBefore !== undefined && { snapshot_at: before(snapshotBefore) }),
  };
  return made;
}

test('a run that the published version holds is to be finished with its vectors, and waits no longer', () => {
  const found = findings('lines', [run('a', 5_000), run('b', 10)], pointer(['a']), NOW, 900);
  expect(found.published.map((each) => [each.run.run_id, each.mergedVectors])).toEqual([['a', 7]]);
  expect(found).toMatchObject({ pending: 1, oldestPendingAge: 10, stale: [] });
});

test('a pending run is stale by its creation, a processing one by its start', () => {
  const runs = [run('old', 901), run('busy', 5_000, 899), run('stuck', 4_000, 901), run('new', 900)];
  const found = findings('lines', runs, undefined, NOW, 900);
  expect(found.stale.map(({ run_id }) => run_id)).toEqual(['old', 'stuck']);
  expect(found).toMatchObject({ pending: 4, oldestPendingAge: 5_000 });
});

test('an idle collection has no ages, though its snapshot be years old', () => {
  const year = 365 * 24 * 3_600;
  expect(findings('lines', [], pointer([], [], year), NOW, 900)).toMatchObject({
    pending: 0,
    oldestPendingAge: 0,
    snapshotAge: 0,
  });
});

test('vectors that no snapshot holds make the snapshot as old as it is', () => {
  const key = 'lines/delta/x/delta.arrow';
  expect(findings('lines', [], pointer([], [key], 7_200), NOW, 900).snapshotAge).toBe(7_200);
  expect(findings('lines', [], pointer([], [key]), NOW, 900).snapshotAge).toBe(60);
});

test('a collection that was never published has no snapshot that could be old', () => {
  expect(findings('lines', [], undefined, NOW, 900).snapshotAge).toBe(0);
  expect(findings('lines', [], { fence: 3 }, NOW, 900).snapshotAge).toBe(0);
});

test('every run is published or waits; ages are never negative, even when clocks disagree', () => {
  fc.assert(
    fc.property(fc.array(compactionRuns), collections, fc.integer(), (runs, collection, offset) => {
      const merged = runs.filter((_, index) => index % 2 === 0).map(({ run_id }) => run_id);
      const now = new Date(NOW.getTime() + offset);
      const found = findings(collection, runs, pointer(merged), now, 900);
      expect(found.published.length + found.pending).toBe(runs.length);
      expect(found.stale.length).toBeLessThanOrEqual(found.pending);
      expect(found.oldestPendingAge).toBeGreaterThanOrEqual(0);
    }),
  );
});
