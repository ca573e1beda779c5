import type { ChromaDatabase } from '../../../../cli/migrate-buckets/snapshots/chroma-database';
import { evaluateSnapshot } from '../../../../cli/migrate-buckets/snapshots/evaluate-snapshot';
import type { PersistDirectory } from '../../../../cli/migrate-buckets/snapshots/persist-directory';

describe('the gates of a snapshot', () => {
  const KEY = 'lines/snapshot/timestamped/v/snapshot.tar.gz';
  const directory: PersistDirectory = {
    database: '/tmp/chroma.sqlite3',
    sizes: new Map(),
    headers: new Map(),
  };
  const database: ChromaDatabase = {
    records: 3,
    collections: [
      { name: 'lines', records: 2 },
      { name: 'words', records: 1 },
    ],
    pages: 46,
    damage: undefined,
    segments: [],
    forms: { forms: { row: 2, line: 1 }, labels: {} },
  };
  const evaluate = (
    read: ChromaDatabase | string,
    { quick = false, unpacked = directory as PersistDirectory | string } = {},
  ) => evaluateSnapshot(KEY, unpacked, () => read, quick);
  const passes = {
    gate: 'holds-a-snapshot',
    result: 'pass',
    evidence: `${KEY} holds 3 records (lines: 2, words: 1).`,
  };
  const sound = { gate: 'database-sound', result: 'pass', evidence: 'SQLite finds its 46 pages whole.' };

  it('are passed by a whole database, with the records of each collection', () => {
    expect(evaluate(database)).toEqual({
      records: 3,
      record_forms: { forms: { row: 2, line: 1 }, labels: {} },
      gates: [
        passes,
        sound,
        {
          gate: 'vectors-agree',
          result: 'neutral',
          evidence: 'Its vectors are all in the log, in no index yet.',
        },
      ],
    });
    const { gates } = evaluate({ ...database, records: 1, collections: [], pages: 1 });
    expect(gates.map(({ evidence }) => evidence).slice(0, 2)).toEqual([
      `${KEY} holds 1 record (no collection).`,
      'SQLite finds its 1 page whole.',
    ]);
  });

  it('are passed by vector indexes that agree with it', () => {
    const header = Buffer.alloc(100);
    header.writeInt32LE(1, 0);
    for (const [at, value] of [
      [12, 4n],
      [20, 3n],
      [28, 8n],
    ] as const)
      header.writeBigUInt64LE(value, at);
    const unpacked = {
      ...directory,
      headers: new Map([['a', header]]),
      sizes: new Map([
        ['a/data_level0.bin', 24],
        ['a/length.bin', 12],
      ]),
    };
    const segments = [{ id: 'a', collection: 'lines', indexed: 3 }];
    expect(evaluate({ ...database, segments }, { unpacked }).gates[2]).toEqual({
      gate: 'vectors-agree',
      result: 'pass',
      evidence: 'Its vector index holds 3 elements.',
    });
    expect(evaluate({ ...database, segments }).gates).toEqual([
      passes,
      sound,
      {
        gate: 'vectors-agree',
        result: 'fail',
        evidence: `The files of ${KEY} do not agree: lines has 3 records whose vector index is missing.`,
      },
    ]);
  });

  it.each<[string, ChromaDatabase | string, PersistDirectory | string, string]>([
    ['cannot be unpacked', database, 'zlib: bad data', 'it cannot be unpacked (zlib: bad data)'],
    ['holds no database', database, { ...directory, database: undefined }, 'it holds no chroma.sqlite3'],
    [
      'holds what SQLite cannot read',
      'file is not a database',
      directory,
      'its chroma.sqlite3 is not a sound database of Chroma (SQLite says "file is not a database")',
    ],
  ])('are failed by what %s, and nothing more is asked', (_what, read, unpacked, why) => {
    for (const quick of [false, true]) {
      expect(evaluate(read, { unpacked, quick })).toEqual({
        records: null,
        record_forms: null,
        gates: [
          { gate: 'holds-a-snapshot', result: 'fail', evidence: `${KEY} is not a usable snapshot: ${why}.` },
        ],
      });
    }
  });

  it('are failed by an empty Chroma directory, whatever its date', () => {
    for (const quick of [false, true]) {
      expect(evaluate({ ...database, records: 0, damage: 'something' }, { quick })).toEqual({
        records: 0,
        record_forms: null,
        gates: [
          {
            gate: 'holds-a-snapshot',
            result: 'fail',
            evidence: `${KEY} is an EMPTY Chroma directory: it holds no record, whatever its date.`,
          },
        ],
      });
    }
  });

  it('are failed by damage, in the words of SQLite', () => {
    expect(evaluate({ ...database, damage: 'page 9 is never used' })).toEqual({
      records: 3,
      record_forms: null,
      gates: [
        passes,
        {
          gate: 'database-sound',
          result: 'fail',
          evidence: `The database in ${KEY} is damaged: page 9 is never used.`,
        },
      ],
    });
  });

  it('say that nobody looked, where nobody was to look', () => {
    const segments = [{ id: 'a', collection: 'lines', indexed: 3 }];
    expect(evaluate({ ...database, segments }, { quick: true })).toEqual({
      records: 3,
      record_forms: null,
      gates: [
        passes,
        { gate: 'database-sound', result: 'neutral', evidence: 'Not checked (--quick).' },
        { gate: 'vectors-agree', result: 'neutral', evidence: 'Not checked (--quick).' },
      ],
    });
  });
});
