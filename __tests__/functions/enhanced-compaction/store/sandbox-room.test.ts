import { readdir } from 'node:fs/promises';
import { METRICS } from '../../../../contracts/metrics';
import { privateFolders } from '../../../../functions/enhanced-compaction/chroma/working-copy';
import { createEmbeddedStore } from '../../../../functions/enhanced-compaction/store/embedded-store';
import { fullness, NoRoom } from '../../../../functions/enhanced-compaction/store/sandbox-room';
import { DIMENSIONS, MODEL, quietTelemetry, useCompactionHarness } from '../../../support/compaction-harness';
import { intercepted } from '../../../support/intercepted-client';

const world = useCompactionHarness();

describe('A sandbox', () => {
  it.each([
    ['of which nothing is known', {}],
    ['with a little less than nine tenths used', { storage: 89.9, memory: 89.9 }],
  ])('%s has room', (_what, used) => {
    expect(fullness({ storage: undefined, memory: undefined, ...used })).toBeUndefined();
  });

  it.each([
    [{ storage: 90, memory: 1 }, /90 % of \/tmp.*functions\.compactionStorage.*chroma\.mode/],
    [{ storage: 1, memory: 90 }, /90 % of its memory.*functions\.memory\.enhanced-compaction.*chroma\.mode/],
  ])('with %j percent used has none, and says which setting gives more', (used, said) => {
    expect(fullness(used)).toMatch(said);
  });
});

describe('A merge without room', () => {
  it.each([
    ['in /tmp', { storageBytes: 1000 }, 'functions.compactionStorage'],
    ['in memory', { memoryBytes: 1000 }, 'functions.memory.enhanced-compaction'],
  ])(
    '%s is refused, fails no run, keeps no copy, and is made where there is room',
    async (_what, limits, said) => {
      await world.arrive({ texts: ['A'] });
      await world.compactOnce();
      const before = await world.pointer();
      const run = await world.arrive({ texts: ['B'] });
      const writer = world.writer(limits);
      await expect(writer.compact()).rejects.toThrow(said);
      expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
      expect((await world.pointer())?.manifest).toEqual(before?.manifest);
      const left = await Promise.all(privateFolders().map((folder) => readdir(folder).catch(() => [])));
      expect(left.flat()).toEqual([]);
      await world.compactOnce({ storageBytes: 1e9, memoryBytes: 1e12 });
      expect((await world.state(run)).state).toBe('COMPLETED');
      expect(await world.documents()).toEqual(['A', 'B']);
    },
  );

  it('on a disk that is full before anything could be measured is told of in the same words', async () => {
    world.useCache('none');
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    const run = await world.arrive({ texts: ['B'] });
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const s3 = intercepted(world.s3, async ({ input }, send) => {
      if (String(input.Key).endsWith('.tar.gz')) throw full;
      return send();
    });
    const refused = world.compactOnce({ s3 });
    await expect(refused).rejects.toBeInstanceOf(NoRoom);
    await expect(refused).rejects.toThrow(/functions\.compactionStorage.*ENOSPC/);
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
  });

  const limits = { recordsAtOnce: 1, recordsPerPublish: 100, runsPerPublish: 100 };
  const ownStore = () => {
    const { s3, bucket, table, mountPath } = world;
    return createEmbeddedStore({
      ...{ s3, bucket, table, mountPath, telemetry: quietTelemetry() },
      ...{ collection: 'lines', model: MODEL, dimensions: DIMENSIONS, space: 'l2' },
      ...{ checkpointRecords: 50_000, checkpointMinutes: 60, snapshotsKept: 3 },
    });
  };

  it('in its middle publishes what it has merged when its time is up, and leaves the rest', async () => {
    for (const text of ['A', 'B', 'C']) await world.arrive({ texts: [text] });
    const store = ownStore();
    const deadline = Date.now() + 10_000;
    const isFull = async () => {
      jest.spyOn(Date, 'now').mockReturnValue(deadline);
      return false;
    };
    try {
      const writer = world.writer({ limits, store: { ...store, isFull } });
      expect(await writer.compact([], deadline)).toMatchObject({ publishes: 1, mergedVectors: 1 });
    } finally {
      jest.restoreAllMocks();
      await store.close();
    }
    expect(await world.documents()).toEqual(['A']);
  });

  it('in its middle publishes what it has merged, and merges the rest after that', async () => {
    const store = ownStore();
    try {
      for (const isFull of [false, true]) {
        for (const text of ['A', 'B', 'C']) await world.arrive({ texts: [`${text} ${isFull}`] });
        const writer = world.writer({ limits, store: { ...store, isFull: async () => isFull } });
        expect(await writer.compact()).toMatchObject({ publishes: isFull ? 3 : 1, mergedVectors: 3 });
      }
      expect(await world.documents()).toHaveLength(6);
    } finally {
      await store.close();
    }
  });
});

it('What a collection takes is told at each merge, also at one that is refused', async () => {
  const telemetry = quietTelemetry();
  const added = jest.spyOn(telemetry.metrics, 'addMetric');
  const told = (name: string) =>
    added.mock.calls.filter(([metric]) => metric === name).map(([, , value]) => value);
  await world.arrive({ texts: ['A', 'B'] });
  await world.compactOnce({ telemetry, storageBytes: 1e9, memoryBytes: 1e12 });
  expect(told(METRICS.records)).toEqual([2]);
  expect(Math.max(...told(METRICS.copyBytes))).toBeGreaterThan(100_000);
  for (const name of [METRICS.storageUsed, METRICS.memoryUsed]) {
    expect(Math.min(...told(name))).toBeGreaterThan(0);
    expect(Math.max(...told(name))).toBeLessThan(60);
  }
  added.mockClear();
  await world.arrive({ texts: ['C'] });
  await expect(world.compactOnce({ telemetry, storageBytes: 1000 })).rejects.toThrow(NoRoom);
  expect(Math.max(...told(METRICS.storageUsed))).toBeGreaterThan(90);
});
