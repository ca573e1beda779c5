import type { VersionManifest } from '../../../../contracts/collection-pointer';
import { fitsPointer, isCheckpointDue } from '../../../../functions/enhanced-compaction/store/checkpoint-due';
import { pointer } from '../../../support/runs';

const LAST = new Date('2026-01-01T00:00:00.000Z');
const thresholds = { checkpointRecords: 100, checkpointMinutes: 60 };

const manifest = (deltas: number, records: number): VersionManifest => {
  const { manifest: known } = pointer({ merged: [], publishedAt: LAST });
  if (known === undefined) throw new Error('The pointer has no manifest.');
  const uncovered_deltas = Array.from({ length: deltas }, (_, index) => `lines/delta/${index}/delta.arrow`);
  return { ...known, uncovered_deltas, uncovered_records: records };
};
/** Whether it is due for so many deltas and records, so many milliseconds after the last. */
const isDue = (deltas: number, records: number, later = 0) =>
  isCheckpointDue(
    { manifest: manifest(deltas, records), snapshot_at: LAST.toISOString() },
    new Date(LAST.getTime() + later),
    thresholds,
  );

describe('A checkpoint is due', () => {
  it('at the threshold of records, and not one before', () => {
    expect(isDue(1, 99)).toBe(false);
    expect(isDue(1, 100)).toBe(true);
  });

  it('at the threshold of minutes, and not a millisecond before', () => {
    expect(isDue(1, 1, 3_599_999)).toBe(false);
    expect(isDue(1, 1, 3_600_000)).toBe(true);
  });

  it('at 1000 deltas, however small they are, and not one before', () => {
    expect(isDue(999, 1)).toBe(false);
    expect(isDue(1000, 1)).toBe(true);
  });

  it('counts deltas that brought nothing as well, since they, too, wait to be covered', () => {
    const due = (uncovered: number, unmerged: number, later: number) => {
      const unmerged_deltas = Array.from({ length: unmerged }, (_, index) => `lines/delta/late-${index}`);
      return isCheckpointDue(
        { manifest: { ...manifest(uncovered, 1), unmerged_deltas }, snapshot_at: LAST.toISOString() },
        new Date(LAST.getTime() + later),
        thresholds,
      );
    };
    expect(due(1, 1, 3_600_000)).toBe(true);
    expect(due(0, 1, 3_600_000)).toBe(true);
    expect(due(500, 499, 0)).toBe(false);
    expect(due(500, 500, 0)).toBe(true);
  });

  it('of a large collection at a tenth of its records, and not one before', () => {
    const due = (uncovered: number) =>
      isCheckpointDue(
        { manifest: { ...manifest(1, uncovered), records: 10_000 }, snapshot_at: LAST.toISOString() },
        LAST,
        thresholds,
      );
    expect(due(999)).toBe(false);
    expect(due(1000)).toBe(true);
  });

  it('for what was taken over from another writer, since no snapshot of ours holds it', () => {
    expect(isCheckpointDue({ manifest: manifest(0, 0) }, LAST, thresholds)).toBe(true);
  });

  it('never when nothing was merged since the last, however long ago that is', () => {
    expect(isDue(0, 1000, 1e9)).toBe(false);
  });

  it('never before anything was published', () => {
    expect(isCheckpointDue({}, LAST, thresholds)).toBe(false);
    expect(isCheckpointDue({ snapshot_at: LAST.toISOString() }, LAST, thresholds)).toBe(false);
  });
});

describe('The pointer takes the list of uncovered deltas', () => {
  /** So many keys that weigh `bytes` together, each with the four bytes that DynamoDB adds. */
  const keys = (count: number, bytes: number) => Array.from({ length: count }, () => 'x'.repeat(bytes - 4));

  it('up to 200 KiB, what DynamoDB adds included, and not a byte more', () => {
    expect(fitsPointer(keys(200, 1024))).toBe(true);
    expect(fitsPointer([...keys(199, 1024), 'x'.repeat(1021)])).toBe(false);
    expect(fitsPointer([])).toBe(true);
  });

  it('counted in bytes, not in characters', () => {
    expect(fitsPointer(keys(100, 1024).map((key) => key.replaceAll('x', 'é')))).toBe(true);
    expect(fitsPointer(keys(101, 1024).map((key) => key.replaceAll('x', 'é')))).toBe(false);
  });
});
