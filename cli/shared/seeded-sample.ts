import { seededNumbers } from '../../contracts/seeded-numbers';

/** Objects that a sample looks at, where not all are asked for. */
export const SAMPLE_SIZE = 100;

/** A fresh seed: 32 bits. */
export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 32);

/**
 * Draws a sample of a stream whose length nobody knows, each item with the same chance, in the memory of the sample
 * (Vitter's algorithm R). The same seed over the same stream draws the same.
 */
export class SeededSample<Item> {
  readonly items: Item[] = [];
  private offered = 0;
  private readonly random: () => number;

  constructor(
    private readonly size: number,
    seed: number,
  ) {
    this.random = seededNumbers(seed);
  }

  offer(item: Item): void {
    this.offered++;
    if (this.items.length < this.size) {
      this.items.push(item);
      return;
    }
    const place = Math.floor(this.random() * this.offered);
    if (place < this.size) this.items[place] = item;
  }
}
