import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import {
  allVersions,
  currentOnes,
  isVisible,
  leftovers,
} from '../../../../cli/migrate-buckets/retirement/candidates';
import { BATCH } from '../../../../cli/migrate-buckets/retirement/delete-proven';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { gather } from '../arbitrary-listings';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const DECOY = 'lines/snapshot/.placeholder';
const DECOY_BODY = 'This folder contains ChromaDB snapshots';
const CONTROL = 'z\u0001';

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);

const context = () => ({
  aws: { s3: embedded.s3, options: {} } as Aws,
  signal: new AbortController().signal,
});
const of = ({ source, files }: VerifiedSource) => ({ source, versions: files.versions });
const current = (setting: VerifiedSource) => gather(currentOnes(context(), of(setting)));
const all = (setting: VerifiedSource) => gather(allVersions(context(), of(setting)));
const left = (setting: VerifiedSource) => leftovers(context(), of(setting));

async function verified(versioned: boolean, keys: readonly string[]): Promise<VerifiedSource> {
  const setting = await prepare({ versioned });
  for (const key of keys) await embedded.put(setting.source, key, key);
  await setting.verify();
  return setting;
}
const remove = (bucket: string, key: string) =>
  embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

describe('Phase one', () => {
  it('names each verified object with its ETag, and the twin that the destination must hold', async () => {
    const setting = await verified(false, ['a', 'b']);
    const a = await embedded.look(setting.source, 'a');
    const [first, ...others] = await current(setting);
    expect(first).toEqual({
      key: 'a',
      twin: { ...a, storageClass: '', modified: 0 },
      deletions: [{ key: 'a', etag: a.etag }],
    });
    expect(others.map(({ key }) => key)).toEqual(['b']);
  });

  it('pins the twin to its version where there are versions, so that a hidden one can be read', async () => {
    const [candidate] = await current(await verified(true, ['a']));
    expect(candidate?.twin?.versionId).toMatch(/./);
  });

  it('demands no twin of a decoy', async () => {
    const setting = await prepare();
    await embedded.put(setting.source, DECOY, DECOY_BODY);
    await setting.verify();
    const [candidate] = await current(setting);
    expect(candidate).toMatchObject({ key: DECOY, twin: undefined, deletions: [{ key: DECOY }] });
  });

  it.each([false, true])('only names what somebody changed, versioned: %p', async (versioned) => {
    const setting = await verified(versioned, ['a', 'b']);
    await embedded.put(setting.source, 'a', 'A');
    const [first] = await current(setting);
    expect(first).toEqual({
      key: 'a',
      twin: undefined,
      deletions: [],
      obstacle: 'It was changed since the verification.',
    });
  });

  it.each([false, true])('passes over what is gone, hidden, or new, versioned: %p', async (versioned) => {
    const setting = await verified(versioned, ['a', 'b']);
    await remove(setting.source, 'a');
    await embedded.put(setting.source, 'new', 'x');
    expect((await current(setting)).map(({ key }) => key)).toEqual(['b']);
  });

  it('passes over what was deleted before the verification', async () => {
    const setting = await prepare({ versioned: true });
    await embedded.put(setting.source, 'a', 'a');
    await remove(setting.source, 'a');
    await setting.verify();
    expect(await current(setting)).toEqual([]);
  });
});

describe('Phase two', () => {
  it('names the verified versions of a key, older ones too, then the markers over them, under one twin', async () => {
    const setting = await verified(true, ['a', 'a']);
    await remove(setting.source, 'a');
    const [candidate, ...others] = await all(setting);
    expect(others).toEqual([]);
    const ids = candidate?.deletions.map((each) => ('versionId' in each ? each.versionId : undefined));
    expect(new Set(ids).size).toBe(3);
    expect(candidate?.twin).toMatchObject({ key: 'a', versionId: ids?.[0] });
  });

  it('leaves what is newer, and whatever lies under another key', async () => {
    const setting = await verified(true, ['a']);
    await embedded.put(setting.source, 'a', 'newer');
    await embedded.put(setting.source, 'new', 'x');
    await remove(setting.source, 'new');
    const candidates = await all(setting);
    expect(candidates.map(({ key, deletions }) => [key, deletions.length])).toEqual([['a', 1]]);
  });

  it('leaves a newer version of the very same bytes: it is not what was verified', async () => {
    const setting = await verified(true, ['a']);
    await embedded.put(setting.source, 'a', 'a');
    expect((await all(setting)).map(({ deletions }) => deletions.length)).toEqual([1]);
    expect(await left(setting)).toMatchObject({ versions: 2, newer: 1, newer_keys: ['a'] });
  });

  it('passes over what an earlier run deleted to its last version', async () => {
    const setting = await verified(true, ['a', 'b']);
    const [first] = await current(setting);
    const versionId = first?.twin?.versionId;
    const gone = { Bucket: setting.source, Key: 'a', VersionId: versionId };
    await embedded.s3.send(new DeleteObjectCommand(gone));
    expect((await all(setting)).map(({ key }) => key)).toEqual(['b']);
  });

  it('leaves a version without an id that somebody overwrote', async () => {
    const setting = await verified(false, ['a', 'b']);
    await embedded.put(setting.source, 'a', 'A');
    expect((await all(setting)).map(({ key }) => key)).toEqual(['b']);
  });

  it('demands no twin where the newest was a delete marker, or of a decoy', async () => {
    const setting = await prepare({ versioned: true });
    await embedded.put(setting.source, 'a', 'a');
    await embedded.put(setting.source, DECOY, DECOY_BODY);
    await remove(setting.source, 'a');
    await setting.verify();
    const candidates = await all(setting);
    expect(candidates.map(({ key, twin, deletions }) => [key, twin, deletions.length])).toEqual([
      ['a', undefined, 2],
      [DECOY, undefined, 1],
    ]);
  });

  it('A4: demands the twin of what lies under the key of a decoy, whatever an older version was', async () => {
    const setting = await prepare({ versioned: true });
    for (const body of [DECOY_BODY, 'data']) await embedded.put(setting.source, DECOY, body);
    await setting.verify();
    const twin = { key: DECOY, size: 4 };
    expect(await current(setting)).toMatchObject([{ key: DECOY, twin }]);
    expect(await all(setting)).toMatchObject([{ key: DECOY, twin }]);
  });

  it('names one at a time under a key that stands in no batch', async () => {
    const setting = await verified(true, [CONTROL, CONTROL]);
    expect((await all(setting)).map(({ key, deletions }) => [key, deletions.length])).toEqual([
      [CONTROL, 1],
      [CONTROL, 1],
    ]);
    expect(BATCH).toBe(1000);
  });
});

describe('What is left', () => {
  it('is nothing of an empty bucket', async () => {
    const setting = await verified(false, ['a']);
    await remove(setting.source, 'a');
    expect(await left(setting)).toEqual({ versions: 0, bytes: 0, newer: 0, newer_keys: [] });
  });

  it('is counted, and told apart by whether it was verified', async () => {
    const setting = await verified(true, ['a', 'bb']);
    await embedded.put(setting.source, 'a', 'newer');
    await remove(setting.source, 'bb');
    expect(await left(setting)).toEqual({ versions: 4, bytes: 8, newer: 2, newer_keys: ['a', 'bb'] });
  });

  it('is nothing new where a key has several verified versions', async () => {
    expect(await left(await verified(true, ['a', 'a']))).toMatchObject({ versions: 2, newer: 0 });
  });

  it('takes what was overwritten in an unversioned bucket for newer', async () => {
    const setting = await verified(false, ['a']);
    await embedded.put(setting.source, 'a', 'A');
    expect(await left(setting)).toMatchObject({ versions: 1, newer: 1 });
  });

  it('may be told of what is seen alone', async () => {
    const setting = await verified(true, ['a', 'bb']);
    await embedded.put(setting.source, 'a', 'newer');
    await remove(setting.source, 'bb');
    expect(await leftovers(context(), of(setting), isVisible)).toEqual({
      versions: 1,
      bytes: 5,
      newer: 1,
      newer_keys: ['a'],
    });
  });

  it('names the first ten', async () => {
    const setting = await verified(false, []);
    const keys = Array.from({ length: 11 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    for (const key of keys) await embedded.put(setting.source, key, 'x');
    expect(await left(setting)).toMatchObject({ newer: 11, newer_keys: keys.slice(0, 10) });
  });
});
