import fc from 'fast-check';
import type { CollectionRun, CompactionRun, RunState } from '../../../../contracts/compaction-run';
import {
  compareRuns,
  pieces,
  planReceipts,
  type ReceiptWork,
  supersedingRun,
} from '../../../../functions/enhanced-compaction/merge/plan';

const IMAGES = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;

const collectionRun = (records: number, state: RunState = 'PENDING'): CollectionRun => ({
  state,
  delta_key: 'key',
  delta_sha256: 'a'.repeat(64),
  records,
});
const run = ({
  id = 'a',
  seconds = 0,
  receipt = 1,
  image = 0,
  records = 1,
  state = 'PENDING' as RunState,
  kind = undefined as CompactionRun['kind'],
}) => ({
  ...(kind && { kind }),
  version: 1 as const,
  run_id: id,
  image_id: IMAGES[image] ?? '',
  receipt_id: receipt,
  created_at: new Date(1_767_225_600_000 + seconds * 1000).toISOString(),
  lines: collectionRun(records, state),
  words: collectionRun(records + 100, 'PENDING'),
});

describe('Runs are in the order', () => {
  it('of their creation', () => {
    expect(compareRuns(run({ seconds: 1 }), run({ seconds: 2 }))).toBeLessThan(0);
    expect(compareRuns(run({ seconds: 2, id: 'a' }), run({ seconds: 1, id: 'b' }))).toBeGreaterThan(0);
  });

  it('of their ids when they were created in the same instant', () => {
    expect(compareRuns(run({ id: 'a' }), run({ id: 'b' }))).toBeLessThan(0);
    expect(compareRuns(run({ id: 'b' }), run({ id: 'a' }))).toBeGreaterThan(0);
    expect(compareRuns(run({ id: 'a' }), run({ id: 'a' }))).toBe(0);
  });
});

const someRuns = fc
  .array(
    fc.record({
      seconds: fc.nat(3),
      receipt: fc.constantFrom(1, 2),
      image: fc.constantFrom(0, 1),
      records: fc.nat(20),
    }),
    { maxLength: 12 },
  )
  .map((all) => all.map((each, index) => run({ ...each, id: String.fromCharCode(97 + index) })));

describe('A plan', () => {
  const ids = (plan: readonly ReceiptWork[]) =>
    plan.map(({ candidates }) => candidates.map(({ run_id }) => run_id));

  it('puts the runs of a receipt together, newest first, receipts in the order of their oldest run', () => {
    const plan = planReceipts('lines', [
      run({ id: 'late', seconds: 9, records: 5 }),
      run({ id: 'other', seconds: 2, receipt: 2 }),
      run({ id: 'first', seconds: 1, records: 7 }),
      run({ id: 'image', seconds: 3, image: 1 }),
    ]);
    expect(ids(plan)).toEqual([['late', 'first'], ['other'], ['image']]);
  });

  it('counts the records of the newest run, in its own collection', () => {
    const runs = [run({ id: 'a', seconds: 1, records: 7 }), run({ id: 'b', seconds: 2, records: 5 })];
    expect(planReceipts('lines', runs).map(({ records }) => records)).toEqual([5]);
    expect(planReceipts('words', runs).map(({ records }) => records)).toEqual([105]);
  });

  it('counts no records of an annotation, but guesses them where there is nothing else', () => {
    const annotation = run({ id: 'b', seconds: 2, kind: 'annotation', records: 0 });
    const receipt = run({ id: 'a', seconds: 1, records: 7 });
    expect(planReceipts('lines', [annotation, receipt]).map(({ records }) => records)).toEqual([7]);
    expect(planReceipts('lines', [annotation]).map(({ records }) => records)).toEqual([100]);
  });

  it('holds every run once, whatever their order, and leaves what it was given as it was', () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const given = [...runs];
        const plan = planReceipts('lines', runs);
        expect(runs).toEqual(given);
        expect(planReceipts('lines', [...runs].reverse())).toEqual(plan);
        expect(ids(plan).flat().sort()).toEqual(runs.map(({ run_id }) => run_id).sort());
        for (const { candidates } of plan) {
          expect(new Set(candidates.map(({ image_id, receipt_id }) => `${image_id}${receipt_id}`)).size).toBe(
            1,
          );
          expect([...candidates].sort(compareRuns).reverse()).toEqual(candidates);
        }
        const oldest = plan.flatMap(({ candidates }) => candidates.at(-1) ?? []);
        expect([...oldest].sort(compareRuns)).toEqual(oldest);
      }),
    );
  });
});

describe('Pieces of a plan', () => {
  const work = (...records: readonly number[]): ReceiptWork[] =>
    records.map((each) => ({ candidates: [], records: each }));
  const cut = (plan: readonly ReceiptWork[], size: number) =>
    [...pieces(plan, size)].map((piece) => piece.map(({ records }) => records));

  it('are filled up to the size and not beyond', () => {
    expect(cut(work(4, 6, 1), 10)).toEqual([[4, 6], [1]]);
    expect(cut(work(4, 7), 10)).toEqual([[4], [7]]);
  });

  it('count anew from each cut', () => {
    expect(cut(work(6, 6, 4, 6), 10)).toEqual([[6], [6, 4], [6]]);
  });

  it('hold one receipt at least, however large', () => {
    expect(cut(work(50, 1, 50), 10)).toEqual([[50], [1], [50]]);
    expect(cut(work(50), 10)).toEqual([[50]]);
  });

  it('of nothing are none', () => {
    expect(cut([], 10)).toEqual([]);
  });

  it('lose nothing and change no order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 30 }), (records, size) => {
        const all = cut(work(...records), size);
        expect(all.flat()).toEqual(records);
        for (const piece of all) {
          const sum = piece.reduce((total, each) => total + each, 0);
          expect(piece.length === 1 || sum <= size).toBe(true);
        }
      }),
    );
  });
});

describe('The run that supersedes another', () => {
  const older = run({ id: 'older', seconds: 1 });
  const supersedes = (other: CompactionRun) => supersedingRun('lines', older, [older, other])?.run_id;

  it('is a completed one that is newer', () => {
    expect(supersedes(run({ id: 'newer', seconds: 2, state: 'COMPLETED' }))).toBe('newer');
  });

  it.each<RunState>(['PENDING', 'PROCESSING', 'FAILED', 'SUPERSEDED'])('is not one that is %s', (state) => {
    expect(supersedes(run({ id: 'newer', seconds: 2, state }))).toBeUndefined();
  });

  it('is not one that is older, nor the run itself', () => {
    expect(supersedes(run({ id: 'oldest', seconds: 0, state: 'COMPLETED' }))).toBeUndefined();
    expect(supersedes({ ...older, lines: collectionRun(1, 'COMPLETED') })).toBeUndefined();
  });

  it('is not one of the other kind', () => {
    const newer = { seconds: 2, state: 'COMPLETED' } as const;
    const annotation = run({ ...newer, id: 'annotation', kind: 'annotation' });
    expect(supersedes(annotation)).toBeUndefined();
    const earlier = run({ id: 'earlier', seconds: 1, kind: 'annotation' });
    const all = [earlier, run(newer), annotation];
    expect(supersedingRun('lines', earlier, all)).toBe(annotation);
  });

  it('is not one that is completed in the other collection only', () => {
    const newer = run({ id: 'newer', seconds: 2 });
    expect(supersedes({ ...newer, words: collectionRun(1, 'COMPLETED') })).toBeUndefined();
  });
});
