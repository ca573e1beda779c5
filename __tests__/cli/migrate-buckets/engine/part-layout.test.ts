import fc from 'fast-check';
import { choosePartSize, evenParts, unevenParts } from '../../../../cli/migrate-buckets/engine/part-layout';

describe('parts', () => {
  it('cover every byte once, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 999 }), (size, partSize) => {
        const parts = evenParts(size, partSize);
        expect(parts[0]?.first).toBe(0);
        expect(parts.at(-1)?.last).toBe(size - 1);
        expect(unevenParts(parts.map(({ first, last }) => last - first + 1))).toEqual(parts);
      }),
    );
  });

  it('are never more than S3 takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), fc.nat(10 ** 9), (size, wanted) => {
        expect(Math.ceil(size / choosePartSize(size, wanted))).toBeLessThanOrEqual(10_000);
      }),
    );
  });

  const MEBIBYTE = 1024 ** 2;

  it.each([
    [
      10,
      4,
      [
        [1, 0, 3],
        [2, 4, 7],
        [3, 8, 9],
      ],
    ],
    [
      8,
      4,
      [
        [1, 0, 3],
        [2, 4, 7],
      ],
    ],
    [3, 4, [[1, 0, 2]]],
    [0, 4, [[1, 0, -1]]],
  ])('of %d bytes, %d each, are cut evenly', (size, partSize, expected) => {
    expect(evenParts(size, partSize).map(({ number, first, last }) => [number, first, last])).toEqual(
      expected,
    );
  });

  it('are cut where they were cut before', () => {
    expect(unevenParts([3, 1, 2])).toEqual([
      { number: 1, first: 0, last: 2 },
      { number: 2, first: 3, last: 3 },
      { number: 3, first: 4, last: 5 },
    ]);
  });

  it.each([
    ['as large as wanted', 100 * MEBIBYTE, 64 * MEBIBYTE, 64 * MEBIBYTE],
    ['never smaller than S3 allows', 100 * MEBIBYTE, 1, 5 * MEBIBYTE],
    ['of that size where it is wanted', 100 * MEBIBYTE, 5 * MEBIBYTE, 5 * MEBIBYTE],
    ['just large enough for ten thousand', 80_000 * MEBIBYTE + 1, 5 * MEBIBYTE, 8 * MEBIBYTE + 1],
  ])('are %s', (_what, size, wanted, chosen) => {
    expect(choosePartSize(size, wanted)).toBe(chosen);
  });
});
