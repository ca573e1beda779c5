import type { SQSEvent } from 'aws-lambda';
import type { BatchReport, EventSourceMapping } from '../src/event-source-mapping/mapping';
import { type SqsMappingOptions, startSqsMapping } from '../src/event-source-mapping/sqs-mapping';
import { createLambdaRuntime } from '../src/lambda/lambda-runtime';
import { writeBundle } from './support/bundle';
import { eventually } from './support/eventually';
import { startLocalQueues, type TestQueue } from './support/local-queues';

let queues: Awaited<ReturnType<typeof startLocalQueues>>;
const mappings: EventSourceMapping[] = [];
const stopping: Promise<void>[] = [];
const ending: (() => Promise<void>)[] = [];

beforeAll(async () => {
  queues = await startLocalQueues();
});
afterEach(() => {
  // Not waited for: each ends with its poll, while the next test is running already.
  stopping.push(...mappings.splice(0).map((mapping) => mapping.stop()));
});
afterAll(async () => {
  await Promise.all(stopping);
  await Promise.all(ending.map((end) => end()));
  await queues.stop();
});

type Handle = (event: SQSEvent) => unknown;

/** Maps the queue to a function, and keeps the bodies of every batch. */
function map({ url }: TestQueue, handle: Handle, more: Partial<SqsMappingOptions> = {}) {
  const batches: string[][] = [];
  const reports: BatchReport[] = [];
  const mapping = startSqsMapping({
    client: queues.client,
    queueUrl: url,
    invoke: async (event) => {
      const { Records } = event as SQSEvent;
      batches.push(Records.map(({ body }) => body));
      return handle(event as SQSEvent);
    },
    onBatch: (report) => reports.push(report),
    ...more,
  });
  mappings.push(mapping);
  return { batches, reports, stop: () => mapping.stop() };
}
const failing = (event: SQSEvent, fails: (body: string) => boolean) => ({
  batchItemFailures: event.Records.filter(({ body }) => fails(body)).map(({ messageId }) => ({
    itemIdentifier: messageId,
  })),
});
/** How often each body was delivered. */
const deliveries = (batches: readonly string[][]) =>
  batches.flat().reduce<Record<string, number>>((counts, body) => {
    counts[body] = (counts[body] ?? 0) + 1;
    return counts;
  }, {});
const empty = (queue: TestQueue) => eventually('the queue to be empty', () => queues.isEmpty(queue.url));
const BODIES = ['a', 'b', 'c', 'd'];

/** Runs a test's cases side by side, each on a queue of its own: they mostly wait for visibility timeouts. */
const forEach =
  <T>(cases: readonly T[], check: (each: T) => Promise<void>) =>
  async () => {
    await Promise.all(cases.map(check));
  };

describe('an SQS mapping', () => {
  test('hands over a batch in Lambda’s shape and deletes it when all went well', async () => {
    const queue = await queues.queue();
    const events: SQSEvent[] = [];
    await queues.send(queue.url, BODIES);
    const { batches } = map(queue, (event) => void events.push(event));
    await empty(queue);
    expect(batches.flat().sort()).toEqual(BODIES);
    expect(events[0]?.Records[0]).toMatchObject({
      eventSource: 'aws:sqs',
      eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:queue-/),
      awsRegion: 'us-east-1',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d+$/) },
      messageAttributes: {},
    });
  });

  test(
    'gives only the failed message back, wherever it stands in the batch',
    forEach(BODIES, async (poison) => {
      const queue = await queues.queue();
      await queues.send(queue.url, BODIES);
      let healed = false;
      const { batches } = map(queue, (event) => {
        const answer = failing(event, (body) => body === poison && !healed);
        healed ||= answer.batchItemFailures.length > 0;
        return answer;
      });
      await empty(queue);
      const others = Object.fromEntries(BODIES.filter((body) => body !== poison).map((body) => [body, 1]));
      expect(deliveries(batches)).toEqual({ ...others, [poison]: 2 });
    }),
  );

  test('does not take a first success for the success of the whole batch', async () => {
    const queue = await queues.queue();
    await queues.send(queue.url, BODIES);
    let first = true;
    const { batches } = map(queue, (event) => {
      if (!first || event.Records.length < 2) return undefined;
      first = false;
      return failing(event, (body) => body !== event.Records[0]?.body);
    });
    await empty(queue);
    const [batch = []] = batches.filter(({ length }) => length > 1);
    expect(deliveries(batches)[String(batch[0])]).toBe(1);
    for (const body of batch.slice(1)) expect(deliveries(batches)[body]).toBe(2);
  });

  const NOT_UNDERSTOOD = [
    [{ itemIdentifier: 'not in the batch' }],
    [{ itemIdentifier: '' }],
    [{ itemIdentifier: null }],
    [{ messageId: 'a misspelt key' }],
    'no list',
  ].map((batchItemFailures) => ({ batchItemFailures }));

  test(
    'gives the whole batch back for an unknown id or an answer it cannot understand',
    forEach(NOT_UNDERSTOOD, async (answer) => {
      const queue = await queues.queue();
      await queues.send(queue.url, ['a', 'b']);
      const { batches, stop } = map(queue, () => answer);
      await eventually('each to be delivered twice', () => {
        const counts = deliveries(batches);
        return Number(counts.a) >= 2 && Number(counts.b) >= 2;
      });
      await stop();
    }),
  );

  const ALL_WELL = [undefined, null, {}, { batchItemFailures: [] }, { batchItemFailures: null }];

  test(
    'takes an answer that names no failure as full success',
    forEach(ALL_WELL, async (answer) => {
      const queue = await queues.queue();
      await queues.send(queue.url, ['a']);
      const { batches } = map(queue, () => answer);
      await empty(queue);
      expect(deliveries(batches)).toEqual({ a: 1 });
    }),
  );

  test('gives the whole batch back when the function throws, and says why', async () => {
    const queue = await queues.queue();
    await queues.send(queue.url, ['a', 'b']);
    let failures = 2;
    const { batches, reports } = map(queue, () => {
      failures -= 1;
      if (failures >= 0) throw new Error('no key');
    });
    await empty(queue);
    expect(batches.flat().length).toBeGreaterThan(2);
    expect(reports[0]).toMatchObject({ failed: reports[0]?.records, error: { message: 'no key' } });
  });

  test('ignores the list of failures where it was not asked for', async () => {
    const queue = await queues.queue();
    await queues.send(queue.url, ['a']);
    const { batches } = map(queue, (event) => failing(event, () => true), { reportBatchItemFailures: false });
    await empty(queue);
    expect(deliveries(batches)).toEqual({ a: 1 });
  });

  test('moves a message that always fails to the dead-letter queue, and no other', async () => {
    const queue = await queues.queue({ maximumReceives: 3 });
    await queues.send(queue.url, BODIES);
    const { batches } = map(queue, (event) => failing(event, (body) => body === 'b'));
    await empty(queue);
    expect(await queues.drain(queue.deadLettersUrl)).toEqual(['b']);
    expect(deliveries(batches)).toEqual({ a: 1, b: 3, c: 1, d: 1 });
  });

  test('shows the receive count that the queue keeps', async () => {
    const queue = await queues.queue();
    await queues.send(queue.url, ['a']);
    const counts: unknown[] = [];
    map(queue, (event) => {
      counts.push(event.Records[0]?.attributes.ApproximateReceiveCount);
      return failing(event, () => counts.length < 3);
    });
    await empty(queue);
    expect(counts).toEqual(['1', '2', '3']);
  });

  test('does not give a failed message back before its visibility timeout', async () => {
    const queue = await queues.queue({ visibilityTimeoutSeconds: 600 });
    await queues.send(queue.url, ['a']);
    const { reports, batches, stop } = map(queue, (event) => failing(event, () => true));
    await eventually('the first delivery', () => reports.length > 0);
    await queues.send(queue.url, ['probe']);
    await eventually('a message behind it', () => batches.flat().includes('probe'));
    await stop();
    expect(deliveries(batches)).toEqual({ a: 1, probe: 1 });
    expect(await queues.isEmpty(queue.url)).toBe(false);
  });

  test('gathers more than ten messages within a batching window', async () => {
    const queue = await queues.queue({ visibilityTimeoutSeconds: 60 });
    const bodies = Array.from({ length: 25 }, (_, n) => `body ${n}`);
    await queues.send(queue.url, bodies);
    const { batches } = map(queue, () => undefined, {
      batchSize: 25,
      batchingWindowSeconds: 60,
      maximumConcurrency: 1,
    });
    await empty(queue);
    expect(batches.map(({ length }) => length)).toEqual([25]);
  });

  test('has no more batches in hand than allowed', async () => {
    const queue = await queues.queue({ visibilityTimeoutSeconds: 60 });
    await queues.send(queue.url, [...BODIES, ...BODIES]);
    let [now, most] = [0, 0];
    map(
      queue,
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 20));
        now -= 1;
      },
      { batchSize: 1, maximumConcurrency: 2 },
    );
    await empty(queue);
    expect(most).toBeLessThanOrEqual(2);
  });

  test('lets the batch in hand end when it is stopped, and takes no other', async () => {
    const queue = await queues.queue({ visibilityTimeoutSeconds: 60 });
    await queues.send(queue.url, BODIES);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { batches, stop } = map(queue, () => held, { batchSize: 1, maximumConcurrency: 1 });
    await eventually('a batch in hand', () => batches.length === 1);
    const stopped = stop();
    release();
    await stopped;
    expect(batches).toHaveLength(1);
    expect(await queues.drain(queue.url)).toHaveLength(3);
  });
});

describe('an SQS mapping of a FIFO queue', () => {
  const letters = ['a', 'b', 'c', 'd', 'e', 'f'];

  test('hands over ten of a group at once, in order', async () => {
    const queue = await queues.queue({ fifo: true });
    const bodies = Array.from({ length: 12 }, (_, n) => `message ${n}`);
    await queues.send(queue.url, bodies, 'lines');
    const { batches } = map(queue, () => undefined);
    await empty(queue);
    expect(batches).toEqual([bodies.slice(0, 10), bodies.slice(10)]);
  });

  test(
    'keeps the order when any message fails and those after it are given back',
    forEach(letters, async (poison) => {
      const queue = await queues.queue({ fifo: true });
      await queues.send(queue.url, letters, 'lines');
      const done: string[] = [];
      let healed = false;
      map(queue, (event) => {
        const bodies = event.Records.map(({ body }) => body);
        const first = healed ? -1 : bodies.indexOf(poison);
        const rest = first < 0 ? [] : event.Records.slice(first);
        healed ||= first >= 0;
        done.push(...bodies.slice(0, first < 0 ? undefined : first));
        return { batchItemFailures: rest.map(({ messageId }) => ({ itemIdentifier: messageId })) };
      });
      await empty(queue);
      expect(done).toEqual(letters);
    }),
  );

  test('blocks the group of a failed message, and no other group', async () => {
    const queue = await queues.queue({ fifo: true, visibilityTimeoutSeconds: 600 });
    await queues.send(queue.url, ['a', 'b'], 'lines');
    const { batches, stop } = map(queue, (event) => failing(event, (body) => body !== 'x'), { batchSize: 1 });
    await eventually('the first failure', () => batches.length === 1);
    await queues.send(queue.url, ['x'], 'words');
    await eventually('the other group', () => batches.length === 2);
    await stop();
    expect(batches).toEqual([['a'], ['x']]);
  });

  test('has one batch of a group in hand, however many workers there are', async () => {
    const queue = await queues.queue({ fifo: true, visibilityTimeoutSeconds: 60 });
    await queues.send(queue.url, letters, 'lines');
    let [now, most] = [0, 0];
    const { batches } = map(
      queue,
      async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 20));
        now -= 1;
      },
      { batchSize: 1, maximumConcurrency: 4 },
    );
    await empty(queue);
    expect(most).toBe(1);
    expect(batches.flat()).toEqual(letters);
  });

  test('goes on with the group once a poison message is a dead letter', async () => {
    const queue = await queues.queue({ fifo: true, maximumReceives: 2 });
    await queues.send(queue.url, ['poison', 'healthy'], 'lines');
    const { batches } = map(queue, (event) => failing(event, (body) => body === 'poison'), { batchSize: 1 });
    await empty(queue);
    expect(batches).toEqual([['poison'], ['poison'], ['healthy']]);
    expect(await queues.drain(queue.deadLettersUrl)).toEqual(['poison']);
  });

  test('refuses a batching window, which Lambda does not give FIFO queues', async () => {
    const queue = await queues.queue({ fifo: true });
    expect(() => map(queue, () => undefined, { batchingWindowSeconds: 1 })).toThrow(/no batching window/);
  });
});

describe('an SQS mapping of a bundle', () => {
  const once = (what: string) => `
    import { existsSync, writeFileSync } from 'node:fs';
    const mark = new URL('./seen', import.meta.url);
    export const handler = async () => {
      if (existsSync(mark)) return { batchItemFailures: [] };
      writeFileSync(mark, '');
      ${what}
    };`;
  const hang = 'await new Promise(() => setInterval(() => {}, 1000));';

  const ENDS = [
    { what: 'throw new Error("once");', errorName: 'Error' },
    { what: 'process.exit(1);', errorName: 'Runtime.ExitError' },
    { what: `process.kill(process.pid, 'SIGKILL'); ${hang}`, errorName: 'Runtime.ExitError' },
    { what: hang, errorName: 'Sandbox.Timedout' },
  ];

  test(
    'delivers the batch again when the handler throws, exits, is killed or runs out of its time',
    forEach(ENDS, async ({ what, errorName }) => {
      const bundle = await writeBundle(once(what));
      const runtime = createLambdaRuntime({
        functionName: 'consumer',
        bundle: bundle.folder,
        environment: {},
        timeoutSeconds: 1,
      });
      ending.push(
        () => runtime.stop(),
        () => bundle.remove(),
      );
      const queue = await queues.queue({ fifo: true, visibilityTimeoutSeconds: 2 });
      await queues.send(queue.url, BODIES, 'lines');
      const { batches, reports } = map(queue, (event) => runtime.invoke(event));
      await empty(queue);
      expect(batches).toEqual([BODIES, BODIES]);
      expect(reports[0]?.error?.name).toBe(errorName);
    }),
  );
});
