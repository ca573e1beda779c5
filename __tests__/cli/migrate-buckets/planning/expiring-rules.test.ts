import type { LifecycleRule } from '@aws-sdk/client-s3';
import { expiringRules, hasTags, mayExpire } from '../../../../cli/migrate-buckets/planning/expiring-rules';

/** A5: which rules of a lifecycle delete what was copied. */
const rulesOf = (...Rules: Partial<LifecycleRule>[]) =>
  expiringRules({
    Rules: Rules.map((rule, index) => ({
      ID: `${index}`,
      Status: 'Enabled',
      Expiration: { Days: 30 },
      ...rule,
    })) as LifecycleRule[],
  });
const [ALL] = rulesOf({});
const only = (rule: Partial<LifecycleRule>) => {
  const [found = ALL] = rulesOf(rule);
  if (found === undefined) throw new Error('There is no rule.');
  return found;
};
const takes = (rule: Partial<LifecycleRule>, key: string, size = 5) => mayExpire(only(rule), { key, size });

it('are the enabled ones that delete current objects', () => {
  expect(expiringRules(null)).toEqual([]);
  expect(expiringRules({})).toEqual([]);
  expect(rulesOf({ Status: 'Disabled' })).toEqual([]);
  expect(rulesOf({ ID: undefined }, { Expiration: { Days: 1 } })).toMatchObject([
    { id: 'without an id', when: '30 days after they were written' },
    { id: '1', when: '1 day after they were written' },
  ]);
  const on = new Date('2027-01-01T00:00:00Z');
  expect(only({ Expiration: { Date: on } }).when).toBe('on 2027-01-01');
  const text = JSON.parse(JSON.stringify({ Date: on }));
  expect(only({ Expiration: text }).when).toBe('on 2027-01-01');
});

it('are not those that only concern older versions, unfinished uploads, delete markers or storage classes', () => {
  const nothing = { Expiration: undefined };
  expect(
    rulesOf(
      { ...nothing, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      { ...nothing, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      { Expiration: { ExpiredObjectDeleteMarker: true } },
      { ...nothing, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] },
    ),
  ).toEqual([]);
});

it('take objects by the beginnings of their keys, wherever the rule says that', () => {
  expect(takes({}, 'x/a')).toBe(true);
  for (const rule of [
    { Prefix: 'x/' },
    { Filter: { Prefix: 'x/' } },
    { Filter: { And: { Prefix: 'x/' } } },
  ]) {
    expect(takes(rule, 'x/a')).toBe(true);
    expect(takes(rule, 'y/x/a')).toBe(false);
  }
});

it('take objects by their sizes, and neither bound itself', () => {
  const bounds = { ObjectSizeGreaterThan: 3, ObjectSizeLessThan: 6 };
  for (const Filter of [bounds, { And: bounds }]) {
    expect([3, 4, 5, 6].filter((size) => takes({ Filter }, 'a', size))).toEqual([4, 5]);
  }
  expect(takes({}, 'a', 0)).toBe(true);
  expect(takes({ Filter: { ObjectSizeGreaterThan: 0 } }, 'a', 0)).toBe(false);
});

it('take objects that have all of their tags', () => {
  const [a, b] = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ];
  const both = only({ Filter: { And: { Tags: [a, b] } } });
  const one = only({ Filter: { Tag: a } });
  const held = (tags: Record<string, string>) => new Map(Object.entries(tags));
  expect(hasTags(both, held({ a: '1', b: '2', c: '3' }))).toBe(true);
  expect(hasTags(both, held({ a: '1' }))).toBe(false);
  expect(hasTags(one, held({ a: '1' }))).toBe(true);
  expect(hasTags(one, held({ a: '2' }))).toBe(false);
  expect(hasTags(only({}), held({}))).toBe(true);
});

it('may take a delta in its place that a snapshot covers, and nothing else that is tagged so', () => {
  const covered = { Filter: { Tag: { Key: 'covered-by-snapshot', Value: 'true' } } };
  expect(takes(covered, 'lines/delta/a/delta.arrow')).toBe(false);
  expect(takes(covered, 'words/delta/a/delta.tar.gz')).toBe(false);
  expect(takes(covered, 'archive/old/lines/delta/a/delta.arrow')).toBe(true);
  expect(takes(covered, 'lines/snapshot/latest-pointer.txt')).toBe(true);
  // That names no snapshot.
  const other = { Filter: { Tag: { Key: 'covered-by-snapshot', Value: 'false' } } };
  expect(takes(other, 'lines/delta/a/delta.arrow')).toBe(true);
  expect(takes({ Filter: { Tag: { Key: 'old', Value: 'true' } } }, 'lines/delta/a/delta.arrow')).toBe(true);
  expect(takes({}, 'lines/delta/a/delta.arrow')).toBe(true);
});
