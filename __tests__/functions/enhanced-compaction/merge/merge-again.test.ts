import type { CompactionRun } from '../../../../contracts/compaction-run';
import { standingRuns } from '../../../../functions/enhanced-compaction/merge/merge-again';
import { run } from '../../../support/runs';

const instant = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute));

/** A run that was created and merged at these minutes. */
const merged = (created: number, finished: number, more: Partial<CompactionRun> = {}): CompactionRun => {
  const created_at = run(instant(created));
  const finished_at = instant(finished).toISOString();
  return { ...created_at, ...more, lines: { ...created_at.lines, state: 'COMPLETED', finished_at } };
};
const ANNOTATION = { kind: 'annotation' } as const;

test('of a receipt stands the newest whole run that was merged, whatever came of later ones', () => {
  const [older, newer] = [merged(1, 9), merged(2, 3)];
  const waits = run(instant(4));
  const failed = { ...waits, lines: { ...waits.lines, state: 'FAILED' as const } };
  expect(standingRuns('lines', [newer, waits, failed, older])).toEqual([newer]);
  expect(standingRuns('lines', [waits, failed])).toEqual([]);
});

test('annotations stand on it in the order of their creation, where they were made or merged after it', () => {
  const whole = merged(5, 6);
  const replaced = merged(1, 2, ANNOTATION);
  const together = merged(4, 6, ANNOTATION);
  const later = [merged(7, 9, ANNOTATION), merged(8, 8, ANNOTATION)];
  // It was created later, and marked as merged by a clock that is behind.
  const behind = merged(6, 5, ANNOTATION);
  const all = [...later, together, replaced, behind, whole];
  expect(standingRuns('lines', all)).toEqual([whole, together, behind, ...later]);
});

test('a run that does not say when it ended is taken to have ended when it was created', () => {
  const { lines, ...rest } = merged(5, 9);
  const whole = { ...rest, lines: { ...lines, finished_at: undefined } };
  const [before, after] = [merged(1, 4, ANNOTATION), merged(2, 6, ANNOTATION)];
  expect(standingRuns('lines', [before, after, whole])).toEqual([whole, after]);
});

test('of a receipt without a run of its own stand its annotations', () => {
  const annotations = [merged(1, 2, ANNOTATION), merged(3, 4, ANNOTATION)];
  expect(standingRuns('lines', annotations.toReversed())).toEqual(annotations);
});
