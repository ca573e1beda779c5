import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLambdaRuntime, type LambdaRuntime } from 'local-aws';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import { recordId } from '../../../contracts/record-id';
import { functionEnvironment } from '../../../demo/pipeline/environment';
import { bundleFunctions } from '../../../functions/bundle';
import {
  createChromaCollection,
  openChromaCollection,
} from '../../../functions/enhanced-compaction/chroma/collection';
import { type ChromaDatabase, chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { type ChromaServer, startChromaServer } from '../../../functions/enhanced-compaction/chroma/server';
import { asHashedRecord } from '../../../functions/enhanced-compaction/snapshot/missing-receipts';
import { runsOfReceipt } from '../../../functions/shared/run-table';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { createDatabase } from '../../support/chroma-server';
import { DIMENSIONS, embed, MODEL, useCompactionHarness } from '../../support/compaction-harness';
import { claimsOf, replacedLines } from '../../support/foreign-metadata';
import { annotate, dropReceipt } from '../../support/receipt-functions';
import { doorbell, doorbellTo } from '../../support/runs';

const NAME = 'enhanced-compaction';
const world = useCompactionHarness();
let [folder, bundleFolder, bundle] = ['', '', ''];
let chroma: ChromaServer;
let proxies: { readonly chroma: BreakpointProxy; readonly dynamodb: BreakpointProxy };
let runtime: LambdaRuntime;

beforeAll(async () => {
  const dist = join(__dirname, '..', '..', '..', 'dist');
  await mkdir(dist, { recursive: true });
  bundleFolder = await mkdtemp(join(dist, 'killed-test-'));
  bundle = (await bundleFunctions(bundleFolder, [NAME])).get(NAME) ?? '';
  folder = await mkdtemp(join(tmpdir(), 'killed-chroma-'));
  chroma = await startChromaServer({ path: join(folder, 'data') });
});
afterAll(async () => {
  await chroma?.stop();
  for (const each of [folder, bundleFolder]) await rm(each, { recursive: true, force: true });
});
beforeEach(async () => {
  proxies = {
    chroma: await startBreakpointProxy(chroma.url),
    dynamodb: await startBreakpointProxy(world.aws.endpoints.dynamodb),
  };
});
afterEach(async () => {
  await runtime?.stop();
  for (const proxy of Object.values(proxies)) await proxy.stop();
});

/** A database of the test's own on the server, and the function, as built, that merges into it. */
async function start(): Promise<ChromaDatabase> {
  const name = await createDatabase(chroma.url);
  const values = {
    CHROMADB_BUCKET: world.bucket,
    COMPACTION_RUNS_TABLE: world.table.name,
    EMBEDDING_MODEL: MODEL,
    EMBEDDING_DIMENSIONS: String(DIMENSIONS),
    CHROMA_MODE: 'server',
    CHROMA_URL: proxies.chroma.endpoint,
    CHROMA_DATABASE: name,
  };
  const aws = { ...world.aws.environment, AWS_ENDPOINT_URL_DYNAMODB: proxies.dynamodb.endpoint };
  runtime = createLambdaRuntime({
    functionName: NAME,
    bundle,
    environment: functionEnvironment(NAME, values, aws),
    timeoutSeconds: 100,
    onLine: () => {},
  });
  return chromaDatabase({ url: chroma.url, database: name });
}

const deliver = (doorbells: readonly object[]) =>
  runtime.invoke({
    Records: doorbells.map((body, index) => ({
      messageId: String(index),
      body: JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1' },
    })),
  });

/** As if its time had gone by. */
const endLease = (collection: Collection) =>
  world.changePointer('SET lease_expires_at = :value', 1, collection);

const isNote = (body: string) => body.includes('lines_replaced_key');
const isDelete = (body: string) => /^\{"ids":\[[^\]]*\]\}$/.test(body);
const isUpdate = (body: string) => body.includes('"embeddings"') && body.includes(':null');
const isAdd = (body: string) => body.includes('"embeddings"') && !body.includes(':null');

describe('A3: the function that merges into a server in place', () => {
  it.each([
    ['when the labels are in the bucket and the run does not say so', 'dynamodb', 'before', isNote],
    ['before it removes anything', 'chroma', 'before', isDelete],
    ['when it has removed what is gone', 'chroma', 'after', isDelete],
    ['when it has replaced what changed', 'chroma', 'after', isUpdate],
    ['before it adds what is new', 'chroma', 'before', isAdd],
  ] as const)('killed with -9 %s loses no label', async (_what, server, when, matches) => {
    const database = await start();
    const imageId = '11111111-2222-4333-8444-555555555555';
    const migrated = ['SAME', 'OTHER BEFORE', 'GONE'].map((document, index) =>
      asHashedRecord({
        id: recordId({ imageId, receiptId: 1, lineId: index + 1 }),
        document,
        metadata: {
          image_id: imageId,
          receipt_id: '1',
          prev_line: 'x',
          label_confidence: { '#number': '1.0' },
          valid_labels_array: [`LABEL_${index}`],
        },
        embedding: embed(document),
      }),
    );
    const collection = await createChromaCollection(database, 'lines', 'l2');
    await collection.add(migrated);
    const claims = migrated.flatMap(({ id, metadata }) => claimsOf(id, metadata));

    const run = await world.arrive({ imageId, texts: ['SAME', 'OTHER NOW'] });
    const added = await world.arrive({ texts: ['NEW'] });
    const doorbells = [run, added].map(doorbell);
    proxies[server].breakAt(when, matches, () => runtime.kill());
    await expect(deliver(doorbells)).rejects.toThrow();
    await endLease('lines');
    expect(await deliver(doorbells)).toEqual({ batchItemFailures: [] });

    const stored = await collection.byIds(migrated.map(({ id }) => id));
    const kept = await replacedLines(world);
    const found = [...[...stored, ...kept].flatMap(({ id, metadata }) => claimsOf(id, metadata))];
    expect(found.sort()).toEqual(claims.sort());
    expect(kept.map(({ document }) => document)).toEqual(['OTHER BEFORE', 'GONE']);
    expect(stored.map(({ document }) => document).sort()).toEqual(['OTHER NOW', 'SAME']);
    for (const { metadata } of stored) expect(metadata).not.toHaveProperty('prev_line');
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', replaced_records: 2 });
    expect((await world.state(added)).state).toBe('COMPLETED');
  });
});

describe('A4: an annotation that the function merges into both collections in one invocation', () => {
  const isLeaseOfWords = (body: string) => body.includes('COLLECTION#words');
  const isMarkOfLines = (body: string) => body.includes('lines_merged_vectors');
  const isPublish = (body: string) => body.includes('SET version = :version');
  const isOnWords = (body: string) => body.includes('#WORD#') && body.includes('"place_id":"p1"');

  it.each([
    ['when the lines are published and not marked', 'dynamodb', 'after', isPublish],
    ['when the lines are marked', 'dynamodb', 'after', isMarkOfLines],
    ['before it begins with the words', 'dynamodb', 'before', isLeaseOfWords],
    ['when it has taken the lease of the words', 'dynamodb', 'after', isLeaseOfWords],
    ['when it has written on the words and published nothing', 'chroma', 'after', isOnWords],
  ] as const)('stands in both and its runs are final, though it was killed with -9 %s', async (...row) => {
    const [, server, when, matches] = row;
    const database = await start();
    const receipt = { imageId: '11111111-2222-4333-8444-555555555555', receiptId: 1 };
    const doorbells = () => COLLECTIONS.flatMap((each) => runs.map((run) => doorbellTo(each, run)));
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    let runs = await runsOfReceipt(world.table, receipt);
    expect(await deliver(doorbells())).toEqual({ batchItemFailures: [] });

    const words = [{ line_id: 2, word_id: 2, metadata: { label: 'AMOUNT' } }];
    await annotate(world, receipt, { receipt: { place_id: 'p1' }, words });
    runs = (await runsOfReceipt(world.table, receipt)).slice(1);
    proxies[server].breakAt(when, matches, () => runtime.kill());
    await expect(deliver(doorbells())).rejects.toThrow();
    const said = async (name: Collection) => {
      const collection = await openChromaCollection(database, name);
      return ((await collection?.page(0, 100)) ?? [])
        .map(({ document, metadata: { place_id, label } }) => [document, place_id, label])
        .sort();
    };
    // The lines have it, whichever moment it was.
    expect((await said('lines')).map(([, place]) => place)).toEqual(['p1', 'p1']);
    for (const each of COLLECTIONS) await endLease(each);
    expect(await deliver(doorbells())).toEqual({ batchItemFailures: [] });

    expect(await said('lines')).toEqual([
      ['SHOP', 'p1', undefined],
      ['TOTAL 3.30', 'p1', undefined],
    ]);
    expect(await said('words')).toEqual([
      ['3.30', 'p1', 'AMOUNT'],
      ['SHOP', 'p1', undefined],
      ['TOTAL', 'p1', undefined],
    ]);
    const all = await runsOfReceipt(world.table, receipt);
    expect(all.flatMap((run) => COLLECTIONS.map((each) => run[each].state))).toEqual(
      Array(4).fill('COMPLETED'),
    );
  });
});
