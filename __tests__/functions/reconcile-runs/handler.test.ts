import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { COLLECTIONS, type Collection, perCollection } from '../../../contracts/collections';
import {
  type CompactionRun,
  collectionKey,
  decodeRun,
  encodeRun,
  runKey,
} from '../../../contracts/compaction-run';
import { LATE_WRITE_SECONDS } from '../../../contracts/lease';
import { compactionDeduplicationId } from '../../../contracts/messages';
import { touchedName } from '../../../contracts/touched-receipts';
import type { Reconciliation } from '../../../functions/reconcile-runs/reconcile';
import { createDoorbellSender } from '../../../functions/shared/doorbell';
import { createRun } from '../../../functions/shared/run-table';
import { useHandlerHarness } from '../../support/handler-harness';
import { emptyTable, pointer, run, withoutDeltas } from '../../support/runs';

const NAME = 'reconcile-runs';
const harness = useHandlerHarness({ functions: [NAME] });
afterEach(() => emptyTable(harness.table));

const reconcile = async () => {
  const rounds = (await harness.invoke(NAME, {})) as Reconciliation[];
  return Object.fromEntries(rounds.map((round) => [round.collection, round]));
};
const takeDoorbells = (collection: Collection) => harness.take(harness.pipeline.queues[collection].url);
const sent = async (collection: Collection) =>
  (await takeDoorbells(collection)).map(({ Body = '' }) => JSON.parse(Body).run_id);
const put = (item: Record<string, unknown>) =>
  harness.table.client.send(
    new PutCommand({ TableName: harness.table.name, Item: JSON.parse(JSON.stringify(item)) }),
  );
const read = async ({ image_id, receipt_id, run_id }: CompactionRun) => {
  const Key = runKey({ imageId: image_id, receiptId: receipt_id, runId: run_id });
  const { Item = {} } = await harness.table.client.send(
    new GetCommand({ TableName: harness.table.name, Key, ConsistentRead: true }),
  );
  return Item;
};
const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000);
const waiting = async (seconds: number, change: (run: CompactionRun) => CompactionRun = (same) => same) => {
  const created = change(run(secondsAgo(seconds)));
  await createRun(harness.table, created);
  return created;
};

/** The metrics of the last round, by collection, from the lines that the function printed. */
const metrics = (collection: Collection) =>
  harness.lines
    .filter((line) => line.includes('"_aws"'))
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter((emitted) => emitted.collection === collection)
    .at(-1);

test('an idle pipeline has nothing to do, and says so in its metrics', async () => {
  expect(await reconcile()).toMatchObject({
    lines: { pending: 0, oldestPendingAge: 0, snapshotAge: 0, stale: 0, mended: [], doorbellSent: false },
    words: { pending: 0, doorbellSent: false },
  });
  for (const collection of COLLECTIONS) {
    expect(await sent(collection)).toEqual([]);
    expect(metrics(collection)).toMatchObject({
      service: expect.stringContaining(NAME),
      PendingRuns: 0,
      OldestPendingRunAgeSeconds: 0,
      SnapshotAgeSeconds: 0,
    });
  }
});

test('however many runs wait too long, each collection gets one doorbell, for the oldest; young ones are left alone', async () => {
  const runs = [await waiting(5_000), await waiting(2_000), await waiting(901), await waiting(10)];
  const { lines, words } = await reconcile();
  expect(lines).toMatchObject({ pending: 4, stale: 3, doorbellSent: true });
  expect(words).toMatchObject({ pending: 4, stale: 3, doorbellSent: true });
  expect(lines?.oldestPendingAge).toBeGreaterThanOrEqual(5_000);
  for (const collection of COLLECTIONS) {
    expect(await sent(collection)).toEqual([runs[0]?.run_id]);
    expect(metrics(collection)).toMatchObject({ PendingRuns: 4, DoorbellsSent: 1 });
  }
});

test('a run that is PROCESSING for too long gets a doorbell again, one that began lately is not', async () => {
  const processing =
    (startedSecondsAgo: number) =>
    (created: CompactionRun): CompactionRun => ({
      ...created,
      lines: {
        ...created.lines,
        state: 'PROCESSING',
        started_at: secondsAgo(startedSecondsAgo).toISOString(),
      },
      words: { ...created.words, state: 'COMPLETED' },
    });
  await waiting(9_000, processing(60));
  expect((await reconcile()).lines).toMatchObject({ pending: 1, stale: 0, doorbellSent: false });
  const stuck = await waiting(8_000, processing(1_000));
  expect(await reconcile()).toMatchObject({
    lines: { pending: 2, stale: 1, doorbellSent: true },
    words: { pending: 0 },
  });
  expect(await sent('lines')).toEqual([stuck.run_id]);
});

test('C12: a run that never gets its deltas is named and makes the collection old, and no doorbell is sent for it', async () => {
  const unembedded = await waiting(9_000, withoutDeltas);
  const merging = await waiting(1_000);
  await waiting(10, withoutDeltas);
  expect((await reconcile()).lines).toMatchObject({
    pending: 3,
    stale: 1,
    unembedded: 1,
    doorbellSent: true,
  });
  for (const collection of COLLECTIONS) {
    expect(await sent(collection)).toEqual([merging.run_id]);
    expect(Number(metrics(collection)?.OldestPendingRunAgeSeconds)).toBeGreaterThanOrEqual(9_000);
  }
  expect(
    harness.lines.filter((line) => line.includes('wait to be embedded')).map((line) => JSON.parse(line)),
  ).toMatchObject(
    COLLECTIONS.map((collection) => ({
      level: 'WARN',
      collection,
      count: 1,
      oldest: [{ imageId: unembedded.image_id, receiptId: 1, runId: unembedded.run_id }],
    })),
  );
  await emptyTable(harness.table);
  await waiting(9_000, withoutDeltas);
  expect((await reconcile()).lines).toMatchObject({ pending: 1, stale: 0, doorbellSent: false });
});

test("a doorbell within SQS's five minutes of the first is not swallowed, and every round sends a new one", async () => {
  const lost = await waiting(5_000);
  const { queues } = harness.pipeline;
  const urls = perCollection((each) => queues[each].url);
  const send = createDoorbellSender(harness.sqs, urls, 'stream-processor');
  const deduplicationId = compactionDeduplicationId(lost.run_id, 'lines');
  await send([{ collection: 'lines', run: lost, deduplicationId }]);
  expect(await sent('lines')).toEqual([lost.run_id]);
  for (let round = 0; round < 2; round++) {
    await reconcile();
    expect(await sent('lines')).toEqual([lost.run_id]);
  }
});

test('a run that a published manifest holds is COMPLETED with its vectors, and leaves the pending index', async () => {
  const published = await waiting(5_000);
  const live = pointer({
    merged: [published],
    publishedAt: secondsAgo(30),
    uncovered: [published.lines.delta_key],
    snapshotAt: secondsAgo(1_800),
  });
  await put({ ...collectionKey('lines'), ...live });
  const { lines, words } = await reconcile();
  expect(lines).toMatchObject({ pending: 0, mended: [published.run_id], doorbellSent: false });
  expect(lines?.snapshotAge).toBeGreaterThanOrEqual(1_800);
  expect(words).toMatchObject({ pending: 1, mended: [], doorbellSent: true });

  const item = await read(published);
  expect(decodeRun(item)).toMatchObject({
    lines: { state: 'COMPLETED', merged_vectors: 5, finished_at: expect.any(String) },
    words: { state: 'PENDING' },
  });
  expect(item).not.toHaveProperty('lines_pending');
  expect(await sent('lines')).toEqual([]);
  expect(await sent('words')).toEqual([published.run_id]);
  expect(metrics('lines')).toMatchObject({ RunsReconciled: 1, PendingRuns: 0 });
});

test('a published version that no snapshot covers for too long gets a doorbell, though no run is pending', async () => {
  const created = await waiting(5_000);
  const published = { ...created, lines: { ...created.lines, state: 'COMPLETED' as const } };
  await put({ ...encodeRun(published), words_state: 'COMPLETED', words_pending: undefined });
  const since = (seconds: number) => ({
    ...collectionKey('lines'),
    ...pointer({
      merged: [published],
      publishedAt: secondsAgo(30),
      uncovered: [published.lines.delta_key],
      snapshotAt: secondsAgo(seconds),
    }),
  });
  await put(since(3_500));
  expect((await reconcile()).lines).toMatchObject({ pending: 0, doorbellSent: false });
  await put(since(3_700));
  expect((await reconcile()).lines).toMatchObject({ pending: 0, stale: 0, doorbellSent: true });
  expect(await sent('lines')).toEqual([published.run_id]);
  await put({ ...collectionKey('lines'), ...pointer({ merged: [published], publishedAt: secondsAgo(30) }) });
  expect((await reconcile()).lines).toMatchObject({ doorbellSent: false });
});

test('a malformed item is said aloud, and keeps neither the other runs nor the other collection waiting', async () => {
  const healthy = await waiting(5_000);
  const broken: Record<string, unknown> = { ...encodeRun(run(secondsAgo(6_000))), lines_state: 'PENDING!' };
  await put(broken);
  await expect(reconcile()).rejects.toThrow(/lines: The run item .* is malformed/);
  for (const collection of COLLECTIONS) expect(await sent(collection)).toEqual([healthy.run_id]);
  expect(harness.logged('A collection could not be reconciled').at(-1)).toMatchObject({
    reason: expect.stringContaining(String(broken.SK)),
  });
});

test('a pointer that cannot be read is said aloud, and the runs get their doorbells all the same', async () => {
  const late = await waiting(5_000);
  await put({ ...collectionKey('words'), fence: 'mine' });
  await expect(reconcile()).rejects.toThrow('words: The pointer of words is malformed: fence');
  for (const collection of COLLECTIONS) expect(await sent(collection)).toEqual([late.run_id]);
});

test('more runs than one page of the table holds are all counted', async () => {
  const runs = Array.from({ length: 60 }, () => run(secondsAgo(1_000)));
  // DynamoDB answers at most one megabyte a page.
  const large = 'x'.repeat(30_000);
  for (const each of runs) await put({ ...encodeRun(each), lines_error: large });
  expect((await reconcile()).lines).toMatchObject({ pending: 60, stale: 60, doorbellSent: true });
});

test('a receipt that is to be merged again gets a doorbell, though no run of it is pending', async () => {
  const merged = await waiting(5_000, (created) => ({
    ...created,
    lines: { ...created.lines, state: 'COMPLETED' },
    words: { ...created.words, state: 'COMPLETED' },
  }));
  const receipts = [touchedName({ imageId: merged.image_id, receiptId: merged.receipt_id })];
  const touched = [{ at: secondsAgo(LATE_WRITE_SECONDS).getTime(), again: true, receipts }];
  await put({ ...collectionKey('lines'), fence: 3, touched });
  expect((await reconcile()).lines).toMatchObject({ stale: 0, pending: 0, doorbellSent: true });
  expect(await sent('lines')).toEqual([merged.run_id]);
});
