import fc from 'fast-check';
import { decide } from '../../../../cli/migrate-buckets/authority/decide';
import { COLLECTIONS } from '../../../../contracts/collections';
import type { BucketEvidence, SnapshotGate } from '../../../../contracts/migrate-buckets/authority';

describe('authority', () => {
  const gates = (result: SnapshotGate['result']): SnapshotGate[] => [
    { gate: 'holds-a-snapshot', result, evidence: 'as it is' },
  ];
  const bucket = (name: string) =>
    fc
      .record({
        objects: fc.nat(5),
        bytes: fc.nat(5),
        newest_write: fc.nat(5),
        recent_writes: fc.nat(5),
        references: fc.array(fc.constant('Lambda x'), { maxLength: 2 }),
        gate: fc.constantFrom<SnapshotGate['result']>('pass', 'pass', 'neutral', 'fail'),
        version: fc.constantFrom('20260101_000000', '20260202_000000', '20260303_000000'),
        contained: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3)),
      })
      .map(
        ({ gate, version, contained, ...rest }): BucketEvidence => ({
          ...rest,
          name,
          newest_write: rest.objects === 0 ? null : rest.newest_write,
          decoys: 6,
          contained_in: contained,
          collections: COLLECTIONS.map((collection) => ({
            collection,
            has_data: rest.objects > 0,
            gates: gates(gate),
            version,
            snapshot_at: 1,
            records: 3,
          })),
        }),
      );
  const buckets = fc.tuple(bucket('a'), bucket('b'), bucket('c'));
  const failsGate = ({ collections }: BucketEvidence) =>
    collections.some((each) => each.gates.some(({ result }) => result === 'fail'));

  it('never chooses a bucket of decoys, nor one that fails a gate, nor one that is beaten', () => {
    fc.assert(
      fc.property(buckets, (evidence) => {
        const { winner, signals } = decide(evidence);
        const chosen = evidence.find(({ name }) => name === winner);
        if (chosen === undefined) return;
        expect(chosen.objects).toBeGreaterThan(0);
        expect(failsGate(chosen)).toBe(false);
        for (const { best } of signals) expect(best).toContain(winner);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order in which buckets are given', () => {
    fc.assert(
      fc.property(buckets, (evidence) => {
        expect(decide([...evidence].reverse()).winner).toBe(decide(evidence).winner);
      }),
    );
  });

  it('lets an empty snapshot count for nothing, however new its pointer is', () => {
    fc.assert(
      fc.property(bucket('a'), bucket('b'), (a, b) => {
        const truth = {
          ...a,
          objects: a.objects + 1,
          collections: a.collections.map((c) => ({ ...c, has_data: true, gates: gates('pass') })),
        };
        const empty = {
          ...b,
          collections: b.collections.map((c) => ({ ...c, gates: gates('fail'), version: '29990101_000000' })),
        };
        const pointers = decide([truth, empty]).signals.filter(({ name }) => name.endsWith('pointer'));
        for (const { best } of pointers) expect(best).toEqual(['a']);
      }),
    );
  });

  it('tells the conflict instead of choosing between two that are alike', () => {
    fc.assert(
      fc.property(bucket('a'), (one) => {
        const a = { ...one, contained_in: {} };
        const { winner, reasons } = decide([a, { ...a, name: 'b' }]);
        expect(winner).toBeNull();
        expect(reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a choice between buckets', () => {
  const passes: SnapshotGate = { gate: 'holds-a-snapshot', result: 'pass', evidence: 'It holds 3 records.' };
  const fails: SnapshotGate = { gate: 'hash-agrees', result: 'fail', evidence: 'The hash differs.' };
  const collections = (changes: Partial<BucketEvidence['collections'][number]> = {}) =>
    COLLECTIONS.map((collection) => ({
      collection,
      has_data: true,
      gates: [passes],
      version: '20260202_000000',
      snapshot_at: 1,
      records: 3,
      ...changes,
    }));
  const bucket = (name: string, changes: Partial<BucketEvidence> = {}): BucketEvidence => ({
    name,
    collections: collections(),
    objects: 10,
    bytes: 100,
    decoys: 0,
    newest_write: 1000,
    recent_writes: 2,
    references: ['Lambda x'],
    contained_in: {},
    ...changes,
  });

  /** Each signal, and what makes a bucket be behind on it alone. */
  const BEHIND: readonly (readonly [string, Partial<BucketEvidence>])[] = [
    [
      'newest lines pointer',
      {
        collections: [...collections({ version: '20260101_000000' }).slice(0, 1), ...collections().slice(1)],
      },
    ],
    [
      'newest words pointer',
      {
        collections: [...collections().slice(0, 1), ...collections({ version: '20260101_000000' }).slice(1)],
      },
    ],
    ['newest write', { newest_write: 999 }],
    ['newest write', { newest_write: null }],
    ['writes in the last seven days', { recent_writes: 1 }],
    ['live references', { references: [] }],
    ['objects', { objects: 9 }],
    ['bytes', { bytes: 99 }],
    ['least contained in another', { contained_in: { truth: 1 } }],
  ];

  it.each(BEHIND)('falls to the one that is ahead on %s alone, and says so', (signal, changes) => {
    const { winner, reasons } = decide([bucket('behind', changes), bucket('truth')]);
    expect(winner).toBe('truth');
    expect(reasons).toEqual([
      'truth passes every gate and is beaten on no signal.',
      `behind passes every gate but is beaten on ${signal} (truth is ahead).`,
    ]);
  });

  it('is not made where each is ahead on something, and every reason is told', () => {
    const { winner, reasons } = decide([
      bucket('a', { bytes: 99, objects: 9 }),
      bucket('b', { recent_writes: 1 }),
    ]);
    expect(winner).toBeNull();
    expect(reasons).toEqual([
      'a passes every gate but is beaten on objects (b is ahead), bytes (b is ahead).',
      'b passes every gate but is beaten on writes in the last seven days (a is ahead).',
    ]);
  });

  it('is not made between two that are alike', () => {
    const { winner, reasons, signals } = decide([bucket('a'), bucket('b')]);
    expect(winner).toBeNull();
    expect(reasons).toEqual([
      'a and b cannot be told apart: each passes every gate and none beats the other.',
    ]);
    for (const { best } of signals) expect(best).toEqual(['a', 'b']);
  });

  it('shows every signal with the values of every bucket', () => {
    const { signals } = decide([
      bucket('a', { contained_in: { b: 4 } }),
      bucket('b', { contained_in: { a: 5 } }),
    ]);
    expect(signals).toEqual([
      {
        name: 'newest lines pointer',
        values: { a: '20260202_000000', b: '20260202_000000' },
        best: ['a', 'b'],
      },
      {
        name: 'newest words pointer',
        values: { a: '20260202_000000', b: '20260202_000000' },
        best: ['a', 'b'],
      },
      { name: 'newest write', values: { a: 1000, b: 1000 }, best: ['a', 'b'] },
      { name: 'writes in the last seven days', values: { a: 2, b: 2 }, best: ['a', 'b'] },
      { name: 'live references', values: { a: 1, b: 1 }, best: ['a', 'b'] },
      { name: 'objects', values: { a: 10, b: 10 }, best: ['a', 'b'] },
      { name: 'bytes', values: { a: 100, b: 100 }, best: ['a', 'b'] },
      { name: 'least contained in another', values: { a: '40 % in b', b: '50 % in a' }, best: ['a'] },
    ]);
  });

  it('names all that are ahead, and how much lies in each other bucket', () => {
    const three = [bucket('a'), bucket('b', { contained_in: { a: 10, c: 1 } }), bucket('c')];
    const { winner, signals } = decide(three);
    expect(winner).toBeNull();
    expect(signals.at(-1)).toEqual({
      name: 'least contained in another',
      values: { a: '0 % in b, 0 % in c', b: '100 % in a, 10 % in c', c: '0 % in a, 0 % in b' },
      best: ['a', 'c'],
    });
    const { reasons } = decide([...three.slice(0, 2), bucket('c', { bytes: 99 })]);
    expect(reasons).toContain(
      'b passes every gate but is beaten on least contained in another (a, c is ahead).',
    );
  });

  it('counts how much of a bucket lies in another, not how many objects', () => {
    // Four of four lie in the larger one: that is the copy, though five of ten of the larger lie in the copy.
    const copy = bucket('copy', { objects: 4, contained_in: { larger: 4 } });
    const { signals } = decide([copy, bucket('larger', { contained_in: { copy: 5 } })]);
    expect(signals.at(-1)?.best).toEqual(['larger']);
  });

  it('is not made where one lies as much in the other as the other in it', () => {
    const { winner } = decide([
      bucket('a', { contained_in: { b: 5 } }),
      bucket('b', { contained_in: { a: 5 } }),
    ]);
    expect(winner).toBeNull();
  });

  it('passes over a bucket that fails a gate, with the evidence, unless nothing else passes', () => {
    const failing = bucket('failing', { collections: collections({ gates: [passes, fails] }) });
    const poorer = bucket('poorer');
    const { winner, reasons } = decide([failing, poorer]);
    expect(winner).toBe('poorer');
    expect(reasons[1]).toBe('failing fails a gate: lines: The hash differs. words: The hash differs.');
    expect(decide([failing])).toMatchObject({ winner: null, reasons: [reasons[1]] });
  });

  it('lets no bucket that fails a gate beat the truth, whatever it is ahead on', () => {
    // An empty directory was initialised 67 ms after the truth was written, and everything else there is newer, too.
    const veto = bucket('veto', {
      collections: collections({ gates: [passes, fails], version: '29990101_000000' }),
      newest_write: 1067,
      recent_writes: 99,
      references: ['Lambda x', 'Lambda y'],
      objects: 99,
      bytes: 999,
    });
    const truth = bucket('truth', { contained_in: { veto: 9 } });
    const { winner, reasons, signals } = decide([veto, truth]);
    expect(winner).toBe('truth');
    expect(reasons).toEqual([
      'truth passes every gate and is beaten on no signal.',
      'veto fails a gate: lines: The hash differs. words: The hash differs.',
    ]);
    for (const { best } of signals) expect(best).toEqual(['truth']);
    // What it is ahead on is shown all the same.
    expect(signals.find(({ name }) => name === 'newest write')?.values).toEqual({ veto: 1067, truth: 1000 });
    expect(signals.at(-1)?.values).toEqual({ veto: '0 % in truth', truth: '90 % in veto' });
  });

  it('remains a conflict where two that pass every gate contradict each other, with a third that fails one', () => {
    const { winner, reasons } = decide([
      bucket('a', { bytes: 99 }),
      bucket('failing', { collections: collections({ gates: [fails] }), bytes: 999 }),
      bucket('b', { recent_writes: 1 }),
    ]);
    expect(winner).toBeNull();
    expect(reasons).toEqual([
      'a passes every gate but is beaten on bytes (b is ahead).',
      'failing fails a gate: lines: The hash differs. words: The hash differs.',
      'b passes every gate but is beaten on writes in the last seven days (a is ahead).',
    ]);
  });

  it('lets a neutral gate speak neither way', () => {
    const neutral = bucket('old', { collections: collections({ gates: [{ ...fails, result: 'neutral' }] }) });
    expect(decide([neutral]).winner).toBe('old');
  });

  it('asks nothing of a collection that no bucket holds', () => {
    const [lines, words] = collections();
    const half = bucket('half', {
      collections: [
        ...(lines ? [lines] : []),
        ...(words ? [{ ...words, has_data: false, gates: [fails] }] : []),
      ],
    });
    const { winner, signals } = decide([half, bucket('decoys', { objects: 0 })]);
    expect(winner).toBe('half');
    expect(signals.map(({ name }) => name)).not.toContain('newest words pointer');
    // As soon as one holds it, it counts for all.
    expect(decide([half, bucket('whole', { recent_writes: 1 })]).reasons).toContain(
      'half fails a gate: words: The hash differs.',
    );
  });

  it.each([
    ['whose snapshot fails a gate', { gates: [fails] }],
    ['that names no version', { version: null }],
  ])('takes a pointer %s for none, however new it is', (_what, changes) => {
    const [pointer] = decide([
      bucket('a', { collections: collections({ version: '29990101_000000', ...changes }) }),
      bucket('b', { collections: collections({ version: '20010101_000000' }) }),
    ]).signals;
    expect(pointer).toEqual({
      name: 'newest lines pointer',
      values: { a: '', b: '20010101_000000' },
      best: ['b'],
    });
  });

  it('takes a bucket that knows nothing of a collection for one without pointer', () => {
    const [pointer] = decide([bucket('a', { collections: [] }), bucket('b')]).signals;
    expect(pointer).toMatchObject({ values: { a: '' }, best: ['b'] });
  });

  it('leaves out a bucket of decoys, and says so', () => {
    const decoys = bucket('decoys', { objects: 0, bytes: 999, newest_write: 9999 });
    const { winner, reasons, signals } = decide([decoys, bucket('truth')]);
    expect(winner).toBe('truth');
    expect(reasons).toContain('decoys holds nothing but what the old infrastructure put into every bucket.');
    for (const { values } of signals) expect(Object.keys(values)).toEqual(['truth']);
  });

  it('is not made where no bucket holds data', () => {
    const nothing = {
      winner: null,
      signals: [],
      reasons: ['No bucket holds data of a collection: there is nothing to choose.'],
    };
    expect(decide([])).toEqual(nothing);
    expect(decide([bucket('decoys', { objects: 0 })])).toEqual(nothing);
    const others = ['one', 'two'].map((name) =>
      bucket(name, { collections: collections({ has_data: false }) }),
    );
    expect(decide(others)).toEqual(nothing);
  });
});
