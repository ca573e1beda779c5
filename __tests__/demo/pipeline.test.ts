import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { type BatchReport, type LocalAws, startLocalAws } from 'local-aws';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { type CompactionRun, decodeRun, RUN_TYPE } from '../../contracts/compaction-run';
import { type LocalPipeline, startLocalPipeline } from '../../demo/pipeline/local-pipeline';
import { OCR_RESULTS } from '../../demo/receipts/receipts';
import { eventually } from '../../packages/local-aws/__tests__/support/eventually';

let aws: LocalAws;
let pipeline: LocalPipeline;
let s3: S3Client;
let table: DynamoDBDocumentClient;
const lines: string[] = [];
const reports: (BatchReport & { readonly name: string })[] = [];

beforeAll(async () => {
  aws = await startLocalAws();
  pipeline = await startLocalPipeline(aws, {
    visibilityTimeoutSeconds: 15,
    onLine: (_name, line) => lines.push(line),
    onBatch: (name, report) => reports.push({ name, ...report }),
  });
  s3 = new S3Client(aws.clientOptions('s3'));
  table = DynamoDBDocumentClient.from(new DynamoDBClient(aws.clientOptions('dynamodb')));
});
afterAll(async () => {
  s3?.destroy();
  table?.destroy();
  await pipeline?.stop();
  await aws?.stop();
});

const imageId = (number: number) => `0a0a0a0a-0000-4000-8000-${String(number).padStart(12, '0')}`;
const drop = (number: number, Body: string) =>
  s3.send(
    new PutObjectCommand({
      Bucket: pipeline.bucket,
      Key: ocrKey({ imageId: imageId(number), receiptId: 1 }),
      Body,
    }),
  );
async function runOf(number: number): Promise<CompactionRun | undefined> {
  const { Items = [] } = await table.send(new ScanCommand({ TableName: pipeline.tableName }));
  const item = Items.find(({ TYPE, image_id }) => TYPE === RUN_TYPE && image_id === imageId(number));
  return item && decodeRun(item);
}
const completed = (number: number) =>
  eventually(`the run of receipt ${number} to be completed in both collections`, async () => {
    const run = await runOf(number);
    return run && COLLECTIONS.every((collection) => run[collection].state === 'COMPLETED') && run;
  });

describe('the local pipeline', () => {
  test('carries OCR results of both kinds from the bucket to merged vectors', async () => {
    await drop(1, OCR_RESULTS['vision-supermarket']);
    await drop(2, OCR_RESULTS['textract-pharmacy']);
    for (const number of [1, 2]) {
      const run = await completed(number);
      for (const collection of COLLECTIONS) {
        expect(run[collection].merged_vectors).toBe(run[collection].records);
        expect(run[collection].records).toBeGreaterThan(0);
      }
    }
  });

  test('keeps a file that it cannot read in quarantine, and goes on with its neighbours', async () => {
    await drop(3, 'no OCR result');
    await drop(4, OCR_RESULTS['vision-coffee-shop']);
    await completed(4);
    await eventually('the file in quarantine', async () => {
      const { KeyCount = 0 } = await s3.send(
        new ListObjectsV2Command({ Bucket: pipeline.bucket, Prefix: 'quarantine/' }),
      );
      return KeyCount > 0;
    });
    expect(await runOf(3)).toBeUndefined();
  });

  test('delivers again what a killed function had in hand', async () => {
    const embedder = pipeline.runtimes.get('embed-from-ndjson');
    // The endpoint's advice to wait holds the invocation long enough to be killed in its middle.
    await pipeline.embedding?.misbehave({ kind: 'rate-limited', retryAfterSeconds: 8 });
    const before = (await pipeline.embedding?.requests())?.length ?? 0;
    await drop(5, OCR_RESULTS['textract-hardware-store']);
    await eventually('the embedding to be under way', async () => {
      return ((await pipeline.embedding?.requests())?.length ?? 0) > before;
    });
    await embedder?.kill();
    await completed(5);
    expect(reports.some(({ name, error }) => name === 'embed-from-ndjson' && error)).toBe(true);
  });

  test('leaves nothing behind: no message, no dead letter, no lost event', async () => {
    const nothing = { waiting: 0, inFlight: 0 };
    await eventually('empty queues', async () =>
      Object.values(await pipeline.depths()).every(({ waiting, inFlight }) => waiting + inFlight === 0),
    );
    expect(await pipeline.depths()).toEqual({
      'ocr-results': nothing,
      'embed-ndjson': nothing,
      lines: nothing,
      words: nothing,
    });
    expect(await pipeline.deadLetterDepths()).toEqual({
      'ocr-results': 0,
      'embed-ndjson': 0,
      lines: 0,
      words: 0,
      'lost-events': 0,
    });
  });

  test('holds messages back while its consumers are paused', async () => {
    await pipeline.pauseConsumers();
    await drop(6, OCR_RESULTS['vision-coffee-shop']);
    await eventually(
      'the notification in the queue',
      async () => (await pipeline.depths())['ocr-results'].waiting === 1,
    );
    pipeline.resumeConsumers();
    await completed(6);
  });

  test('shows its functions and mappings in Lambda’s lists, each with the one bucket', async () => {
    const lambda = new LambdaClient(aws.clientOptions('controlPlane'));
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    expect(Functions).toHaveLength(5);
    const buckets = Functions.flatMap(({ Environment }) => Environment?.Variables?.CHROMADB_BUCKET ?? []);
    expect(new Set(buckets)).toEqual(new Set([pipeline.bucket]));
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
    expect(EventSourceMappings).toHaveLength(5);
  });

  test('never logs document text', () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => /ibuprofen|flat white|supermarket/i.test(line))).toEqual([]);
  });
});
