import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopyEngine } from '../../../../cli/migrate-buckets/engine/engine';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { ManifestDigest, manifestLine } from '../../../../cli/migrate-buckets/plan-files/digest';
import { refuseStale, strandedOf } from '../../../../cli/migrate-buckets/plan-files/staleness';
import { ALL_LIVE, type ManifestEntry, type Plan } from '../../../../contracts/migrate-buckets/plan';
import { stream } from '../arbitrary-listings';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'staleness-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const object = (key: string, changes: Partial<ListedObject> = {}): ListedObject => ({
  key,
  size: 1,
  etag: `etag-of-${key}`,
  storageClass: 'STANDARD',
  modified: 7,
  ...changes,
});
const entry = (key: string, changes: Partial<ManifestEntry> = {}): ManifestEntry => ({
  key,
  size: 1,
  etag: `etag-of-${key}`,
  storage_class: 'STANDARD',
  action: 'copy',
  expected: 'absent',
  ...changes,
});
const kept = (key: string) => entry(key, { action: 'keep', expected: `etag-of-${key}` });

interface Buckets {
  readonly source: readonly ListedObject[];
  readonly destination?: readonly ListedObject[];
}

/** Compares the buckets with a plan of these entries. */
async function compare(
  manifest: readonly ManifestEntry[],
  { source, destination = [] }: Buckets,
  allowSourceChanges = false,
  placement = ALL_LIVE,
): Promise<void> {
  const path = join(folder, 'plan.manifest.ndjson');
  const digest = new ManifestDigest({ source: 'old', destination: 'new', placement });
  for (const each of manifest) digest.add(each);
  await writeFile(path, manifest.map(manifestLine).join(''));
  const plan = { source: 'old', destination: 'new', placement, digest: digest.finish() } as Plan;
  const listings: Readonly<Record<string, readonly ListedObject[]>> = { old: source, new: destination };
  const engine = { list: (bucket: string) => stream(listings[bucket] ?? []) } as Partial<CopyEngine>;
  await refuseStale(engine as CopyEngine, plan, path, allowSourceChanges);
}

const PLANNED = [entry('b'), kept('d'), entry('f')];
const SOURCE = ['b', 'd', 'f'].map((key) => object(key));
const DESTINATION = [object('d')];
const AS_PLANNED = { source: SOURCE, destination: DESTINATION };

const live = ', or pass --allow-source-changes if the source is live';
const stale = (message: string) => ({ message: `The plan is stale: ${message}`, exitCode: 5 });

describe('A plan is not stale', () => {
  it('while both buckets are as it says', async () => {
    await compare(PLANNED, AS_PLANNED);
    await compare(PLANNED, AS_PLANNED, true);
    await compare([], { source: [] });
  });

  it.each([
    ['before', 'a'],
    ['between', 'c'],
    ['behind', 'g'],
  ])('for a key that only the destination has, %s the others', async (_where, key) => {
    const destination = [...DESTINATION, object(key)].sort((a, b) => (a.key < b.key ? -1 : 1));
    await compare(PLANNED, { source: SOURCE, destination });
  });

  it('for an object that was written again with the same content', async () => {
    await compare(PLANNED, { ...AS_PLANNED, source: SOURCE.map((each) => ({ ...each, modified: 99 })) });
  });

  it('for an object that is to be replaced, or is a decoy', async () => {
    const manifest = [
      entry('b', { action: 'replace', expected: 'other' }),
      entry('lines/delta/.placeholder', { size: 0, action: 'skip', expected: 'other' }),
    ];
    const source = [object('b'), object('lines/delta/.placeholder', { size: 0 })];
    await compare(manifest, { source, destination: source.map((each) => ({ ...each, etag: 'other' })) });
  });
});

describe('A source that is not what was planned', () => {
  it.each([
    ['before', 'a'],
    ['between', 'c'],
    ['behind', 'g'],
  ])('makes the plan stale by a new key %s the others, unless the source is live', async (_where, key) => {
    const source = [...SOURCE, object(key)].sort((a, b) => (a.key < b.key ? -1 : 1));
    await expect(compare(PLANNED, { ...AS_PLANNED, source })).rejects.toMatchObject(
      stale(`${key} was added to old since. Plan again${live}.`),
    );
    await compare(PLANNED, { ...AS_PLANNED, source }, true);
  });

  it.each(['b', 'd', 'f'])('makes the plan stale when %s is gone, unless the source is live', async (key) => {
    const source = SOURCE.filter((each) => each.key !== key);
    await expect(compare(PLANNED, { ...AS_PLANNED, source })).rejects.toMatchObject(
      stale(`${key} was deleted from old since. Plan again${live}.`),
    );
    await compare(PLANNED, { ...AS_PLANNED, source }, true);
  });

  it.each([{ etag: 'other' }, { size: 2 }, { storageClass: 'GLACIER' }])(
    'makes the plan stale by %j, unless the source is live',
    async (changes) => {
      const source = SOURCE.map((each) => (each.key === 'b' ? { ...each, ...changes } : each));
      await expect(compare(PLANNED, { ...AS_PLANNED, source })).rejects.toMatchObject(
        stale(`b was changed in old since. Plan again${live}.`),
      );
      await compare(PLANNED, { ...AS_PLANNED, source }, true);
    },
  );

  it('is stale when nothing of it is left', async () => {
    await expect(compare(PLANNED, { source: [] })).rejects.toMatchObject(
      stale(`b was deleted from old since. Plan again${live}.`),
    );
    await compare([entry('b'), entry('f')], { source: [] }, true);
  });
});

describe('A destination that is not what was planned', () => {
  it.each([
    ['holds what was absent', [object('b'), object('d')], 'b'],
    ['holds something else', [object('d', { etag: 'other' })], 'd'],
    ['lacks what was there', [], 'd'],
  ])('makes the plan stale when it %s, also where the source is live', async (_what, destination, key) => {
    for (const isLive of [false, true]) {
      await expect(compare(PLANNED, { source: SOURCE, destination }, isLive)).rejects.toMatchObject(
        stale(`${key} was changed in new since. Plan again.`),
      );
    }
  });

  it('is what is told when the source lost the same key, too', async () => {
    const destination = [object('d', { etag: 'other' })];
    await expect(compare([kept('d')], { source: [], destination }, true)).rejects.toMatchObject(
      stale('d was changed in new since. Plan again.'),
    );
  });
});

describe('Stranded deltas of a plan', () => {
  const stranded = entry('c', { bucket: 'loser', size: 5 });
  const manifest = [entry('b'), stranded, kept('d')];
  const source = [object('b'), object('d')];

  it('are taken for what the plan says, since the source does not list them', async () => {
    await compare(manifest, { source, destination: DESTINATION });
  });

  it('must still be absent at the destination', async () => {
    const destination = [object('c'), object('d')];
    await expect(compare(manifest, { source, destination }, true)).rejects.toMatchObject(
      stale('c was changed in new since. Plan again.'),
    );
  });

  it('are what has a bucket of its own, as it was listed there', async () => {
    expect(await strandedOf(stream(manifest))).toEqual([
      { key: 'c', size: 5, etag: 'etag-of-c', storageClass: 'STANDARD', bucket: 'loser', modified: 0 },
    ]);
    expect(await strandedOf(stream([entry('b')]))).toEqual([]);
  });
});
