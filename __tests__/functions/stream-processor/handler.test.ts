import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { createLambdaRuntime, startStreamMapping } from 'local-aws';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import { type CompactionRun, encodeRun, type RunState } from '../../../contracts/compaction-run';
import { compactionMessageSchema } from '../../../contracts/messages';
import { changeRun, changeUnembedded, createRun } from '../../../functions/shared/run-table';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { useHandlerHarness } from '../../support/handler-harness';
import { startRefusingSqs } from '../../support/refusing-sqs';
import { oldRunItem, run, withoutDeltas } from '../../support/runs';

const NAME = 'stream-processor';
const harness = useHandlerHarness({ functions: [NAME] });

/** The same function with another queue than the pipeline's. */
const withQueues = (urls: Record<string, string>, onLine: (line: string) => void = () => {}) =>
  createLambdaRuntime({
    functionName: 'another-stream-processor',
    bundle: harness.pipeline.bundles.get(NAME) ?? '',
    timeoutSeconds: 60,
    environment: {
      ...harness.aws.environment,
      LINES_QUEUE_URL: harness.pipeline.queues.lines.url,
      WORDS_QUEUE_URL: harness.pipeline.queues.words.url,
      ...urls,
    },
    onLine,
  });

const takeDoorbells = async (collection: Collection) =>
  (await harness.take(harness.pipeline.queues[collection].url)).map((message) => ({
    ...compactionMessageSchema.parse(JSON.parse(message.Body ?? '')),
    message,
  }));
const malformed = (): Record<string, unknown> => ({ ...encodeRun(run()), lines_state: 'WAITING' });

/** The stream's records of these inserted items, as Lambda hands them over. */
const inserted = (...items: Record<string, unknown>[]) => ({
  Records: items.map((item, index) => ({
    eventID: String(index),
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      SequenceNumber: `10000000000000000000${index}`,
      NewImage: marshall(item, { removeUndefinedValues: true }) as Record<string, AttributeValue>,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  })),
});
const invoke = async (...items: Record<string, unknown>[]) => {
  const response = (await harness.invoke(NAME, inserted(...items))) as {
    batchItemFailures: { itemIdentifier: string }[];
  };
  return response.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier.at(-1)));
};

test('a run that is written to the table sends a doorbell to both collections, each to its own FIFO queue', async () => {
  harness.pipeline.resumeConsumers();
  const created = run();
  await createRun(harness.table, created);
  for (const collection of COLLECTIONS) {
    const [doorbell] = await eventually('the doorbell', async () => {
      const taken = await takeDoorbells(collection);
      return taken.length > 0 && taken;
    });
    expect(doorbell).toMatchObject({
      version: 1,
      type: 'COMPACTION_RUN',
      run_id: created.run_id,
      image_id: created.image_id,
      receipt_id: created.receipt_id,
      collection,
      delta_key: created[collection].delta_key,
    });
    expect(doorbell?.message.Attributes).toMatchObject({
      MessageGroupId: collection,
      MessageDeduplicationId: `${created.run_id}:${collection}`,
    });
    expect(doorbell?.message.MessageAttributes).toMatchObject({
      source: { StringValue: 'stream-processor' },
      entity_type: { StringValue: 'COMPACTION_RUN' },
      event_name: { StringValue: 'INSERT' },
      collection: { StringValue: collection },
    });
  }
});

test('C12: a run that arrives without deltas sends its doorbells when it gets them, and one to each collection', async () => {
  harness.pipeline.resumeConsumers();
  const ready = run();
  await createRun(harness.table, withoutDeltas(ready));
  expect(await changeUnembedded(harness.table, ready)).toBe(true);
  for (const collection of COLLECTIONS) {
    const [doorbell, ...others] = await eventually('the doorbell', async () => {
      const taken = await takeDoorbells(collection);
      return taken.length > 0 && taken;
    });
    expect(doorbell).toMatchObject({ run_id: ready.run_id, delta_key: ready[collection].delta_key });
    expect(others).toEqual([]);
  }
  // The order of the stream's records is that of the changes: the next run's doorbell comes after any of these.
  await changeRun(harness.table, ready, 'lines', { state: 'PROCESSING' });
  await changeRun(harness.table, ready, 'words', { state: 'COMPLETED' });
  const next = run();
  await createRun(harness.table, next);
  for (const collection of COLLECTIONS) {
    const taken = await eventually('the next doorbell', async () => {
      const some = await takeDoorbells(collection);
      return some.length > 0 && some;
    });
    expect(taken.map(({ run_id }) => run_id)).toEqual([next.run_id]);
  }
});

test('changes and removals of a run, one without deltas, and items of other kinds, send nothing', async () => {
  const started = run();
  const [record] = inserted(
    encodeRun({ ...started, lines: { ...started.lines, state: 'PROCESSING' } }),
  ).Records;
  const [arrived] = inserted(encodeRun(withoutDeltas(run()))).Records;
  const [pointer] = inserted({ PK: 'COLLECTION#lines', SK: 'POINTER', fence: 1 }).Records;
  const Records = [
    { ...record, eventName: 'MODIFY' },
    { ...record, eventName: 'REMOVE', dynamodb: { SequenceNumber: '7' } },
    arrived,
    { ...arrived, eventName: 'MODIFY' },
    pointer,
  ];
  expect(await harness.invoke(NAME, { Records })).toEqual({ batchItemFailures: [] });
  for (const collection of COLLECTIONS) expect(await takeDoorbells(collection)).toEqual([]);
});

test.each<[RunState, RunState, Collection[]]>([
  ['FAILED', 'FAILED', []],
  ['PENDING', 'FAILED', ['lines']],
  ['COMPLETED', 'PENDING', ['words']],
])('a run inserted with lines %s and words %s sends a doorbell to %p', async (lines, words, woken) => {
  const created = run();
  const stated: CompactionRun = {
    ...created,
    lines: { ...created.lines, state: lines },
    words: { ...created.words, state: words },
  };
  expect(await invoke(encodeRun(stated))).toEqual([]);
  for (const collection of COLLECTIONS) {
    expect(await takeDoorbells(collection)).toHaveLength(woken.includes(collection) ? 1 : 0);
  }
});

test.each([0, 1, 2, 3])(
  'a malformed run at position %i is said and reported, and every neighbour gets its doorbells',
  async (position) => {
    const neighbours = [run(), run(), run()];
    const items: Record<string, unknown>[] = neighbours.map(encodeRun);
    items.splice(position, 0, malformed());
    expect(await invoke(...items)).toEqual([position]);
    for (const collection of COLLECTIONS) {
      const sent = await takeDoorbells(collection);
      expect(sent.map(({ run_id }) => run_id)).toEqual(neighbours.map(({ run_id }) => run_id));
    }
    expect(harness.logged('A stream record failed and will be delivered again').at(-1)).toMatchObject({
      level: 'ERROR',
      sequence_number: `10000000000000000000${position}`,
      reason: expect.stringContaining('lines.state'),
    });
  },
);

test('of several malformed runs the first is reported, from which Lambda delivers again', async () => {
  expect(await invoke(encodeRun(run()), malformed(), encodeRun(run()), malformed())).toEqual([1]);
});

test('what another system inserts under the key of a run is passed over and said, and fails nothing', async () => {
  const own = run();
  const item = oldRunItem({ imageId: own.image_id, receiptId: own.receipt_id });
  expect(await invoke(item, encodeRun(own))).toEqual([]);
  for (const collection of COLLECTIONS) {
    expect((await takeDoorbells(collection)).map(({ run_id }) => run_id)).toEqual([own.run_id]);
  }
  expect(harness.logged('A run of another system was passed over')).toMatchObject([
    { level: 'INFO', PK: item.PK, SK: item.SK },
  ]);
});

test('a burst of 25 runs sends 25 doorbells, in order, and a second delivery no more', async () => {
  const runs = Array.from({ length: 25 }, () => run());
  const items = runs.map(encodeRun);
  expect(await invoke(...items)).toEqual([]);
  expect(await invoke(...items)).toEqual([]);
  for (const collection of COLLECTIONS) {
    const sent = await takeDoorbells(collection);
    expect(sent.map(({ run_id }) => run_id)).toEqual(runs.map(({ run_id }) => run_id));
  }
});

test.each([0, 1, 2])(
  'a doorbell that SQS refuses at position %i reports its record alone',
  async (position) => {
    const runs = [run(), run(), run()];
    const { lines } = harness.pipeline.queues;
    const proxy = await startRefusingSqs(harness.aws.endpoints.sqs, runs[position]?.run_id ?? '');
    const other = withQueues({
      LINES_QUEUE_URL: lines.url.replace(harness.aws.endpoints.sqs, proxy.endpoint),
    });
    try {
      expect(await other.invoke(inserted(...runs.map(encodeRun)))).toEqual({
        batchItemFailures: [{ itemIdentifier: `10000000000000000000${position}` }],
      });
      expect((await takeDoorbells('lines')).map(({ run_id }) => run_id)).toEqual(
        runs.filter((_, index) => index !== position).map(({ run_id }) => run_id),
      );
      expect(await takeDoorbells('words')).toHaveLength(3);
    } finally {
      await other.stop();
      await proxy.stop();
    }
  },
);

test('a queue that is not there reports the record, and the other collection gets its doorbell', async () => {
  const WORDS_QUEUE_URL = harness.pipeline.queues.words.url.replace('words', 'verbs');
  const printed: string[] = [];
  const other = withQueues({ WORDS_QUEUE_URL }, (line) => printed.push(line));
  try {
    expect(await other.invoke(inserted(encodeRun(run()), encodeRun(run())))).toEqual({
      batchItemFailures: [{ itemIdentifier: '100000000000000000000' }],
    });
    expect(await takeDoorbells('lines')).toHaveLength(2);
    expect(printed.join()).toContain('The words queue refused the doorbell');
  } finally {
    await other.stop();
  }
});

test('updates of a run in the table send nothing', async () => {
  const created = run();
  await createRun(harness.table, created);
  const Key = { PK: encodeRun(created).PK, SK: encodeRun(created).SK };
  harness.pipeline.resumeConsumers();
  await eventually('the first doorbell', async () =>
    (await takeDoorbells('words')).some(({ run_id }) => run_id === created.run_id),
  );
  await harness.table.client.send(
    new UpdateCommand({
      TableName: harness.table.name,
      Key,
      UpdateExpression: 'SET lines_state = :state',
      ExpressionAttributeValues: { ':state': 'PROCESSING' },
    }),
  );
  await harness.table.client.send(new DeleteCommand({ TableName: harness.table.name, Key }));
  const later = run();
  await createRun(harness.table, later);
  const sent = await eventually('the next doorbell', async () => {
    const taken = await takeDoorbells('words');
    return taken.some(({ run_id }) => run_id === later.run_id) && taken;
  });
  expect(sent.map(({ run_id }) => run_id)).toEqual([later.run_id]);
});

test('a malformed run ends at the on-failure destination, and the runs around it get their doorbells', async () => {
  const [first, last] = [run(), run()];
  await createRun(harness.table, first);
  await harness.table.client.send(new PutCommand({ TableName: harness.table.name, Item: malformed() }));
  await createRun(harness.table, last);
  const { lostEventsUrl, streamArn, runtimes } = harness.pipeline;
  const streams = new DynamoDBStreamsClient(harness.aws.clientOptions('dynamodb'));
  const mapping = startStreamMapping({
    client: streams,
    streamArn,
    functionArn: String(runtimes.get(NAME)?.functionArn),
    invoke: (event) => harness.invoke(NAME, event),
    // The stack allows ten, with growing pauses between them.
    maximumRetryAttempts: 1,
    onFailure: { client: harness.sqs, queueUrl: lostEventsUrl },
  });
  try {
    const [lost] = await eventually('the lost event', async () => {
      const taken = await harness.take(lostEventsUrl);
      return taken.length > 0 && taken;
    });
    expect(JSON.parse(lost?.Body ?? '{}')).toMatchObject({ DDBStreamBatchInfo: { batchSize: 1 } });
    const sent = (await takeDoorbells('lines')).map(({ run_id }) => run_id);
    expect(sent).toEqual(expect.arrayContaining([first.run_id, last.run_id]));
  } finally {
    await mapping.stop();
    streams.destroy();
  }
});
