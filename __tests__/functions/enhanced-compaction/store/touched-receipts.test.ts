import { randomUUID } from 'node:crypto';
import { LATE_WRITE_SECONDS } from '../../../../contracts/lease';
import { type Lease, LeaseLost, takeLease } from '../../../../functions/enhanced-compaction/lease/lease';
import { TouchedInPlace } from '../../../../functions/enhanced-compaction/store/touched-receipts';
import { useCompactionHarness } from '../../../support/compaction-harness';

const world = useCompactionHarness();
const NOW = Date.UTC(2026, 0, 1);
const LATER = NOW + 60_000;
const receipt = { imageId: randomUUID(), receiptId: 7 };
const receipts = [`${receipt.imageId}#00007`];

/** Under a lease of its own. */
async function under<Result>(act: (lease: Lease) => Promise<Result>): Promise<Result> {
  const lease = await takeLease(world.table, 'lines', Date.now());
  try {
    return await act(lease);
  } finally {
    await lease.release();
  }
}
const noted = async () => (await world.pointer())?.touched;

/** What a writer leaves that ends in the middle. */
const leave = (now: number, earlier?: TouchedInPlace) =>
  under(async (lease) => {
    const touched = new TouchedInPlace(lease, earlier);
    await touched.touch(world.table, [receipt], now);
    touched.brokenOff();
    return touched;
  });
/** What the next one merges again, and has it end well. */
const mergeAgain = (now: number, earlier?: TouchedInPlace) =>
  under(async (lease) => {
    const touched = new TouchedInPlace(lease, earlier);
    const again = touched.begin(now);
    await touched.touch(world.table, again, now);
    await touched.published(world.table, true);
    return again;
  });

test('what a writer leaves is merged again by the next one, not by those after, and in the end', async () => {
  await leave(NOW);
  expect(await noted()).toEqual([{ at: NOW, again: false, receipts }]);
  expect(await mergeAgain(LATER)).toEqual([receipt]);
  expect(await noted()).toEqual([{ at: NOW, again: true, receipts }]);
  expect(await mergeAgain(NOW + LATE_WRITE_SECONDS * 1000 - 1)).toEqual([]);
  expect(await mergeAgain(NOW + LATE_WRITE_SECONDS * 1000)).toEqual([receipt]);
  expect(await noted()).toBeUndefined();
});

test('whoever left it merges it again, though others have, and as long as the last of them may write', async () => {
  const own = await leave(NOW);
  await mergeAgain(LATER);
  expect(await mergeAgain(LATER, own)).toEqual([receipt]);
  await leave(LATER);
  expect(await mergeAgain(LATER, own)).toEqual([receipt]);
  expect(await noted()).toEqual([{ at: LATER, again: true, receipts }]);
});

test('what another has left since is merged again, though what stood there before was', async () => {
  await leave(NOW);
  const merged = await under(async (lease) => {
    const touched = new TouchedInPlace(lease);
    touched.begin(NOW);
    await touched.published(world.table, true);
    return touched;
  });
  expect(await mergeAgain(LATER, merged)).toEqual([]);
  await leave(LATER);
  expect(await mergeAgain(LATER, merged)).toEqual([receipt]);
});

test('a writer has something to mend only once it has touched something and was broken off', async () => {
  await under(async (lease) => {
    const touched = new TouchedInPlace(lease);
    expect(touched.hasToMend).toBe(false);
    await touched.touch(world.table, [receipt], NOW);
    expect(touched.hasToMend).toBe(false);
    touched.brokenOff();
    expect(touched.hasToMend).toBe(true);
    expect(touched.begin(NOW)).toEqual([receipt]);
  });
});

test('a writer that has lost its lease notes nothing, and so has nothing to mend', async () => {
  const lost = await under(async (lease) => new TouchedInPlace(lease));
  await expect(lost.touch(world.table, [receipt], NOW)).rejects.toBeInstanceOf(LeaseLost);
  lost.brokenOff();
  expect(lost.hasToMend).toBe(false);
  expect(await noted()).toBeUndefined();
});
