import { createHash } from 'node:crypto';
import { ManifestDigest, manifestLine } from '../../../../cli/migrate-buckets/plan-files/digest';
import {
  ALL_LIVE,
  type ManifestEntry,
  type PlacementRules,
} from '../../../../contracts/migrate-buckets/plan';

const digestOf = (placement: PlacementRules) =>
  new ManifestDigest({ source: 'old', destination: 'new', placement }).finish();

it('is, without a placement, that of plans which were made before there were any', () => {
  // printf '["old","new"]\\n' | sha256sum
  expect(digestOf(ALL_LIVE)).toBe('aa9600ae862872b0c4d7221a61da47341a6b647589e04b06dede8138b297abb5');
  expect(digestOf({ ...ALL_LIVE, filters: [] })).toBe(
    'aa9600ae862872b0c4d7221a61da47341a6b647589e04b06dede8138b297abb5',
  );
});

it('changes with everything that says where an object belongs, and whether it is taken', () => {
  const filter = { action: 'exclude' as const, glob: 'a' };
  const placements: PlacementRules[] = [
    ALL_LIVE,
    { archived: [''], live: [] },
    { archived: [''], live: [], folder: 'a' },
    { archived: [''], live: [], folder: 'b' },
    { archived: [], live: [''] },
    { archived: ['a'], live: [] },
    { archived: ['a', 'b'], live: [] },
    { archived: ['b', 'a'], live: [] },
    { ...ALL_LIVE, filters: [filter] },
    { ...ALL_LIVE, filters: [{ ...filter, action: 'include' }] },
    { ...ALL_LIVE, filters: [{ ...filter, glob: 'b' }] },
    { ...ALL_LIVE, filters: [filter, { ...filter, action: 'include' }] },
    { ...ALL_LIVE, filters: [{ ...filter, action: 'include' }, filter] },
  ];
  expect(new Set(placements.map(digestOf)).size).toBe(placements.length);
});

it('is over the lines of the manifest, each in the order of the contract', () => {
  const entry: ManifestEntry = {
    expected: 'absent',
    action: 'copy',
    storage_class: 'STANDARD',
    etag: 'e',
    size: 1,
    key: 'k',
  };
  const line =
    '{"key":"k","size":1,"etag":"e","storage_class":"STANDARD","action":"copy","expected":"absent"}\n';
  expect(manifestLine(entry)).toBe(line);
  const digest = new ManifestDigest({ source: 'old', destination: 'new', placement: ALL_LIVE });
  digest.add(entry);
  const expected = createHash('sha256').update(`["old","new"]\n${line}`).digest('hex');
  expect(digest.finish()).toBe(expected);
});
