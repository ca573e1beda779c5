import fc from 'fast-check';
import { COLLECTIONS, perCollection } from '../../../contracts/collections';
import type { CompactionRun, RunState } from '../../../contracts/compaction-run';
import {
  isRunOf,
  nextAnnotationRun,
  nextRun,
  type RunIdentity,
} from '../../../functions/embed-from-ndjson/run-id';
import { compactionRuns } from '../../support/arbitraries';
import { IMAGE_ID } from '../../support/pages';

const [template] = fc.sample(
  compactionRuns.map(
    (run): CompactionRun => ({
      ...run,
      lines: { ...run.lines, state: 'PENDING', delta_sha256: 'a'.repeat(64) },
      words: { ...run.words, state: 'PENDING', delta_sha256: 'b'.repeat(64) },
    }),
  ),
  1,
);

const identity = (content: string, ...cause: string[]): RunIdentity => ({
  imageId: IMAGE_ID,
  receiptId: 1,
  sha256: perCollection((each) => `${each} of ${content}`),
  model: 'a-model',
  dimensions: 8,
  textFormatVersion: 1,
  cause,
});

/** The receipt's runs after some contents arrived one after the other. */
function arrive(contents: readonly string[], earlier: readonly CompactionRun[] = []): CompactionRun[] {
  if (template === undefined) throw new Error('no sample');
  const runs = [...earlier];
  for (const content of contents) {
    const next = nextRun(identity(content), runs);
    if (next.step === 'create') runs.push({ ...template, run_id: next.id });
  }
  return runs;
}

test('a message that is delivered twice makes one run', () => {
  expect(arrive(['a', 'a', 'a'])).toHaveLength(1);
});

test('the run of the same content is the same, whoever computes it', () => {
  expect(arrive(['a', 'b'])).toEqual(arrive(['a', 'b']));
});

test('content that comes back after a correction is a run of its own, not taken for the old one', () => {
  const runs = arrive(['a', 'b', 'a', 'b', 'b']);
  expect(new Set(runs.map(({ run_id }) => run_id)).size).toBe(4);
});

test('a receipt whose embedding failed is embedded again when it is dropped again', () => {
  const failed = arrive(['a']).map(
    (run): CompactionRun => ({
      ...run,
      lines: { ...run.lines, state: 'FAILED' },
    }),
  );
  expect(arrive(['a', 'a'], failed)).toHaveLength(2);
});

test('a run of an earlier release, whose messages did not say what made them, is known by its id as ever', () => {
  expect(nextRun(identity('a'), [])).toEqual({ step: 'create', id: '11b951daa250c208e5d3793c82cacde7' });
});

describe('C12: a run that has arrived and was never embedded', () => {
  const unembedded = (state: RunState): CompactionRun[] =>
    arrive(['a']).map((run) => ({
      ...run,
      ...perCollection((each) => ({ ...run[each], state, delta_sha256: undefined })),
    }));

  it('is embedded by the next message of its content, and is no reason for another run', () => {
    const [run] = unembedded('PENDING');
    expect(nextRun(identity('a'), unembedded('PENDING'))).toEqual({ step: 'embed', run });
  });
  it.each<RunState>(['FAILED', 'SUPERSEDED'])('and is %s is followed by a new one', (state) => {
    const [run] = unembedded(state);
    const next = nextRun(identity('a'), unembedded(state));
    expect(next.step === 'create' && next.id).not.toBe(run?.run_id);
    expect(next.step).toBe('create');
  });
});

test('a run is known as one of its content whatever other runs there are, and of no other content', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), (contents) => {
      const runs = arrive(contents);
      const changes = contents.filter((content, index) => content !== contents[index - 1]);
      expect(
        runs.map((run) => ['a', 'b', 'c'].filter((content) => isRunOf(identity(content), run, runs))),
      ).toEqual(changes.map((content) => [content]));
    }),
  );
});

test('there are as many runs as changes of content', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), (contents) => {
      const changes = contents.filter((content, index) => content !== contents[index - 1]);
      expect(arrive(contents)).toHaveLength(changes.length);
    }),
  );
});

test.each<[string, Partial<RunIdentity>]>([
  ['model', { model: 'another-model' }],
  ['dimensions', { dimensions: 9 }],
  ['text format', { textFormatVersion: 2 }],
  ['image', { imageId: '11111111-2222-4333-8444-555555555555' }],
  ['receipt of the image', { receiptId: 2 }],
  ['version of the object that it comes from', { cause: ['v2'] }],
  ...COLLECTIONS.map((each): [string, Partial<RunIdentity>] => [
    each,
    { sha256: { ...identity('a').sha256, [each]: 'other' } },
  ]),
])('another %s makes another run', (_what, change) => {
  const runs = arrive(['a']);
  expect(nextRun({ ...identity('a'), ...change }, runs).step).toBe('create');
  expect(runs.some((run) => isRunOf({ ...identity('a'), ...change }, run, runs))).toBe(false);
});

test('B5: two receipts of the same content, such as two without a line, have runs of their own', () => {
  const ids = [1, 2].map((receiptId) => {
    const next = nextRun({ ...identity('nothing'), receiptId }, []);
    return next.step === 'create' && next.id;
  });
  expect(new Set(ids).size).toBe(2);
});

describe('The run of an annotation', () => {
  const annotation = { imageId: IMAGE_ID, receiptId: 1, version: 'v1', sha256: 'a'.repeat(64) };
  const annotated = (
    runs: readonly CompactionRun[],
    changes: Partial<typeof annotation> = {},
  ): CompactionRun[] => {
    const next = nextAnnotationRun({ ...annotation, ...changes }, runs);
    if (template === undefined) throw new Error('no sample');
    return next.step === 'create'
      ? [...runs, { ...template, kind: 'annotation', run_id: next.id }]
      : [...runs];
  };

  test('is made once, however often its message comes, and whoever computes its id', () => {
    const runs = annotated(arrive(['a']));
    expect(runs).toHaveLength(2);
    expect(annotated(runs)).toEqual(runs);
    expect(annotated(arrive(['a']))).toEqual(runs);
  });

  test.each<[string, Partial<typeof annotation>]>([
    ['text', { sha256: 'b'.repeat(64) }],
    ['version', { version: 'v2' }],
  ])('is another one for another %s', (_what, changes) => {
    expect(annotated(annotated(arrive(['a'])), changes)).toHaveLength(3);
  });

  test('is another one for another receipt', () => {
    const ids = [annotated([]), annotated([], { receiptId: 2 })].map(([run]) => run?.run_id);
    expect(new Set(ids).size).toBe(2);
  });

  test('is made again after each run of the receipt', () => {
    expect(annotated(arrive(['b'], annotated(arrive(['a']))))).toHaveLength(4);
  });

  test('is made again after a run of the receipt that comes late into the table, wherever it stands in order', () => {
    const [late] = arrive(['late']);
    if (late === undefined) throw new Error('no run');
    for (const before of [annotated([]), annotated(annotated([]), { version: 'v2' })]) {
      const version = before.length === 1 ? 'v1' : 'v2';
      expect(annotated(before, { version })).toEqual(before);
      expect(annotated([late, ...before], { version })).toHaveLength(before.length + 2);
    }
  });

  test('is made again once a run that it came before is embedded', () => {
    const embedded = arrive(['a']);
    const waiting = embedded.map(
      (run): CompactionRun => ({
        ...run,
        ...perCollection((each) => ({ ...run[each], delta_sha256: undefined })),
      }),
    );
    const [, before] = annotated(waiting);
    if (before === undefined) throw new Error('no run');
    expect(annotated([...waiting, before])).toHaveLength(2);
    expect(annotated([...embedded, before])).toHaveLength(3);
  });

  test('does not stand between a receipt’s content and its run', () => {
    const runs = annotated(arrive(['a']));
    expect(arrive(['a'], runs)).toEqual(runs);
    expect(arrive(['b'], runs)).toHaveLength(3);
  });

  test('that failed is followed by another', () => {
    const failed = annotated([]).map(
      (run): CompactionRun => ({ ...run, lines: { ...run.lines, state: 'FAILED' } }),
    );
    expect(annotated(failed)).toHaveLength(2);
  });
});
