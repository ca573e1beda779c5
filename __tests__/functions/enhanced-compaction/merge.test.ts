import {
  type CompactionBench,
  idsOf,
  startCompactionBench,
  type World,
} from '../../support/compaction-bench';

let bench: CompactionBench;
let world: World;
beforeAll(async () => {
  bench = await startCompactionBench();
});
afterAll(() => bench.stop());
beforeEach(async () => {
  world = await bench.world();
});

describe('A merge', () => {
  it('publishes the records of every pending run, and completes the runs with their vectors', async () => {
    const first = await world.arrive({ texts: ['MILK 1.20', 'BREAD 2.10', 'TOTAL 3.30'] });
    const second = await world.arrive({ texts: ['COFFEE 4.00'] });
    const { publishes, mergedVectors } = await world.writer().compact();

    expect({ publishes, mergedVectors }).toEqual({ publishes: 1, mergedVectors: 4 });
    const published = await world.published();
    expect([...published.keys()].sort()).toEqual([...idsOf(first, 3), ...idsOf(second, 1)].sort());
    expect(published.get(idsOf(second, 1)[0] ?? '')?.document).toBe('COFFEE 4.00');
    expect(await world.state(first)).toMatchObject({ state: 'COMPLETED', merged_vectors: 3 });
    expect(await world.state(second)).toMatchObject({ state: 'COMPLETED', merged_vectors: 1 });
  });
});
