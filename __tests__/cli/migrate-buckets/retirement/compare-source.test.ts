import { writeFile } from 'node:fs/promises';
import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import { compareSource } from '../../../../cli/migrate-buckets/retirement/compare-source';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);

const compare = ({ source, files, state }: VerifiedSource, placement = Placement.plain(source)) =>
  compareSource(
    { aws: { s3: embedded.s3, options: {} } as Aws, signal: new AbortController().signal },
    source,
    files,
    state.now,
    placement,
  );

/** Two verified objects, one of them with an older version where the source is versioned. */
async function verified(options: Parameters<typeof prepare>[0] = {}): Promise<VerifiedSource> {
  const setting = await prepare(options);
  for (const key of ['a', 'b', 'b']) await embedded.put(setting.source, key, key);
  await setting.verify();
  return setting;
}
const remove = (bucket: string, key: string) =>
  embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

describe('A source is unchanged', () => {
  const unchanged = async (setting: VerifiedSource) => (await compare(setting)).unchanged;

  it('when a fresh listing equals the verified one', async () => {
    const setting = await verified();
    expect(await unchanged(setting)).toEqual({
      holds: true,
      evidence: `A fresh listing of ${setting.source} equals the verified one: 2 versions.`,
    });
  });

  it('with its older versions, which are told apart from delete markers', async () => {
    const setting = await verified({ versioned: true });
    await remove(setting.source, 'a');
    await setting.verify();
    expect(await unchanged(setting)).toEqual({
      holds: true,
      evidence: `A fresh listing of ${setting.source} equals the verified one: 4 versions, 2 of them older ones that were not copied.`,
    });
  });

  it('but not when the stored manifest was tampered with, whatever the listing says', async () => {
    const setting = await verified();
    await writeFile(setting.files.versions, '');
    expect(await unchanged(setting)).toEqual({
      holds: false,
      evidence: `${setting.files.versions} is not what was verified. Run apply again.`,
    });
  });

  it.each([false, true])('but not with a new object, versioned: %p', async (versioned) => {
    const setting = await verified({ versioned });
    for (const key of ['new-1', 'new-2']) await embedded.put(setting.source, key, 'x');
    expect(await unchanged(setting)).toEqual({
      holds: false,
      evidence: expect.stringMatching(
        RegExp(`^${setting.source} holds what was not verified: new-1 \\(version .+\\). Run apply again.$`),
      ),
    });
  });

  it('but not when an object was changed, or is gone', async () => {
    const evidence = (setting: VerifiedSource) => ({
      holds: false,
      evidence: `${setting.source} is not what was verified: objects changed or went. Run apply again.`,
    });
    const changed = await verified();
    await embedded.put(changed.source, 'a', 'changed');
    expect(await unchanged(changed)).toEqual(evidence(changed));
    const gone = await verified();
    await remove(gone.source, 'a');
    expect(await unchanged(gone)).toEqual(evidence(gone));
  });

  it('but not with a delete marker, before the retirement began', async () => {
    const setting = await verified({ versioned: true });
    await remove(setting.source, 'a');
    expect(await unchanged(setting)).toMatchObject({
      holds: false,
      evidence: expect.stringContaining('holds what was not verified: a (version'),
    });
  });

  describe('once its retirement began', () => {
    const retiring = async () => {
      const setting = await verified({ versioned: true });
      await setting.state.save({ phase: 'retiring' });
      return setting;
    };

    it('by whatever of it is left, and delete markers over what was verified', async () => {
      const setting = await retiring();
      await remove(setting.source, 'a');
      expect(await unchanged(setting)).toEqual({
        holds: true,
        evidence: `The 4 versions that are left in ${setting.source} were all verified.`,
      });
    });

    it('by the one version that is left of it', async () => {
      const setting = await prepare();
      for (const key of ['a', 'b']) await embedded.put(setting.source, key, key);
      await setting.verify();
      await setting.state.save({ phase: 'retiring' });
      await remove(setting.source, 'a');
      expect(await unchanged(setting)).toEqual({
        holds: true,
        evidence: `The 1 version that is left in ${setting.source} was verified.`,
      });
    });

    it('but not with a verified object that was overwritten in an unversioned bucket, and the way on is told', async () => {
      const setting = await verified();
      await setting.state.save({ phase: 'retiring' });
      await embedded.put(setting.source, 'a', 'A');
      expect(await unchanged(setting)).toEqual({
        holds: false,
        evidence: `${setting.source} holds what was not verified: a (version null). Its retirement has begun, so this plan cannot be applied again: run unfreeze, make a new plan of what is left (plan --out another.json, with --archive where this one had it), apply it and retire by that one.`,
      });
    });

    it('by delete markers that took the place of what was verified, as a bucket lays them whose versioning is suspended', async () => {
      const setting = await verified();
      const VersioningConfiguration = { Status: 'Suspended' } as const;
      const { source } = setting;
      await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
      await setting.state.save({ phase: 'retiring' });
      await remove(source, 'a');
      expect(await compare(setting)).toEqual({
        unchanged: {
          holds: true,
          evidence: `The 2 versions that are left in ${source} were all verified.`,
        },
        inventory: {
          objects: { objects: 1, bytes: 1 },
          decoys: { objects: 0, bytes: 0 },
          older: { objects: 0, bytes: 0 },
          markers: 1,
        },
      });
    });

    it('but not with a delete marker over anything else', async () => {
      const setting = await retiring();
      await remove(setting.source, 'other');
      expect(await unchanged(setting)).toMatchObject({
        holds: false,
        evidence: expect.stringContaining('other'),
      });
    });

    it('but not with a newer version of what was verified', async () => {
      const setting = await retiring();
      await embedded.put(setting.source, 'a', 'newer');
      expect(await unchanged(setting)).toMatchObject({
        holds: false,
        evidence: expect.stringContaining(': a ('),
      });
    });
  });
});

describe('What of the verified the source still holds', () => {
  const tally = (objects: number, bytes: number) => ({ objects, bytes });

  it('is counted by what becomes of it, with its bytes', async () => {
    const setting = await prepare({ versioned: true });
    for (const body of ['older', 'newer!']) await embedded.put(setting.source, 'a', body);
    await embedded.put(setting.source, 'lines/snapshot/latest/pointer.txt', 'snapshot/initial/');
    // A4: somebody's own, under the key of a decoy.
    await embedded.put(setting.source, 'lines/snapshot/.placeholder', 'xx');
    await embedded.put(setting.source, 'gone', 'x');
    await remove(setting.source, 'gone');
    await setting.verify();
    expect(await compare(setting)).toMatchObject({
      inventory: { objects: tally(2, 8), decoys: tally(1, 17), older: tally(2, 6), markers: 1 },
    });
  });

  it('leaves out what was never verified', async () => {
    const setting = await verified();
    await embedded.put(setting.source, 'new', 'x');
    expect(await compare(setting)).toMatchObject({
      inventory: { objects: tally(2, 2), decoys: tally(0, 0), older: tally(0, 0), markers: 0 },
    });
  });

  it('is what it was when a retirement hides it, with the markers over it', async () => {
    const setting = await verified({ versioned: true });
    await setting.state.save({ phase: 'retiring' });
    await remove(setting.source, 'a');
    expect((await compare(setting)).inventory).toEqual({
      objects: tally(2, 2),
      decoys: tally(0, 0),
      older: tally(1, 1),
      markers: 1,
    });
  });
});

it('counts what the plan leaves out apart from what is to go', async () => {
  const setting = await verified({ versioned: true });
  await embedded.put(setting.source, 'c', 'c');
  await remove(setting.source, 'b');
  await setting.verify();
  const filters = [{ action: 'exclude', glob: 'b' } as const];
  const { inventory, unchanged } = await compare(
    setting,
    new Placement(setting.source, { archived: [], live: [], filters }),
  );
  expect(unchanged.holds).toBe(true);
  const nothing = { objects: 0, bytes: 0 };
  expect(inventory).toEqual({
    objects: { objects: 2, bytes: 2 },
    decoys: nothing,
    older: nothing,
    markers: 0,
    // Two versions, and the delete marker over them.
    left_out: { objects: 3, bytes: 2 },
  });
  expect((await compare(setting)).inventory).not.toHaveProperty('left_out');
});
