import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { inOrderOfMerges, type MergedDelta } from '../../../../functions/enhanced-compaction/snapshot/replay';
import { labelled, type ReceiptSpec, useCompactionHarness } from '../../../support/compaction-harness';
import { intercepted } from '../../../support/intercepted-client';

/** All but the clock itself. */
const REAL_TIMERS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'nextTick',
  'queueMicrotask',
  'performance',
  'hrtime',
] as const;

const world = useCompactionHarness();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const OLD = { texts: ['OLD'], createdAt: minutesAgo(9) };
const LABEL = { ...labelled('TOTAL'), createdAt: minutesAgo(8) };

/** What is merged of a receipt, one after the other, whatever order it was created in. */
const HISTORIES: Readonly<Record<string, readonly Omit<ReceiptSpec, 'imageId'>[]>> = {
  'whose label went with its text': [OLD, LABEL, { texts: ['NEW'], createdAt: minutesAgo(7) }],
  'whose label stayed with its text': [
    OLD,
    LABEL,
    { texts: ['OLD', 'MORE'], metadata: { source: 'again' }, createdAt: minutesAgo(7) },
  ],
  'whose label came to its new text, though it was made for the one before': [
    OLD,
    { texts: ['NEW'], createdAt: minutesAgo(7) },
    LABEL,
  ],
  'whose later label names another key': [
    OLD,
    LABEL,
    { ...labelled('CASH'), createdAt: minutesAgo(6) },
    { texts: ['NEW'], createdAt: minutesAgo(5) },
    { ...labelled('VISA'), createdAt: minutesAgo(4) },
  ],
};

it.each(Object.entries(HISTORIES))('A receipt %s is rebuilt as it was', async (_what, history) => {
  const imageId = randomUUID();
  await world.arrive({ texts: ['FIRST'] });
  await world.compactOnce();
  for (const each of history) {
    await world.arrive({ imageId, ...each });
    await world.compactOnce();
  }
  const before = await world.published();
  await world.deletePointer();
  await world.arrive({ texts: ['LAST'] });
  await world.compactOnce();
  const after = await world.published();
  expect(new Map([...after].filter(([, { document }]) => document !== 'LAST'))).toEqual(before);
  expect(after.size).toBe(before.size + 1);
});

describe('Where the clocks of machines differ', () => {
  const later = (at: number, created: number, more: Partial<MergedDelta> = {}): MergedDelta => ({
    ...{ key: `${created}`, sha256: undefined, receipt: 'one', run_id: `run-${created}`, at, created },
    isAnnotation: false,
    ...more,
  });
  const LABEL = { isAnnotation: true };
  const keys = (...merged: MergedDelta[]) =>
    fc.assert(
      fc.property(fc.shuffledSubarray(merged, { minLength: merged.length }), (shuffled) => {
        expect(inOrderOfMerges(shuffled).map(({ key }) => key)).toEqual(merged.map(({ key }) => key));
      }),
    );

  it('whole runs and annotations of one receipt stay in the order of their creation', () => {
    keys(later(90, 1), later(20, 2), later(50, 3));
    keys(later(90, 1, LABEL), later(20, 2, LABEL));
  });

  it('an annotation stays on what was created before it, and comes onto what it was merged after', () => {
    keys(later(90, 1), later(20, 2, LABEL));
    keys(later(10, 1), later(20, 3), later(30, 2, LABEL));
    keys(later(10, 1), later(20, 2, LABEL), later(30, 3));
  });

  it('other receipts keep their own times', () => {
    keys(
      later(10, 0, { receipt: 'another' }),
      later(90, 1),
      later(20, 2),
      later(95, 3, { receipt: 'another' }),
    );
  });

  it('a checkpoint of a clock that was ahead covers what it covers', async () => {
    const imageId = randomUUID();
    await world.arrive({ imageId, texts: ['OLD'], createdAt: minutesAgo(9) });
    jest.useFakeTimers({ now: Date.now() + 120_000, doNotFake: [...REAL_TIMERS] });
    try {
      await world.compactOnce({ checkpointRecords: 1 });
    } finally {
      jest.useRealTimers();
    }
    await world.arrive({ imageId, texts: ['NEW'], createdAt: minutesAgo(8) });
    await world.compactOnce({ checkpointRecords: 1 });
    await world.deletePointer();
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['NEW', 'NEXT']);
  });
});

it('A label that was merged together with a receipt is rebuilt onto that, though both were marked after a crash', async () => {
  const imageId = randomUUID();
  await world.arrive({ imageId, ...OLD });
  await world.compactOnce();
  await world.arrive({ imageId, ...LABEL });
  await world.arrive({ imageId, texts: ['NEW'], createdAt: minutesAgo(7) });
  const client = intercepted(world.table.client, async ({ input }, send) => {
    if (input.UpdateExpression?.includes('finished_at')) throw new Error('killed');
    return send();
  });
  await expect(world.compactOnce({ table: { ...world.table, client } })).rejects.toThrow('killed');
  await world.compactOnce();
  const before = await world.published();
  expect([...before.values()]).toMatchObject([{ document: 'NEW', metadata: { section_label: 'TOTAL' } }]);
  await world.deletePointer();
  await world.arrive({ texts: ['LAST'] });
  await world.compactOnce();
  const after = await world.published();
  expect(new Map([...after].filter(([, { document }]) => document !== 'LAST'))).toEqual(before);
});
