import fc from 'fast-check';
import { VersionDigest } from '../../../../cli/migrate-buckets/plan-files/version-record';
import { bytewise } from '../arbitrary-listings';

type RecordOf<T> = T extends fc.Arbitrary<infer R> ? R : never;

it('digests versions alike, whatever order a listing has within a key', () => {
  const record = fc.record({
    key: fc.constantFrom('a', 'b'),
    version_id: fc.string(),
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
