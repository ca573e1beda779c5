import fc from 'fast-check';
import { versionId } from '../../contracts/bucket-layout';
import { type SnapshotManifest, snapshotManifestSchema } from '../../contracts/snapshot';
import { collections, compactionRuns, instants, sha256s } from '../support/arbitraries';
import { pointer } from '../support/runs';

const versions = instants.map((instant) => versionId(new Date(instant), '0badcafe'));

const contents = fc
  .record({
    merged: fc.array(compactionRuns, { maxLength: 3 }),
    publishedAt: instants.map((instant) => new Date(instant)),
    uncovered: fc.array(fc.string({ minLength: 1 })),
    lineage: fc.array(versions, { maxLength: 3 }),
  })
  .map(({ lineage, ...props }) => ({ ...pointer(props).manifest, lineage }) as SnapshotManifest['content']);

const manifests: fc.Arbitrary<SnapshotManifest> = fc.record({
  format_version: fc.constant(1 as const),
  collection: collections,
  version: versions,
  archive_bytes: fc.integer({ min: 1 }),
  archive_sha256: sha256s,
  content: contents,
});

test("a snapshot's manifest reads back as it was written", () => {
  fc.assert(
    fc.property(manifests, (written) => {
      expect(snapshotManifestSchema.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
    }),
  );
});

test('a manifest of any other format version is refused', () => {
  const others = fc.oneof(fc.integer(), fc.string(), fc.constant(undefined)).filter((value) => value !== 1);
  fc.assert(
    fc.property(manifests, others, (manifest, format_version) => {
      const { success, error } = snapshotManifestSchema.safeParse({ ...manifest, format_version });
      expect(success).toBe(false);
      expect(error?.issues.map(({ path }) => path)).toEqual([['format_version']]);
    }),
  );
});

test.each([
  ['an empty archive', { archive_bytes: 0 }],
  ['half a checksum', { archive_sha256: 'abc' }],
  ['another collection', { collection: 'letters' }],
  ['a version that is none', { version: 'latest' }],
  ['no content', { content: undefined }],
])('a manifest with %s is refused', (_what, change) => {
  const [manifest] = fc.sample(manifests, 1);
  expect(snapshotManifestSchema.safeParse({ ...manifest, ...change }).success).toBe(false);
});
