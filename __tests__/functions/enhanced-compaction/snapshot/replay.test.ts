import { randomUUID } from 'node:crypto';
import { labelled, type ReceiptSpec, useCompactionHarness } from '../../../support/compaction-harness';
import { intercepted } from '../../../support/intercepted-client';

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
