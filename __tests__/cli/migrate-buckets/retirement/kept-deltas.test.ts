import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import { keptDeltas, oldSystemMergedUntil } from '../../../../cli/migrate-buckets/retirement/kept-deltas';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useFixedTime } from '../../../support/fixed-time';
import { putSnapshot, putSnapshotManifest } from '../../../support/old-buckets';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const NOW = new Date('2026-03-01T00:00:00Z');
const [EARLIER, LATER] = ['20260228_000000', '20260302_000000'];
/** The very second in which the deltas were written: whether it holds them, nobody knows. */
const AT_ONCE = '20260301_000000';
const OURS = '20260303_000000_000000_0123abcd';
const DELTA = 'lines/delta/x/delta.tar.gz';

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
useFixedTime(NOW);

/** A source with these objects, each with its key for a body, all of which goes into the archive. */
async function archived(...keys: readonly string[]): Promise<VerifiedSource> {
  const setting = await prepare({ versioned: true });
  for (const key of keys) await embedded.put(setting.source, key, key);
  await setting.verify();
  return setting;
}

const look = (
  { source, destination, files }: VerifiedSource,
  rules = { archived: [''], live: [] as string[] },
) =>
  keptDeltas(
    { aws: { s3: embedded.s3, options: {} } as unknown as Aws, signal: new AbortController().signal },
    { source, destination, placement: new Placement(source, rules) },
    files.versions,
  );

it('A9: finds what is in no collection, in the order of the keys', async () => {
  const deltas = ['words/delta/y/delta.arrow', DELTA];
  const setting = await archived(...deltas, 'lines/snapshot/a', 'ocr/a.json');
  expect(await look(setting)).toEqual({ live: 0, covered: 0, unmerged: deltas.sort() });
});

it('passes over what keeps its key, decoys, and what is gone or was deleted before', async () => {
  const setting = await archived(DELTA, 'words/delta/y/delta.arrow');
  await embedded.put(setting.source, 'words/delta/.placeholder', 'This folder contains ChromaDB delta files');
  // Of the first an older version stays, which was not verified as what is there.
  for (const key of [
    'words/delta/z/delta.arrow',
    'words/delta/z/delta.arrow',
    'words/delta/deleted/delta.arrow',
  ])
    await embedded.put(setting.source, key, key);
  const { versionId } = await latest(setting, 'words/delta/z/delta.arrow');
  await embedded.s3.send(
    new DeleteObjectCommand({ Bucket: setting.source, Key: 'words/delta/deleted/delta.arrow' }),
  );
  await setting.verify();
  await embedded.s3.send(
    new DeleteObjectCommand({
      Bucket: setting.source,
      Key: 'words/delta/z/delta.arrow',
      VersionId: versionId,
    }),
  );
  const rules = { archived: [''], live: ['lines/delta/'] };
  expect(await look(setting, rules)).toEqual({
    live: 0,
    covered: 0,
    unmerged: ['words/delta/y/delta.arrow'],
  });
});

it('still finds what a retirement that was cut off has hidden', async () => {
  const setting = await archived(DELTA);
  await embedded.s3.send(new DeleteObjectCommand({ Bucket: setting.source, Key: DELTA }));
  expect((await look(setting)).unmerged).toEqual([DELTA]);
});

describe('What is live', () => {
  it('has the same bytes under its own key, whatever its ETag is', async () => {
    const setting = await archived(DELTA);
    await embedded.put(setting.destination, DELTA, DELTA);
    expect(await look(setting)).toEqual({ live: 1, covered: 0, unmerged: [] });
    await embedded.putInParts(setting.destination, DELTA, DELTA);
    expect(await look(setting)).toEqual({ live: 1, covered: 0, unmerged: [] });
  });

  it.each([DELTA.toUpperCase(), `${DELTA}!`])('has not other bytes, such as %s', async (body) => {
    const setting = await archived(DELTA);
    await embedded.put(setting.destination, DELTA, body);
    expect((await look(setting)).unmerged).toEqual([DELTA]);
  });

  it('is counted once for the source, however many others the destination has', async () => {
    const setting = await archived(DELTA);
    for (const key of ['lines/delta/a/delta.arrow', DELTA, 'words/delta/z/delta.arrow'])
      await embedded.put(setting.destination, key, key);
    expect(await look(setting)).toEqual({ live: 1, covered: 0, unmerged: [] });
  });

  it('does not lie in the archive alone', async () => {
    const setting = await archived(DELTA);
    await embedded.put(setting.destination, `archive/${setting.source}/${DELTA}`, DELTA);
    expect((await look(setting)).unmerged).toEqual([DELTA]);
  });
});

describe('What a snapshot covers', () => {
  const withSnapshot = async (version: string, lineage?: readonly string[]) => {
    const setting = await archived(DELTA, 'words/delta/y/delta.tar.gz');
    const snapshot = await makeSnapshot(1);
    await putSnapshot(embedded.s3, setting.destination, 'lines', version, snapshot);
    if (lineage !== undefined) {
      const { archive } = snapshot;
      await putSnapshotManifest(embedded.s3, setting.destination, 'lines', version, { archive, lineage });
    }
    return look(setting);
  };
  const covered = { live: 0, covered: 1, unmerged: ['words/delta/y/delta.tar.gz'] };
  const none = { live: 0, covered: 0, unmerged: [DELTA, 'words/delta/y/delta.tar.gz'] };

  it('is what is older than one of the old system', async () => {
    expect(await withSnapshot(LATER)).toEqual(covered);
    expect(await withSnapshot(EARLIER)).toEqual(none);
    expect(await withSnapshot(AT_ONCE)).toEqual(none);
  });

  it('is not what a checkpoint came after, but what the snapshot did that it was built from', async () => {
    expect(await withSnapshot(OURS, [])).toEqual(none);
    expect(await withSnapshot(OURS, [EARLIER])).toEqual(none);
    expect(await withSnapshot(OURS, [LATER, OURS])).toEqual(covered);
  });

  it('is nothing where its pointer leads nowhere', async () => {
    const setting = await archived(DELTA);
    await embedded.put(setting.destination, 'lines/snapshot/latest-pointer.txt', LATER);
    expect((await look(setting)).unmerged).toEqual([DELTA]);
  });

  it('goes by the newest of the old system, and by none of ours', () => {
    expect(oldSystemMergedUntil([EARLIER, OURS, LATER])).toBe(Date.parse('2026-03-02T00:00:00Z'));
    expect(oldSystemMergedUntil([OURS, `${LATER}x`, `x${LATER}`])).toBe(0);
    expect(oldSystemMergedUntil([])).toBe(0);
  });
});

const latest = async ({ source }: VerifiedSource, key: string) => {
  const { VersionId: versionId } = await embedded.s3.send(
    new HeadObjectCommand({ Bucket: source, Key: key }),
  );
  return { versionId };
};
