import { onAxis, scalesOf, timeAxis } from '../../../../cli/migrate-buckets/report/candidate-charts';

const bucket = (
  name: string,
  days: Readonly<Record<string, number>>,
  prefixes: Record<string, number> = {},
) => ({
  name,
  collections: [],
  objects: 0,
  bytes: 0,
  decoys: 0,
  newest_write: null,
  recent_writes: 0,
  references: [],
  contained_in: {},
  spread: {
    days: Object.fromEntries(
      Object.entries(days).map(([day, objects]) => [day, { objects, bytes: 10 * objects }]),
    ),
    prefixes: Object.entries(prefixes).map(([prefix, bytes]) => ({ prefix, objects: 1, bytes })),
    other_prefixes: { objects: 0, bytes: 0 },
    kinds: [],
  },
});
const counts = (made: ReturnType<typeof bucket>, axis: NonNullable<ReturnType<typeof timeAxis>>) =>
  onAxis(made.spread, axis).map(({ objects }) => objects);

it('draws all candidates over one axis, which ends with the newest day of any', () => {
  const [a, b] = [bucket('a', { '2026-03-01': 1 }), bucket('b', { '2026-03-14': 2, '2026-03-13': 3 })];
  const axis = timeAxis([a, b]);
  expect(axis).toEqual({ first: Date.parse('2026-03-01'), step: 1, bars: 14 });
  if (axis === undefined) return;
  expect(counts(a, axis)).toEqual([1, ...Array(13).fill(0)]);
  expect(counts(b, axis)).toEqual([...Array(12).fill(0), 3, 2]);
});

it('puts several days into one bar where there are many, and loses none', () => {
  const years = bucket('a', { '2020-02-29': 1, '2023-06-01': 5, '2026-03-14': 2 });
  const axis = timeAxis([years]);
  expect(axis?.bars).toBeLessThanOrEqual(40);
  if (axis === undefined) return;
  const drawn = counts(years, axis);
  expect(drawn.reduce((sum, each) => sum + each, 0)).toBe(8);
  expect(drawn.at(-1)).toBe(2);
});

it('has no axis where no day is known', () => {
  expect(timeAxis([])).toBeUndefined();
  expect(timeAxis([bucket('a', {})])).toBeUndefined();
});

it('draws the same amount equally high in each candidate, and the same prefixes, the largest first', () => {
  const [a, b] = [
    bucket('a', { '2026-03-14': 2 }, { 'x/': 1, 'y/': 5 }),
    bucket('b', { '2026-03-14': 7 }, { 'x/': 9 }),
  ];
  expect(scalesOf([a, b])).toMatchObject({ objects: 7, bytes: 70, prefixes: ['x/', 'y/'] });
});
