import { CONTENT_HASH_KEY } from '../../../../contracts/delta';
import { embed } from '../../../support/compaction-harness';
import { run } from '../../../support/runs';
import { type FoundRecord, judge, type Remains, type Verdict, type WrittenRun } from './judge';

const wanted = {
  document: 'TOTAL',
  metadata: { line_id: 1, section_label: 'FOOTER' },
  embedding: embed('TOTAL'),
};
const moved = (share: number) => wanted.embedding.map((value) => value * (1 + share));
/** As a merge stores it: moved by a thousandth of its length, and with its hash. */
const stored: FoundRecord = {
  ...wanted,
  id: 'a',
  metadata: { section_label: 'FOOTER', line_id: 1, [CONTENT_HASH_KEY]: '0' },
  embedding: moved(1e-3),
  distance: 0,
};
const completed = run();
const ended = (state: 'COMPLETED' | 'SUPERSEDED' | 'FAILED' | 'PENDING' | 'PROCESSING') => ({
  ...completed,
  lines: { ...completed.lines, state },
  words: { ...completed.words, state: 'COMPLETED' as const },
});
const remains: Remains = {
  expected: new Map([['a', wanted]]),
  contents: { published: { count: 1, records: [stored] } },
  runs: [ended('COMPLETED')],
  messages: 0,
  deadLetters: 0,
};
const nothing: Remains = { ...remains, expected: new Map(), contents: {} };
const NONE: Verdict = { lost: [], double: [], hidden: [], blocked: [] };

/** How many sentences the verdict has of each kind, when the collection of lines is left like this. */
function counts(left: Partial<Remains>, written: readonly WrittenRun[] = [{ run: completed }]) {
  const words = { ...nothing, runs: left.runs ?? remains.runs };
  const verdict = judge(written, { lines: { ...remains, ...left }, words });
  return Object.fromEntries(
    Object.entries(verdict).flatMap(([what, all]) => (all.length > 0 ? [[what, all.length]] : [])),
  );
}

const holding = (...records: FoundRecord[]) => ({
  contents: { published: { count: records.length, records } },
});

it('has nothing to say of what is whole', () => {
  expect(judge([{ run: completed }], { lines: remains, words: nothing })).toEqual(NONE);
});

describe('A record', () => {
  it.each([
    ['is not there', []],
    ['has another text', [{ ...stored, document: 'CASH' }]],
    ['lacks what an annotation put on it', [{ ...stored, metadata: { line_id: 1 } }]],
    ['has an earlier annotation', [{ ...stored, metadata: { ...stored.metadata, section_label: 'BODY' } }]],
    ['has a key that nobody gave it', [{ ...stored, metadata: { ...stored.metadata, left: 'x' } }]],
    ['has the vector of another text', [{ ...stored, embedding: embed('CASH') }]],
    ['has a vector that was moved too far', [{ ...stored, embedding: moved(1e-2) }]],
    ['has a vector of another length', [{ ...stored, embedding: stored.embedding.slice(1) }]],
  ])('that %s is lost', (_how, records) => {
    expect(counts(holding(...records))).toEqual({ lost: 1 });
  });

  it('that is there twice is double, and so is one that nobody has any more', () => {
    expect(counts(holding(stored, stored))).toEqual({ double: 1 });
    expect(counts(holding(stored, { ...stored, id: 'b' }))).toEqual({ double: 1 });
    expect(counts({ contents: { published: { count: 2, records: [stored] } } })).toEqual({ double: 1 });
  });

  it('is hidden where a search for its own vector finds nothing as near as an equal text may be', () => {
    const length = Math.hypot(...stored.embedding);
    const at = (share: number) => counts(holding({ ...stored, distance: (share * length) ** 2 }));
    expect(at(2e-3)).toEqual({});
    expect(at(4e-3)).toEqual({ hidden: 1 });
    expect(counts(holding({ ...stored, distance: undefined }))).toEqual({ hidden: 1 });
  });

  it('is looked for in everything that a collection is read from', () => {
    const { published = '' } = remains.contents;
    const [short, other] = [
      { count: 0, records: [] },
      { count: 1, records: [{ ...stored, id: 'b' }] },
    ];
    expect(counts({ contents: { published, 'S3 alone': short } })).toEqual({ lost: 1 });
    expect(counts({ contents: { published, 'S3 alone': other } })).toEqual({ lost: 1, double: 1 });
  });
});

describe('A collection', () => {
  it('that cannot be read is blocked', () => {
    expect(counts({ contents: { published: 'It cannot be read.' } })).toEqual({ blocked: 1 });
  });

  it('whose queue or dead-letter queue is not empty is blocked', () => {
    expect(counts({ messages: 1 })).toEqual({ blocked: 1 });
    expect(counts({ deadLetters: 1 })).toEqual({ blocked: 1 });
  });
});

describe('A run', () => {
  it('is to be COMPLETED, or SUPERSEDED by a later one', () => {
    expect(counts({ runs: [ended('SUPERSEDED')] })).toEqual({});
    for (const state of ['FAILED', 'PENDING', 'PROCESSING'] as const) {
      expect(counts({ runs: [ended(state)] })).toEqual({ blocked: 1 });
    }
    // In either collection.
    expect(counts({ runs: [] })).toEqual({ blocked: 2 });
  });

  it('of a poisoned delta is to be FAILED, unless a later one came first', () => {
    const poisoned = [{ run: completed, poison: 'not Arrow' as const }];
    const both = (state: 'COMPLETED' | 'SUPERSEDED' | 'FAILED' | 'PENDING') => {
      const { lines } = ended(state);
      return { runs: [{ ...completed, lines, words: { ...completed.words, state: 'FAILED' as const } }] };
    };
    expect(counts(both('FAILED'), poisoned)).toEqual({});
    expect(counts(both('SUPERSEDED'), poisoned)).toEqual({});
    expect(counts(both('COMPLETED'), poisoned)).toEqual({ blocked: 1 });
    expect(counts(both('PENDING'), poisoned)).toEqual({ blocked: 1 });
  });
});
