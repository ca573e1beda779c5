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
});
