import { randomSeed, SeededSample } from '../../../cli/shared/seeded-sample';

describe('a seeded sample', () => {
  const draw = (seed: number, count: number, size = 10) => {
    const sample = new SeededSample<number>(size, seed);
    for (let item = 0; item < count; item++) sample.offer(item);
    return sample.items;
  };

  it('is everything where there is no more than it takes', () => {
    expect(draw(1, 0)).toEqual([]);
    expect(draw(1, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is drawn again by the same seed, and otherwise by another', () => {
    expect(draw(7, 1000)).toEqual(draw(7, 1000));
    expect(draw(7, 1000)).not.toEqual(draw(8, 1000));
    expect(new Set(draw(7, 1000)).size).toBe(10);
  });

  it('gives every item the same chance', () => {
    const drawn = Array.from({ length: 2000 }, (_, seed) => draw(seed, 100)).flat();
    for (const quarter of [0, 25, 50, 75]) {
      const share = drawn.filter((item) => item >= quarter && item < quarter + 25).length / drawn.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.02);
    }
  });

  it('has seeds of 32 bits', () => {
    const seed = randomSeed();
    expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
  });
});
