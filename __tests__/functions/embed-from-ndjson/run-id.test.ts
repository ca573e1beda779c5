import fc from 'fast-check';
import { COLLECTIONS, perCollection } from '../../../contracts/collections';
import type { CompactionRun, RunState } from '../../../contracts/compaction-run';
import { isRunOf, nextRun, type RunIdentity } from '../../../functions/embed-from-ndjson/run-id';
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

const identity = (content: string): RunIdentity => ({
  imageId: IMAGE_ID,
  receiptId: 1,
  sha256: perCollection((each) => `${each} of ${content}`),
  model: 'a-model',
  dimensions: 8,
  textFormatVersion: 1,
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
    const [follows] = unembedded(state);
    expect(nextRun(identity('a'), unembedded(state))).toMatchObject({ step: 'create', follows });
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
