import { createHash } from 'node:crypto';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import type { Journal } from '../../../../cli/migrate-buckets/plan-files/journal';
import {
  evaluateObject,
  explainLevel,
  isReachable,
  listedLevel,
  type Sides,
} from '../../../../cli/migrate-buckets/verification/evaluate-object';
import { Proofs } from '../../../../cli/migrate-buckets/verification/proofs';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { smallChromaDatabase } from '../../../support/small-chroma-database';

const VERSION = '20260101_000000';
const SNAPSHOT = { collection: 'lines', version: VERSION } as const;
const FOLDER = `lines/snapshot/timestamped/${VERSION}/`;
const [ARCHIVE, HASH, POINTER] = [
  `${FOLDER}snapshot.tar.gz`,
  `${FOLDER}.snapshot_hash`,
  'lines/snapshot/latest-pointer.txt',
];
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

const embedded = useEmbeddedS3();
let source: string;
let destination: string;
let placement: Placement;
beforeEach(async () => {
  source = await embedded.bucket();
  placement = Placement.plain(source);
  destination = await embedded.bucket();
});

interface Given {
  readonly key?: string;
  /** What the source holds under the key. */
  readonly there?: string;
  /** What the destination holds. */
  readonly here?: string | undefined;
  /** The two ETags that the journal holds together. @default - those of the two objects */
  readonly journal?: 'ours' | 'other source' | 'other destination';
  readonly etag?: string;
  readonly sides?: Partial<Sides>;
}

/** How well an object is proven, and how many objects were read for it. */
async function evaluate({ key = 'some/key', there = 'content', here, journal, etag, sides = {} }: Given) {
  const object = await embedded.put(source, key, there);
  const stored = here === undefined ? undefined : await embedded.put(destination, key, here);
  // A copy in parts has another ETag than the same bytes in one piece.
  const present: ListedObject | undefined = stored && { ...stored, etag: etag ?? stored.etag };
  const known = {
    proves: (...asked: string[]) =>
      JSON.stringify(asked) ===
      JSON.stringify([
        key,
        journal === 'other source' ? 'other' : object.etag,
        journal === 'other destination' ? 'other' : present?.etag,
      ]),
  } as Journal;
  await embedded.admin.resetRequests();
  const evaluation = await evaluateObject(
    embedded.s3,
    {
      source,
      destination,
      placement,
      deep: false,
      snapshots: [],
      ...(journal && { journal: known }),
      ...sides,
    },
    { key, source: object, destination: present },
    object,
    new AbortController().signal,
  );
  return { ...evaluation, reads: (await embedded.admin.requests()).GetObject ?? 0 };
}

describe('An object that nothing leads to is', () => {
  it('missing or of another size: P0, without reading it', async () => {
    expect(await evaluate({})).toEqual({ level: 'P0', reads: 0 });
    expect(await evaluate({ journal: 'ours', sides: { deep: true } })).toEqual({ level: 'P0', reads: 0 });
    expect(await evaluate({ here: 'longer content', sides: { deep: true } })).toEqual({
      level: 'P0',
      reads: 0,
    });
  });

  it('of the same ETag: P3, without reading it', async () => {
    expect(await evaluate({ here: 'content', sides: { deep: true } })).toEqual({ level: 'P3', reads: 0 });
  });

  it('of the same size: P1, and its bytes are read only when that is asked for', async () => {
    expect(await evaluate({ here: 'CONTENT' })).toEqual({ level: 'P1', reads: 0 });
    expect(await evaluate({ here: 'CONTENT', sides: { deep: true } })).toEqual({ level: 'P0', reads: 2 });
  });

  it('copied by us: P2, and only by exactly these two ETags', async () => {
    expect(await evaluate({ here: 'CONTENT', journal: 'ours' })).toEqual({ level: 'P2', reads: 0 });
    expect(await evaluate({ here: 'CONTENT', journal: 'other source' })).toEqual({ level: 'P1', reads: 0 });
    expect(await evaluate({ here: 'CONTENT', journal: 'other destination' })).toEqual({
      level: 'P1',
      reads: 0,
    });
    expect(await evaluate({ here: 'CONTENT', journal: 'ours', sides: { deep: true } })).toEqual({
      level: 'P0',
      reads: 2,
    });
  });
});

describe('An object of a snapshot that a pointer names', () => {
  const sides = { snapshots: [SNAPSHOT] };
  const key = `${FOLDER}data_level0.bin`;

  it('is read when only our own copy speaks for it', async () => {
    expect(await evaluate({ key, here: 'CONTENT', journal: 'ours', sides })).toEqual({
      level: 'P0',
      reads: 2,
    });
  });

  it('is not read where its ETag is the same', async () => {
    expect(await evaluate({ key, here: 'content', sides })).toEqual({ level: 'P3', reads: 0 });
  });

  it('is noted as proven where its bytes were read and are the same, and only then', async () => {
    const parts = await embedded.putInParts(source, key, 'content');
    for (const [here, same] of [
      ['content', true],
      ['CONTENT', false],
    ] as const) {
      const present = await embedded.put(destination, key, here);
      const proofs = new Proofs();
      const known = { source, destination, placement, deep: false, ...sides, proofs };
      const pair = { key, source: parts, destination: present };
      await evaluateObject(embedded.s3, known, pair, parts, new AbortController().signal);
      expect(proofs.hold(parts, present)).toBe(same);
    }
  });

  it('is P3 where every byte is the same and the ETag is not', async () => {
    const parts = await embedded.putInParts(source, key, 'content');
    const present = await embedded.put(destination, key, 'content');
    await expect(
      evaluateObject(
        embedded.s3,
        { source, destination, placement, deep: false, ...sides },
        { key, source: parts, destination: present },
        parts,
        new AbortController().signal,
      ),
    ).resolves.toEqual({ level: 'P3' });
  });
});

describe('By its listings alone, an object is', () => {
  const listed = (etag: string, size = 1): ListedObject => ({
    key: 'k',
    size,
    etag,
    storageClass: 'STANDARD',
    modified: 0,
  });
  const level = (present: ListedObject | undefined, more: Partial<Sides> = {}) =>
    listedLevel(
      { source: 's', destination: 'd', placement, deep: true, snapshots: [], ...more },
      listed('a'),
      present,
    );
  const journal = { proves: () => true } as unknown as Journal;

  it('as well proven as its listing shows', () => {
    expect(level(listed('a'))).toBe('P3');
    expect(level(listed('b'))).toBe('P1');
    expect(level(listed('b', 2))).toBe('P0');
    expect(level(undefined)).toBe('P0');
    expect(level(listed('b'), { journal })).toBe('P2');
  });

  it('P3 where it was read before in this run, under these very ETags', () => {
    const proofs = new Proofs();
    expect(level(listed('b'), { proofs, journal })).toBe('P2');
    proofs.add(listed('a'), listed('b'));
    expect(level(listed('b'), { proofs })).toBe('P3');
    expect(level(listed('c'), { proofs })).toBe('P1');
    expect(level(undefined, { proofs })).toBe('P0');
  });
});

describe('The archive of such a snapshot', () => {
  const sides = { snapshots: [{ collection: 'words', version: VERSION } as const, SNAPSHOT] };
  /** Both sides say this of the archive, or each something of its own. */
  const withHash = async (text: string | { there?: string; here?: string }, given: Given = {}) => {
    const { there, here } = typeof text === 'string' ? { there: text, here: text } : text;
    if (there !== undefined) await embedded.put(source, HASH, there);
    if (here !== undefined) await embedded.put(destination, HASH, here);
    return evaluate({ key: ARCHIVE, here: 'content', sides, ...given });
  };
  const TRUE = `md5:${md5('content')}`;
  const OTHER = `md5:${md5('CONTENT')}`;

  it.each([TRUE, `MD5:${md5('content').toUpperCase()}\n`])(
    'is P4 with the same ETag and the hash %j on both sides',
    async (text) => {
      expect(await withHash(text)).toEqual({ level: 'P4', reads: 2 });
    },
  );

  it('is P0 where other bytes lie at the destination beside a hash that fits them: it does not vouch for itself (A2)', async () => {
    expect(await withHash({ here: OTHER }, { here: 'CONTENT' })).toEqual({ level: 'P0', reads: 4 });
    expect(await withHash({ there: TRUE, here: OTHER }, { here: 'CONTENT' })).toEqual({
      level: 'P0',
      reads: 4,
    });
  });

  it('is P0 where even both sides say the hash of those other bytes, which are then compared (A2)', async () => {
    expect(await withHash(OTHER, { here: 'CONTENT' })).toEqual({ level: 'P0', reads: 4 });
  });

  it('is P4 by its bytes where its ETags differ and are not its MD5', async () => {
    for (const bucket of [source, destination]) await embedded.put(bucket, HASH, TRUE);
    const object = await embedded.putInParts(source, ARCHIVE, 'content');
    const present = { ...(await embedded.put(destination, ARCHIVE, 'content')), versionId: undefined };
    const found = await evaluateObject(
      embedded.s3,
      { source, destination, placement, deep: false, ...sides },
      { key: ARCHIVE, source: object, destination: present },
      object,
      new AbortController().signal,
    );
    expect(found).toEqual({ level: 'P4' });
  });

  it('is P0 with another hash on both sides, even of the same ETag, and its bytes are not compared any more', async () => {
    expect(await withHash(`md5:${md5('other')}`, { sides: { ...sides, deep: true } })).toEqual({
      level: 'P0',
      reads: 3,
    });
  });

  it.each([
    'nothing',
    md5('CONTENT'),
    `x md5:${md5('other')}`,
    `md5:${md5('other')} x`,
    `md5:${md5('other')}0`,
  ])('is evaluated like any other object where that hash is %j', async (text) => {
    expect(await withHash(text)).toEqual({ level: 'P3', reads: 2 });
  });

  it('is evaluated like any other object where only one side has one, or each another', async () => {
    expect(await withHash({ there: TRUE })).toEqual({ level: 'P3', reads: 2 });
    expect(await withHash({ there: TRUE, here: OTHER })).toEqual({ level: 'P3', reads: 2 });
  });

  it.each([undefined, 'longer content'])(
    'is P0 with nothing read where it is %j at the destination, whatever hash lies beside it',
    async (here) => {
      expect(await withHash(`md5:${md5(here ?? '')}`, { here })).toEqual({ level: 'P0', reads: 0 });
    },
  );

  it('is evaluated like any other object without one', async () => {
    expect(await withHash({})).toEqual({ level: 'P3', reads: 2 });
  });

  it('has no hash looked for where no pointer names its snapshot', async () => {
    expect(await withHash(`md5:${md5('other')}`, { sides: {} })).toEqual({ level: 'P3', reads: 0 });
  });
});

describe('A pointer', () => {
  const NEWER = '20260202_000000';
  const sides = { snapshots: [{ collection: 'words', version: NEWER } as const, SNAPSHOT] };
  /** A sound snapshot at the destination. */
  const store = (version: string) =>
    embedded.put(destination, `lines/snapshot/timestamped/${version}/chroma.sqlite3`, smallChromaDatabase());

  it('of the same content is P3, and nothing is read', async () => {
    expect(await evaluate({ key: POINTER, there: VERSION, here: VERSION, sides })).toEqual({
      level: 'P3',
      reads: 0,
    });
  });

  it('that names the same version in other words is P3, its snapshot being there', async () => {
    await store(VERSION);
    expect(await evaluate({ key: POINTER, there: VERSION, here: `${VERSION}\n`, sides })).toMatchObject({
      level: 'P3',
    });
  });

  it('that moved on to what does not descend from the source is not proven, and the reason is told', async () => {
    await store(NEWER);
    const { level, why } = await evaluate({ key: POINTER, there: VERSION, here: NEWER, sides });
    expect(level).toBe('P0');
    expect(why).toMatch(RegExp(`published ${NEWER} without having .* ${VERSION}`));
  });

  it('of another size is not proven, and the reason is told', async () => {
    const { level, why } = await evaluate({ key: POINTER, there: VERSION, here: 'nothing', sides });
    expect([level, why]).toEqual(['P0', expect.stringContaining('does not hold a version id')]);
  });

  it('is compared byte for byte where the source names no snapshot by it', async () => {
    const found = await evaluate({
      key: POINTER,
      there: 'content',
      here: 'CONTENT',
      sides: { snapshots: [] },
    });
    expect(found).toEqual({ level: 'P0', reads: 2 });
  });

  it('that is missing is P0', async () => {
    expect(await evaluate({ key: POINTER, there: VERSION, sides })).toEqual({ level: 'P0', reads: 0 });
  });
});

it('reads a stranded delta where it is stranded', async () => {
  const loser = await embedded.bucket();
  const stranded = { ...(await embedded.put(loser, 'lines/delta/x/delta.arrow', 'content')), bucket: loser };
  await embedded.put(source, stranded.key, 'CONTENT');
  const present = await embedded.putInParts(destination, stranded.key, 'content');
  const found = await evaluateObject(
    embedded.s3,
    { source, destination, placement, deep: true, snapshots: [] },
    { key: stranded.key, source: stranded, destination: present },
    stranded,
    new AbortController().signal,
  );
  expect(found).toEqual({ level: 'P3' });
});

it('is stopped by its signal', async () => {
  const object = await embedded.put(source, 'k', 'content');
  const present = await embedded.put(destination, 'k', 'CONTENT');
  const evaluation = evaluateObject(
    embedded.s3,
    { source, destination, placement, deep: true, snapshots: [] },
    { key: 'k', source: object, destination: present },
    object,
    AbortSignal.abort(new Error('Stopped.')),
  );
  await expect(evaluation).rejects.toThrow('Stopped.');
});

it.each([
  ['lines/snapshot/latest-pointer.txt', true],
  ['words/snapshot/latest-pointer.txt', true],
  [`${FOLDER}anything`, true],
  [`words/snapshot/timestamped/${VERSION}/anything`, false],
  ['lines/snapshot/timestamped/20260102_000000/anything', false],
  ['lines/delta/x/delta.arrow', false],
])('of %s, that a pointer leads to it is %p', (key, reachable) => {
  expect(isReachable({ source, destination, placement, deep: false, snapshots: [SNAPSHOT] }, key)).toBe(
    reachable,
  );
});

describe('Why a level is not enough', () => {
  const object = (key: string, size = 1): ListedObject => ({
    key,
    size,
    etag: 'e',
    storageClass: '',
    modified: 0,
  });
  const explain = (level: 'P0' | 'P1', destination: ListedObject | undefined, reachable = false, key = 'k') =>
    explainLevel({ key, source: object(key), destination }, level, reachable);

  it('is told for what is missing', () => {
    expect(explain('P0', undefined)).toBe('It is missing at the destination.');
    for (const key of ['lines/delta/x/delta.arrow', 'words/delta/x/delta.arrow']) {
      expect(explain('P0', undefined, false, key)).toMatch(
        /^It is missing at the destination\. Even if it expired .* Run apply again/,
      );
    }
  });

  it('is told for what differs', () => {
    expect(explain('P0', object('k', 2))).toBe('It has 2 bytes at the destination and 1 at the source.');
    expect(explain('P0', object('k'))).toBe('Its content differs at the destination.');
  });

  it('is told for what is not proven', () => {
    expect(explain('P1', object('k'), true)).toBe(
      'A pointer leads to it, and P1 is not proof enough for that.',
    );
    expect(explain('P1', object('k'))).toBe(
      'It has the same size, but nothing proves its content. Run verify with --deep.',
    );
  });
});
