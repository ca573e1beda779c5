import fc from 'fast-check';
import { decide } from '../../../cli/migrate-buckets/authority/decide';
import type { BucketEvidence, GateResult } from '../../../cli/migrate-buckets/authority/evidence';
import { findStranded } from '../../../cli/migrate-buckets/authority/stranded';
import { principalsOf } from '../../../cli/migrate-buckets/aws/bucket';
import { namesBucket } from '../../../cli/migrate-buckets/discovery/references';
import { choosePartSize, evenParts, unevenParts } from '../../../cli/migrate-buckets/engine/part-layout';
import { freezePolicy } from '../../../cli/migrate-buckets/freeze/freeze-policy';
import { compareKeys } from '../../../cli/migrate-buckets/listing/key-order';
import { decodeListedKey, type ListedObject } from '../../../cli/migrate-buckets/listing/listed-object';
import { mergeListings, pairListings } from '../../../cli/migrate-buckets/listing/pair';
import { manifestLine } from '../../../cli/migrate-buckets/plan-files/digest';
import { looksEqual, planEntry } from '../../../cli/migrate-buckets/plan-files/manifest-entry';
import { VersionDigest } from '../../../cli/migrate-buckets/plan-files/version-record';
import { isAtLeast, LEVELS, levelOf } from '../../../cli/migrate-buckets/verification/levels';
import { isDecoyKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';

/** Any text that can be an S3 key: every plane, no lone surrogates. */
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const object = fc.record({
  key,
  size: fc.nat(3),
  etag: fc.constantFrom('a', 'b', 'c'),
  storageClass: fc.constant('STANDARD'),
  modified: fc.nat(9),
});
const listing = fc
  .uniqueArray(object, { selector: (each) => each.key, maxLength: 12 })
  .map((objects) => objects.sort((a, b) => bytewise(a.key, b.key)));

async function* stream<T>(items: readonly T[]) {
  yield* items;
}
async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('key order', () => {
  it('is the order of UTF-8 bytes, whatever the plane', () => {
    fc.assert(fc.property(key, key, (a, b) => expect(Math.sign(compareKeys(a, b))).toBe(bytewise(a, b))));
  });

  it('reads every key back from a listing', () => {
    fc.assert(
      fc.property(key, (each) => {
        expect(decodeListedKey(encodeURIComponent(each).replaceAll('%20', '+'))).toBe(each);
      }),
    );
  });
});

describe('pairing two listings', () => {
  it('loses no key, makes none up, and pairs what is in both', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, async (source, destination) => {
        const pairs = await gather(pairListings(stream(source), stream(destination)));
        expect(pairs.flatMap((pair) => pair.source ?? [])).toEqual(source);
        expect(pairs.flatMap((pair) => pair.destination ?? [])).toEqual(destination);
        expect(new Set(pairs.map((pair) => pair.key)).size).toBe(pairs.length);
        for (const pair of pairs) {
          for (const side of [pair.source, pair.destination]) if (side) expect(side.key).toBe(pair.key);
        }
      }),
    );
  });

  it('refuses a listing that is out of order instead of taking objects for missing', async () => {
    const [a, b] = [
      { key: 'b', size: 1, etag: 'x', storageClass: 'STANDARD', modified: 0 },
      { key: 'a', size: 1, etag: 'x', storageClass: 'STANDARD', modified: 0 },
    ];
    await expect(gather(pairListings(stream([a, b]), stream([])))).rejects.toThrow(/not in key order/);
  });

  it('adds stranded objects in order, and the listing wins where both have a key', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, async (main, more) => {
        const merged = await gather(mergeListings(stream(main), more));
        const keys = new Set([...main, ...more].map((each) => each.key));
        expect(merged.map((each) => each.key)).toEqual([...keys].sort(bytewise));
        for (const each of main) expect(merged).toContain(each);
      }),
    );
  });
});

describe('planning an object', () => {
  it('overwrites nothing without consent, and always says what it expects at the destination', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, fc.boolean(), async (source, destination, overwrite) => {
        for await (const pair of pairListings(stream(source), stream(destination))) {
          const entry = planEntry(pair, overwrite);
          if (pair.source === undefined) expect(entry).toBeUndefined();
          else {
            expect(entry?.expected).toBe(pair.destination?.etag ?? 'absent');
            if (entry?.action === 'copy') expect(pair.destination).toBeUndefined();
            if (entry?.action === 'keep')
              expect(looksEqual(pair.source, pair.destination ?? pair.source)).toBe(true);
            if (entry?.action === 'replace') expect(overwrite).toBe(true);
          }
        }
      }),
    );
  });

  it('writes a manifest line that does not depend on the order of properties', () => {
    const entry = {
      key: 'k',
      size: 1,
      etag: 'e',
      storageClass: 'STANDARD',
      action: 'copy',
      expected: 'absent',
    } as const;
    const turned = Object.fromEntries(Object.entries(entry).reverse()) as typeof entry;
    expect(manifestLine(turned)).toBe(manifestLine(entry));
  });
});

describe('authority', () => {
  const gates = (result: GateResult['result']): GateResult[] => [
    { gate: 'holds-a-snapshot', result, evidence: 'as it is' },
  ];
  const bucket = (name: string) =>
    fc
      .record({
        objects: fc.nat(5),
        bytes: fc.nat(5),
        newestWrite: fc.nat(5),
        recentWrites: fc.nat(5),
        references: fc.array(fc.constant('Lambda x'), { maxLength: 2 }),
        gate: fc.constantFrom<GateResult['result']>('pass', 'pass', 'neutral', 'fail'),
        version: fc.constantFrom('20260101_000000', '20260202_000000', '20260303_000000'),
        contained: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3)),
      })
      .map(
        ({ gate, version, contained, ...rest }): BucketEvidence => ({
          ...rest,
          name,
          newestWrite: rest.objects === 0 ? null : rest.newestWrite,
          decoys: 6,
          containedIn: contained,
          collections: COLLECTIONS.map((collection) => ({
            collection,
            hasData: rest.objects > 0,
            gates: gates(gate),
            version,
            snapshotAt: 1,
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
          collections: a.collections.map((c) => ({ ...c, hasData: true, gates: gates('pass') })),
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
        const a = { ...one, containedIn: {} };
        const { winner, reasons } = decide([a, { ...a, name: 'b' }]);
        expect(winner).toBeNull();
        expect(reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('stranded deltas', () => {
  const at = (name: string, modified: number): [string, ListedObject] => [
    name,
    { key: name, size: 1, etag: 'x', storageClass: 'STANDARD', modified },
  ];
  const winner: BucketEvidence = {
    name: 'truth',
    collections: [{ collection: 'lines', hasData: true, gates: [], version: null, snapshotAt: 100 }],
    objects: 1,
    bytes: 1,
    decoys: 0,
    newestWrite: 1,
    recentWrites: 1,
    references: [],
    containedIn: {},
  };

  it('are deltas that only a loser has and that the snapshot cannot hold yet', () => {
    const inventories = new Map([
      ['truth', new Map([at('lines/delta/both/delta.tar.gz', 200)])],
      [
        'loser',
        new Map([
          at('lines/delta/.placeholder', 200),
          at('lines/delta/both/delta.tar.gz', 200),
          at('lines/delta/new/delta.tar.gz', 200),
          at('lines/delta/old/delta.tar.gz', 50),
          at('lines/snapshot/latest-pointer.txt', 200),
        ]),
      ],
    ]);
    const found = findStranded(winner, inventories, ['loser']);
    expect(found.map(({ object: { key: name } }) => name)).toEqual(['lines/delta/new/delta.tar.gz']);
  });

  it('are told apart where the truth holds other content under the same key', () => {
    const [name, delta] = at('lines/delta/both/delta.tar.gz', 200);
    const inventories = new Map([
      ['truth', new Map([[name, { ...delta, etag: 'y' }]])],
      ['loser', new Map([[name, delta]])],
    ]);
    expect(findStranded(winner, inventories, ['loser'])).toEqual([
      { bucket: 'loser', object: delta, overshadowed: true },
    ]);
  });
});

describe('levels of proof', () => {
  const comparison = fc.record({
    present: fc.boolean(),
    sizeEqual: fc.boolean(),
    etagEqual: fc.boolean(),
    copiedByUs: fc.boolean(),
    bytesEqual: fc.constantFrom(true, false, undefined),
    ownHashEqual: fc.constantFrom(true, false, undefined),
  });

  it('never rise above P0 when anything failed, nor above P1 without evidence of the content', () => {
    fc.assert(
      fc.property(comparison, (each) => {
        const level = levelOf(each);
        const failed =
          !each.present || !each.sizeEqual || each.bytesEqual === false || each.ownHashEqual === false;
        if (failed) expect(level).toBe('P0');
        const evidence =
          each.etagEqual || each.copiedByUs || each.bytesEqual === true || each.ownHashEqual === true;
        if (!failed && !evidence) expect(level).toBe('P1');
      }),
    );
  });

  it('are ordered from P4 down to P0', () => {
    for (const [index, level] of LEVELS.entries()) {
      for (const [other, required] of LEVELS.entries())
        expect(isAtLeast(level, required)).toBe(index <= other);
    }
  });
});

describe('a bucket name in a text', () => {
  it('is found whole, in ARNs and URLs, and never as a part of another name', () => {
    const found = [
      'receipts',
      's3://receipts/x',
      'arn:aws:s3:::receipts',
      'arn:aws:s3:::receipts/*',
      'receipts.s3.amazonaws.com',
      '{"b":"receipts"}',
      'uses receipts.',
    ];
    for (const text of found) expect([text, namesBucket(text, 'receipts')]).toEqual([text, true]);
    const other = ['receipts-old', 'old-receipts', 'receipts.old', 'my.receipts', 'receipts2'];
    for (const text of other) expect([text, namesBucket(text, 'receipts')]).toEqual([text, false]);
  });
});

describe('parts', () => {
  it('cover every byte once, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 999 }), (size, partSize) => {
        const parts = evenParts(size, partSize);
        expect(parts[0]?.first).toBe(0);
        expect(parts.at(-1)?.last).toBe(size - 1);
        expect(unevenParts(parts.map(({ first, last }) => last - first + 1))).toEqual(parts);
      }),
    );
  });

  it('are never more than S3 takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), fc.nat(10 ** 9), (size, wanted) => {
        expect(Math.ceil(size / choosePartSize(size, wanted))).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('the freeze', () => {
  const statement = fc.record({ Effect: fc.constant('Allow'), Sid: fc.string() });

  it('keeps every statement of the policy, adds one, and never denies PutBucketPolicy', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 4 }), (own) => {
        const policy = JSON.stringify({ Version: '2012-10-17', Id: 'mine', Statement: own });
        const frozen = JSON.parse(freezePolicy(policy, 'bucket', ['arn:aws:iam::1:role/me']));
        expect(frozen.Id).toBe('mine');
        expect(frozen.Statement.slice(0, -1)).toEqual(own);
        expect(JSON.stringify(frozen.Statement.at(-1))).not.toMatch(
          /PutBucketPolicy|DeleteBucketPolicy|s3:\*/,
        );
      }),
    );
  });

  it('refuses a policy that has no room left, before anything is changed', () => {
    const policy = JSON.stringify({ Statement: [{ Sid: 'x'.repeat(20_000) }] });
    expect(() => freezePolicy(policy, 'bucket', ['arn:aws:iam::1:role/me'])).toThrow(/too long/);
  });

  it('exempts a role by its ARN, with or without a path', () => {
    expect(principalsOf('arn:aws:sts::123456789012:assumed-role/Migrator/me')).toEqual([
      'arn:aws:iam::123456789012:role/Migrator',
      'arn:aws:iam::123456789012:role/*/Migrator',
    ]);
  });
});

type RecordOf<T> = T extends fc.Arbitrary<infer R> ? R : never;

it('digests versions alike, whatever order a listing has within a key', () => {
  const record = fc.record({
    key: fc.constantFrom('a', 'b'),
    versionId: fc.string(),
    etag: fc.string(),
    size: fc.nat(),
    latest: fc.boolean(),
    marker: fc.boolean(),
  });
  const digestOf = (records: readonly RecordOf<typeof record>[]) => {
    const digest = new VersionDigest();
    for (const each of records) digest.add(each);
    return digest.finish();
  };
  fc.assert(
    fc.property(fc.array(record), (records) => {
      const byKey = (all: typeof records) => [...all].sort((a, b) => bytewise(a.key, b.key));
      expect(digestOf(byKey([...records].reverse()))).toBe(digestOf(byKey(records)));
    }),
  );
});

it('takes for decoys only what the old infrastructure put everywhere', () => {
  expect(isDecoyKey('lines/snapshot/.placeholder')).toBe(true);
  expect(isDecoyKey('lines/snapshot/latest-pointer.txt')).toBe(false);
});
