import { randomUUID } from 'node:crypto';
import { type CompactionRun, runName, runOf } from '../../../contracts/compaction-run';
import type { DeltaRecord } from '../../../contracts/delta';
import {
  embed,
  idsOf,
  makeDelta,
  type ReceiptSpec,
  useCompactionHarness,
  type Writer,
} from '../../support/compaction-harness';

const world = useCompactionHarness();
let writer: Writer;
beforeEach(() => {
  writer = world.writer();
});

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('A merge', () => {
  it('publishes the records of every pending run, and completes the runs with their vectors', async () => {
    const first = await world.arrive({ texts: ['MILK 1.20', 'BREAD 2.10', 'TOTAL 3.30'] });
    const second = await world.arrive({ texts: ['COFFEE 4.00'] });
    const { publishes, mergedVectors } = await writer.compact();

    expect({ publishes, mergedVectors }).toEqual({ publishes: 1, mergedVectors: 4 });
    const published = await world.published();
    expect([...published.keys()].sort()).toEqual([...idsOf(first, 3), ...idsOf(second, 1)].sort());
    expect(published.get(idsOf(second, 1)[0] ?? '')?.document).toBe('COFFEE 4.00');
    expect(await world.state(first)).toMatchObject({ state: 'COMPLETED', merged_vectors: 3 });
    expect(await world.state(second)).toMatchObject({ state: 'COMPLETED', merged_vectors: 1 });
    expect((await world.pointer())?.manifest).toMatchObject({
      records: 4,
      space: 'l2',
      model: 'test-model',
    });
  });

  it('merges all pending runs at once, whichever the doorbell names, and one that the index does not show yet', async () => {
    const runs = await Promise.all(['A', 'B', 'C'].map((text) => world.arrive({ texts: [text] })));
    const { publishes, finished } = await writer.compact(runs.slice(2));
    expect(publishes).toBe(1);
    expect([...finished].sort()).toEqual(runs.map((run) => runName(runOf(run))).sort());
  });

  it('replaces what changed whole, so that a metadata key which is gone does not stay', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 3 };
    const run = await world.arrive({
      ...receipt,
      createdAt: minutesAgo(2),
      texts: ['SAME', 'OLD'],
      metadata: { prev_line: 'X' },
    });
    await writer.compact();
    await world.arrive({ ...receipt, createdAt: minutesAgo(1), texts: ['SAME', 'NEW'] });
    await writer.compact();

    const published = await world.published();
    const [, second = ''] = idsOf(run, 2);
    expect(published.get(second)?.document).toBe('NEW');
    for (const { metadata } of published.values()) expect(metadata).not.toHaveProperty('prev_line');
  });

  it('removes the records of the receipt that its delta lacks, and no other receipt’s', async () => {
    const imageId = randomUUID();
    const neighbour = await world.arrive({ imageId, receiptId: 2, texts: ['OTHER RECEIPT'] });
    const before = await world.arrive({
      imageId,
      receiptId: 1,
      createdAt: minutesAgo(1),
      texts: ['A', 'B', 'C'],
    });
    await writer.compact();
    await world.arrive({ imageId, receiptId: 1, texts: ['A'] });
    const { mergedVectors } = await writer.compact();

    expect(mergedVectors).toBe(2);
    expect([...(await world.published()).keys()]).toEqual([...idsOf(before, 1), ...idsOf(neighbour, 1)]);
  });

  it('writes nothing, and publishes no version, when everything is stored already', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, createdAt: minutesAgo(1), texts: ['A', 'B'] });
    await writer.compact();
    const version = (await world.pointer())?.version;
    const again = await world.arrive({ ...receipt, texts: ['A', 'B'] });

    expect(await writer.compact()).toMatchObject({ publishes: 0, mergedVectors: 0 });
    expect((await world.pointer())?.version).toBe(version);
    expect(await world.state(again)).toMatchObject({ state: 'COMPLETED', merged_vectors: 2 });
  });

  it('B5: merges a run that has the id of another receipt’s merged run, as those without a line once had', async () => {
    const first = await world.arrive({ texts: ['FIRST'] });
    await writer.compact();
    const second = await world.arrive({ texts: ['SECOND'], header: { run_id: first.run_id } });
    await writer.compact([second]);
    expect(await world.documents()).toEqual(['FIRST', 'SECOND']);
    expect(await world.state(second)).toMatchObject({ state: 'COMPLETED', merged_vectors: 1 });
  });

  it('B5: merges two such runs in one round, and each has its end', async () => {
    const first = await world.arrive({ texts: [] });
    const second = await world.arrive({ texts: [], header: { run_id: first.run_id } });
    const { finished } = await writer.compact();
    expect(finished.size).toBe(2);
    expect((await world.state(second)).state).toBe('COMPLETED');
    expect((await world.state(first)).state).toBe('FAILED');
  });

  it('supersedes a run that is older than a merged one, in the same merge and in a later one', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const older = await world.arrive({ ...receipt, createdAt: minutesAgo(3), texts: ['OLDER'] });
    const newest = await world.arrive({ ...receipt, createdAt: minutesAgo(1), texts: ['NEWEST'] });
    await writer.compact();
    const late = await world.arrive({ ...receipt, createdAt: minutesAgo(2), texts: ['LATE'] });
    await writer.compact();

    expect([...(await world.published()).values()].map(({ document }) => document)).toEqual(['NEWEST']);
    expect((await world.state(newest)).state).toBe('COMPLETED');
    for (const run of [older, late]) {
      expect(await world.state(run)).toMatchObject({
        state: 'SUPERSEDED',
        error: expect.stringContaining(newest.run_id),
      });
    }
  });
});

const SPOILED: Record<string, { readonly spec: Partial<ReceiptSpec>; readonly reason: string }> = {
  'is missing': { spec: { spoil: () => undefined }, reason: 'does not exist' },
  'has another checksum': {
    spec: { spoil: (bytes) => Buffer.concat([bytes, Buffer.from('x')]) },
    reason: 'SHA-256',
  },
  'is of another model': { spec: { header: { model: 'other-model' } }, reason: 'other-model' },
  'belongs to another collection': { spec: { header: { collection: 'words' } }, reason: 'another run' },
  'holds a vector of zeros': { spec: { records: zeroed }, reason: 'no usable embedding' },
  'holds a vector near the largest Float32': {
    spec: { records: times(1e38) },
    reason: 'no usable embedding',
  },
  'holds a vector whose distances are lost in Float32': {
    spec: { records: times(1e20) },
    reason: 'no usable embedding',
  },
  'holds a vector whose square is 0 in Float32': {
    spec: { records: times(1e-30) },
    reason: 'no usable embedding',
  },
  ...Object.fromEntries(
    ['', '$and', '#x', 'chroma:document', 'half \ud800'].map((key) => [
      `names the metadata key ${JSON.stringify(key)}`,
      { spec: { metadata: { [key]: 1 } }, reason: `the metadata key ${JSON.stringify(key)}` },
    ]),
  ),
  'holds a record of another receipt': { spec: { records: foreign }, reason: 'another receipt' },
};

describe('A text format', () => {
  it('A1: that differs from the collection’s is merged all the same, since a receipt is replaced as a whole', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const old = { createdAt: minutesAgo(2), header: { text_format_version: 1 } };
    const kept = await world.arrive({ ...old, texts: ['ANOTHER RECEIPT'] });
    await world.arrive({ ...receipt, ...old, texts: ['FLAT', 'WHITE', '4.60'] });
    await writer.compact();
    const run = await world.arrive({ ...receipt, texts: ['FLAT WHITE 4.60'] });
    await writer.compact();

    expect((await world.state(run)).state).toBe('COMPLETED');
    expect(await world.documents()).toEqual(['ANOTHER RECEIPT', 'FLAT WHITE 4.60']);
    expect((await world.state(kept)).state).toBe('COMPLETED');
    expect((await world.pointer())?.manifest).toMatchObject({ text_format_version: 2 });
  });
});

describe('A delta that cannot be merged', () => {
  it('fails its own run with the reason, whatever is wrong, and its neighbours complete in the same merge', async () => {
    const neighbours = [await world.arrive({ createdAt: minutesAgo(9), texts: ['BEFORE'] })];
    const spoiled = new Map<string, CompactionRun>();
    for (const [what, { spec }] of Object.entries(SPOILED)) {
      spoiled.set(what, await world.arrive({ createdAt: minutesAgo(5), texts: ['SPOILED'], ...spec }));
    }
    neighbours.push(await world.arrive({ createdAt: minutesAgo(1), texts: ['AFTER'] }));
    expect(await writer.compact()).toMatchObject({ publishes: 1, mergedVectors: 2 });

    for (const run of neighbours) {
      expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', merged_vectors: 1 });
    }
    for (const [what, run] of spoiled) {
      const { state, error } = await world.state(run);
      expect({ what, state, error }).toEqual({
        what,
        state: 'FAILED',
        error: expect.stringContaining(SPOILED[what]?.reason ?? ''),
      });
    }
    expect([...(await world.published()).values()].map(({ document }) => document).sort()).toEqual([
      'AFTER',
      'BEFORE',
    ]);
  });

  it('that is of another length fails its own run, and an older usable run of the receipt is merged', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const usable = await world.arrive({ ...receipt, createdAt: minutesAgo(2), texts: ['USABLE'] });
    const long = await world.arrive({
      ...receipt,
      createdAt: minutesAgo(1),
      texts: ['LONG'],
      header: { dimensions: 24 },
      records: (records) => records.map((record) => ({ ...record, embedding: embed('LONG', 24) })),
    });
    await writer.compact();

    expect(await world.state(long)).toMatchObject({ state: 'FAILED', error: expect.stringContaining('24') });
    expect(await world.state(usable)).toMatchObject({ state: 'COMPLETED', merged_vectors: 1 });
  });
});

function zeroed(records: DeltaRecord[]): DeltaRecord[] {
  return records.map((record) => ({ ...record, embedding: new Float32Array(record.embedding.length) }));
}

function times(factor: number) {
  return (records: DeltaRecord[]): DeltaRecord[] =>
    records.map((record) => ({ ...record, embedding: record.embedding.map((value) => value * factor) }));
}

function foreign(records: DeltaRecord[]): DeltaRecord[] {
  return [...records, ...makeDelta({ texts: ['FOREIGN'] }).records];
}
