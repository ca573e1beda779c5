import { randomUUID } from 'node:crypto';
import type { CompactionRun } from '../../../../contracts/compaction-run';
import type { DeltaRecord } from '../../../../contracts/delta';
import { METRICS } from '../../../../contracts/metrics';
import {
  type ChromaCollection,
  openChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { ChromaRefusal, chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import type { CollectionStore } from '../../../../functions/enhanced-compaction/store/collection-store';
import { createEmbeddedStore } from '../../../../functions/enhanced-compaction/store/embedded-store';
import { runsOfReceipt } from '../../../../functions/shared/run-table';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import {
  DIMENSIONS,
  idsOf,
  labelled,
  MODEL,
  quietTelemetry,
  useCompactionHarness,
} from '../../../support/compaction-harness';
import { annotate, dropReceipt } from '../../../support/receipt-functions';
import { remoteStore } from '../../../support/remote-store';
import { emptyTable } from '../../../support/runs';

const world = useCompactionHarness();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** A real Chroma refuses this with status 422, and no contract of ours looks for it. */
const poisoned = (records: DeltaRecord[]): DeltaRecord[] =>
  records.map((record) => ({ ...record, metadata: { ...record.metadata, mixed: [1, 'a'] } }));

/** Two receipts among others that Chroma refuses. */
async function arriveWithPoison() {
  const receipt = { imageId: randomUUID(), receiptId: 1 };
  const older = await world.arrive({ ...receipt, createdAt: minutesAgo(9), texts: ['OLDER'] });
  const refused = [
    await world.arrive({ ...receipt, createdAt: minutesAgo(8), texts: ['SECRET'], records: poisoned }),
  ];
  const others = [older];
  for (const minute of [7, 6, 5]) {
    others.push(await world.arrive({ createdAt: minutesAgo(minute), texts: [`OTHER ${minute}`] }));
  }
  refused.push(await world.arrive({ createdAt: minutesAgo(4), texts: ['SECRET', 'TOO'], records: poisoned }));
  others.push(await world.arrive({ createdAt: minutesAgo(3), texts: ['OTHER 3'] }));
  return { refused, others };
}
const OTHERS = ['OLDER', 'OTHER 3', 'OTHER 5', 'OTHER 6', 'OTHER 7'];

/** The store whose open collection is changed. */
function changed(
  change: (chroma: ChromaCollection) => Partial<ChromaCollection>,
  store: CollectionStore = embeddedStore(),
): CollectionStore {
  return {
    ...store,
    open: async (lease) => {
      const open = await store.open(lease);
      return { ...open, chroma: { ...open.chroma, ...change(open.chroma) } };
    },
  };
}
const embeddedStore = () =>
  createEmbeddedStore({
    ...world,
    collection: 'lines',
    model: MODEL,
    dimensions: DIMENSIONS,
    space: 'l2',
    checkpointRecords: 50_000,
    checkpointMinutes: 60,
    snapshotsKept: 3,
    telemetry: quietTelemetry(),
  });

describe('A run that Chroma refuses', () => {
  it('FAILS alone with the reason and the ids, and no text; an older run of its receipt and all others are merged', async () => {
    const { refused, others } = await arriveWithPoison();
    const { publishes, mergedVectors, finished } = await world.compactOnce();
    expect({ publishes, mergedVectors, finished: finished.size }).toEqual({
      publishes: 1,
      mergedVectors: 5,
      finished: 7,
    });
    for (const run of refused) {
      const { state, error = '' } = await world.state(run);
      expect(state).toBe('FAILED');
      expect(error).toMatch(/^Chroma refused .* with status 422 \(ChromaError\)/);
      expect(error).toContain(idsOf(run, 1)[0]);
      expect(error).not.toContain('SECRET');
    }
    for (const run of others) expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect(await world.documents()).toEqual(OTHERS);
  });

  it('FAILS though it is the only one, and leaves no new version', async () => {
    await world.arrive({ texts: ['BEFORE'] });
    await world.compactOnce();
    const { version } = (await world.pointer()) ?? {};
    const run = await world.arrive({ texts: ['SECRET'], records: poisoned });
    expect(await world.compactOnce()).toMatchObject({ publishes: 0, mergedVectors: 0 });
    expect(await world.state(run)).toMatchObject({ state: 'FAILED' });
    expect((await world.pointer())?.version).toBe(version);
  });

  it('is told from what stands beside it: an annotation FAILS, and its receipt is merged', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, { receipt: { place_id: 'p1' } });
    const updateMetadata = async () => {
      throw new ChromaRefusal('Chroma refused it', 422);
    };
    await world.compactOnce({ store: changed(() => ({ updateMetadata })) });
    const states = (await runsOfReceipt(world.table, receipt)).map(({ lines }) => lines.state);
    expect(states).toEqual(['COMPLETED', 'FAILED']);
    expect(await world.documents()).toEqual(['SHOP']);
  });

  it.each([401, 404, 500, 503])(
    'with status %i, which may change, fails nothing and comes again',
    async (status) => {
      const run = await world.arrive({ texts: ['SHOP'] });
      const add = async () => {
        throw new ChromaRefusal('Chroma refused it', status);
      };
      await expect(world.compactOnce({ store: changed(() => ({ add })) })).rejects.toThrow(
        'Chroma refused it',
      );
      expect(await world.state(run)).toMatchObject({ state: 'PROCESSING' });
      await world.compactOnce();
      expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    },
  );

  it('together with others alone fails nothing: what each of them may be is not known', async () => {
    const runs = [await world.arrive({ texts: ['A'] }), await world.arrive({ texts: ['B'] })];
    const store = changed(({ add }) => ({
      add: async (records) => {
        if (records.length > 1) throw new ChromaRefusal('Too much at once', 400);
        await add(records);
      },
    }));
    await expect(world.compactOnce({ store })).rejects.toThrow('Too much at once');
    for (const run of runs) expect(await world.state(run)).toMatchObject({ state: 'PROCESSING' });
  });
});

describe('A run that Chroma refused, once the run table is lost as well, is left out and said', () => {
  const server = useChromaServer();
  /** Neighbours of one merge, two receipts that are refused, one of them newer than what stands, and an annotation. */
  async function loseTable() {
    const { refused } = await arriveWithPoison();
    const labels = { ...labelled('TOTAL'), createdAt: minutesAgo(2) };
    await world.arrive({ imageId: refused[0]?.image_id ?? '', ...labels });
    return refused;
  }
  const telemetry = quietTelemetry();
  const said: unknown[] = [];
  beforeEach(() => {
    said.length = 0;
    jest.spyOn(telemetry.logger, 'warn').mockImplementation((message, ...details) => {
      if (message === 'A delta was left out of a rebuilt collection') said.push(...details);
    });
    telemetry.metrics.addMetric = (name, _unit, value) => {
      if (name === METRICS.deltasLeftOut) said.push(value);
      return telemetry.metrics;
    };
  });
  const expectSaid = (refused: readonly CompactionRun[]) => {
    const reason = expect.stringMatching(
      /^Chroma refused .* with status 422 .* again, without what it refuses\.$/,
    );
    const each = refused.map(({ lines }) => ({ key: lines.delta_key, reason }));
    expect(said.filter((one) => one !== 1)).toEqual(expect.arrayContaining(each));
    expect(said).toHaveLength(2 * refused.length);
    expect(JSON.stringify(said)).not.toContain('SECRET');
  };

  it('of a load onto a server that lost its collection, and all others get through', async () => {
    const { url } = server;
    const database = await createDatabase(url);
    const onServer = () => world.writer({ store: remoteStore(world, { url, database, telemetry }) });
    const place = chromaDatabase({ url, database });
    const refused = await loseTable();
    await onServer().compact();
    const records = async () => (await openChromaCollection(place, 'lines'))?.page(0, 1000);
    const content = async () =>
      new Map((await records())?.map(({ id, document, metadata }) => [id, { document, metadata }]));
    const before = await content();
    expect([...before.values()].map(({ document }) => document).sort()).toEqual(OTHERS);
    await place.delete('collections/lines');
    await emptyTable(world.table);
    const next = await world.arrive({ texts: ['NEXT'] });
    await onServer().compact();
    const after = await content();
    expect(after.delete(idsOf(next, 1)[0] ?? '')).toBe(true);
    expect(after).toEqual(before);
    expectSaid(refused);
  });

  it('of a rebuild from the deltas alone', async () => {
    const refused = await loseTable();
    await emptyTable(world.table);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce({ telemetry });
    expect(await world.documents()).toEqual(['NEXT', ...OTHERS].sort());
    expectSaid(refused);
  });
});

describe('On a Chroma server, which is merged into in place, a run of which it takes a part', () => {
  const server = useChromaServer();

  it.each([0, 1, 2])(
    'FAILS, and leaves nothing of that part there, though it is killed %i times',
    async (kills) => {
      const { url } = server;
      const database = await createDatabase(url);
      const store = remoteStore(world, { url, database });
      await world.arrive({ texts: ['STANDS'], createdAt: minutesAgo(9) });
      await world.writer({ store }).compact();
      const run = await world.arrive({
        texts: Array.from({ length: 302 }, (_, index) => `LINE ${index}`),
        // What goes with the first request can be stored.
        records: (records) => [...records.slice(0, 301), ...poisoned(records.slice(301))],
      });
      for (let kill = 0; kill < kills; kill += 1) {
        const dies = changed(
          ({ add }) => ({
            add: async (records) => {
              await add(records).catch(() => {});
              throw new Error('It is dead.');
            },
          }),
          remoteStore(world, { url, database }),
        );
        await expect(world.writer({ store: dies }).compact()).rejects.toThrow('dead');
      }
      await world.writer({ store }).compact();
      expect(await world.state(run)).toMatchObject({ state: 'FAILED' });
      const collection = await openChromaCollection(chromaDatabase({ url, database }), 'lines');
      expect((await collection?.page(0, 1000))?.map(({ document }) => document)).toEqual(['STANDS']);
      const { records, others } = (await world.pointer())?.manifest ?? {};
      expect({ records, others }).toEqual({ records: 1 });
    },
  );
});

describe('On a Chroma server, which is merged into in place, a run that it refuses', () => {
  const server = useChromaServer();

  it('does not make others of what was written beside it', async () => {
    const { url } = server;
    const database = await createDatabase(url);
    const writer = world.writer({ store: remoteStore(world, { url, database }) });
    await world.arrive({ texts: ['STANDS'], createdAt: minutesAgo(20) });
    await writer.compact();
    await arriveWithPoison();
    await writer.compact();
    expect((await world.pointer())?.manifest).toMatchObject({ records: 6 });
    expect((await world.pointer())?.manifest).not.toHaveProperty('others');
  });

  it('FAILS alone, takes nothing of its receipt away, and the version counts what is there', async () => {
    const { url } = server;
    const store = remoteStore(world, { url });
    const writer = world.writer({ store });
    const stood = await world.arrive({ texts: ['STANDS', 'ALSO'], createdAt: minutesAgo(20) });
    await writer.compact();
    const { refused, others } = await arriveWithPoison();
    refused.push(await world.arrive({ imageId: stood.image_id, texts: ['SECRET'], records: poisoned }));
    await writer.compact();

    for (const run of refused) expect(await world.state(run)).toMatchObject({ state: 'FAILED' });
    for (const run of others) expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    const collection = await openChromaCollection(chromaDatabase({ url }), 'lines');
    const documents = ((await collection?.page(0, 100)) ?? []).map(({ document }) => document);
    expect(documents.sort()).toEqual(['ALSO', ...OTHERS, 'STANDS']);
    const { records, record_tally } = (await world.pointer())?.manifest ?? {};
    expect({ records, record_tally }).toEqual({
      records: 7,
      record_tally: { forms: { unknown: 7 }, labels: {} },
    });
  });
});
