import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { createLambdaRuntime, type LambdaRuntime } from 'local-aws';
import { collectionKey, runKey } from '../../../contracts/compaction-run';
import { functionEnvironment } from '../../../demo/pipeline/environment';
import { bundleFunctions } from '../../../functions/bundle';
import { listKeys } from '../../../functions/enhanced-compaction/snapshot/locate';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { DIMENSIONS, idsOf, MODEL, useCompactionHarness } from '../../support/compaction-harness';
import { doorbell } from '../../support/runs';

const NAME = 'enhanced-compaction';
const world = useCompactionHarness();
let proxy: BreakpointProxy;
let folder: string;
let bundle: string;
const runtimes: LambdaRuntime[] = [];
let lines: string[] = [];

beforeAll(async () => {
  const dist = join(__dirname, '..', '..', '..', 'dist');
  await mkdir(dist, { recursive: true });
  folder = await mkdtemp(join(dist, 'compaction-test-'));
  bundle = (await bundleFunctions(folder, [NAME])).get(NAME) ?? '';
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  proxy = await startBreakpointProxy(world.aws.endpoints.dynamodb);
  lines = [];
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
  await proxy.stop();
});

/** The built bundle as Lambda runs it, with a file system where the world has one. */
function startFunction(): LambdaRuntime {
  const values = {
    CHROMADB_BUCKET: world.bucket,
    COMPACTION_RUNS_TABLE: world.table.name,
    EMBEDDING_MODEL: MODEL,
    EMBEDDING_DIMENSIONS: String(DIMENSIONS),
    CHROMA_MOUNT_PATH: world.source.mountPath,
  };
  const aws = { ...world.aws.environment, AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  const runtime = createLambdaRuntime({
    functionName: NAME,
    bundle,
    environment: functionEnvironment(NAME, values, aws),
    timeoutSeconds: 100,
    onLine: (line) => lines.push(line),
  });
  runtimes.push(runtime);
  return runtime;
}

/** Hands over one batch. Returns the positions of the messages that come again. */
async function deliver(runtime: LambdaRuntime, bodies: readonly unknown[]): Promise<number[]> {
  const Records = bodies.map((body, index) => ({
    messageId: String(index),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1' },
  }));
  const answer = (await runtime.invoke({ Records })) as { batchItemFailures: { itemIdentifier: string }[] };
  return answer.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
}

/** What time does to a dead owner's lease. */
const letLeaseExpire = () =>
  world.table.client.send(
    new UpdateCommand({
      TableName: world.table.name,
      Key: collectionKey('lines'),
      UpdateExpression: 'SET lease_expires_at = :past',
      ExpressionAttributeValues: { ':past': 1 },
    }),
  );

const compactions = () =>
  lines
    .filter((line) => line.includes('A collection was compacted'))
    .map((line): { publishes: number; runs: number } => JSON.parse(line));

describe('The function', () => {
  it.each([
    ['before a run is marked PROCESSING', 'before', ':state":{"S":"PROCESSING"', 'efs'],
    ['when it is merged and not yet published', 'before', '":manifest"', 'efs'],
    ['when the version is published and no run is marked', 'after', '":manifest"', 'efs'],
    ['when the first of the runs is marked', 'after', ':state":{"S":"COMPLETED"', 'efs'],
    ['when the snapshot is in S3 and the pointer does not say so', 'before', ':snapshot_version"', 'efs'],
    ['without a file system when only the snapshot is written', 'before', ':snapshot_version"', 'none'],
  ] as const)(
    'killed with -9 %s leaves the right content and every run final after redelivery',
    async (_what, when, at, cache) => {
      world.useCache(cache);
      const runs = [await world.arrive({ texts: ['A', 'B'] }), await world.arrive({ texts: ['C'] })];
      const runtime = startFunction();
      let killed = false;
      proxy.breakAt(
        when,
        (body) => body.includes(at),
        async () => {
          killed = true;
          await runtime.kill();
        },
      );
      await expect(deliver(runtime, runs.map(doorbell))).rejects.toThrow();
      expect(killed).toBe(true);
      await letLeaseExpire();

      expect(await deliver(runtime, runs.map(doorbell))).toEqual([]);
      expect([...(await world.published()).keys()].sort()).toEqual(
        runs.flatMap((run, index) => idsOf(run, 2 - index)).sort(),
      );
      expect(await Promise.all(runs.map(world.state))).toMatchObject([
        { state: 'COMPLETED', merged_vectors: 2 },
        { state: 'COMPLETED', merged_vectors: 1 },
      ]);
    },
  );

  it('answers a burst of doorbells with one publish, since the table is the work list', async () => {
    const runs = await Promise.all(
      Array.from({ length: 40 }, (_, index) => world.arrive({ texts: [`LINE ${index}`] })),
    );
    const runtime = startFunction();
    for (let start = 0; start < runs.length; start += 10) {
      expect(await deliver(runtime, runs.slice(start, start + 10).map(doorbell))).toEqual([]);
    }
    expect(compactions().map(({ publishes }) => publishes)).toEqual([1, 0, 0, 0]);
    expect((await world.published()).size).toBe(40);
    const metrics = lines.filter((line) => line.includes('"Publishes"')).map((line) => JSON.parse(line));
    expect(metrics[0]).toMatchObject({ collection: 'lines', service: NAME, Publishes: 1, MergedVectors: 40 });
  });

  it.each([0, 1, 2])(
    'reports back exactly the message at position %i whose run cannot be finished, and quarantines the unreadable',
    async (position) => {
      const good = [await world.arrive({ texts: ['A'] }), await world.arrive({ texts: ['B'] })];
      const stuck = await world.arrive({ texts: ['C'] });
      const sibling = {
        ...runKey({ imageId: stuck.image_id, receiptId: stuck.receipt_id, runId: 'f'.repeat(32) }),
        TYPE: 'COMPACTION_RUN',
      };
      await world.table.client.send(new PutCommand({ TableName: world.table.name, Item: sibling }));
      const bodies: unknown[] = good.map(doorbell);
      bodies.splice(position, 0, doorbell(stuck));
      bodies.push('no JSON', { ...doorbell(stuck), version: 2 });

      expect(await deliver(startFunction(), bodies)).toEqual([position]);
      for (const run of good) expect((await world.state(run)).state).toBe('COMPLETED');
      const kept = await listKeys(world.s3, world.bucket, 'quarantine/');
      expect(kept.filter((key) => key.endsWith('content'))).toHaveLength(2);
    },
  );

  it('in two processes at once loses no vector', async () => {
    const functions = [startFunction(), startFunction()];
    const runs = await Promise.all(
      Array.from({ length: 6 }, (_, index) => world.arrive({ texts: [`LINE ${index}`] })),
    );
    await Promise.all(
      functions.map((each, index) => deliver(each, runs.filter((_, i) => i % 2 === index).map(doorbell))),
    );
    expect((await world.published()).size).toBe(6);
  });

  it('logs no document text', async () => {
    const run = await world.arrive({ texts: ['SECRET MEDICINE'] });
    await world.arrive({ texts: ['SECRET PURCHASE'], header: { model: 'other' } });
    await deliver(startFunction(), [doorbell(run), '{"broken": "SECRET BODY"}']);
    expect(lines.join('\n')).toContain('A run failed');
    expect(lines.join('\n')).not.toContain('SECRET');
  });
});
