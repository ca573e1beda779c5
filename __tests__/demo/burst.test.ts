import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type BatchReport, type LocalAws, startLocalAws } from 'local-aws';
import { perCollection } from '../../contracts/collections';
import type { CompactionRun } from '../../contracts/compaction-run';
import { type LocalPipeline, startLocalPipeline } from '../../demo/pipeline/local-pipeline';
import { encodeDelta } from '../../functions/shared/delta-file';
import { createDoorbellSender } from '../../functions/shared/doorbell';
import { createRun, type RunTable, runsOfReceipt } from '../../functions/shared/run-table';
import { eventually } from '../../packages/local-aws/__tests__/support/eventually';
import { DIMENSIONS, MODEL, makeDelta } from '../support/compaction-harness';
import { runOfLines } from '../support/runs';

/** The bulk change of the incident sent 12,000 doorbells, which takes a minute and a half on two shared cores. */
const DOORBELLS = Number(process.env.DOORBELLS ?? 6000);
const RUNS = 8;

let aws: LocalAws;
let pipeline: LocalPipeline;
let s3: S3Client;
let sqs: SQSClient;
let table: RunTable;
const reports: BatchReport[] = [];
const compactions: { readonly publishes: number; readonly runs: number }[] = [];

beforeAll(async () => {
  aws = await startLocalAws();
  pipeline = await startLocalPipeline(aws, {
    functions: ['enhanced-compaction'],
    variables: { EMBEDDING_MODEL: MODEL, EMBEDDING_DIMENSIONS: String(DIMENSIONS) },
    onBatch: (_name, report) => reports.push(report),
    onLine: (_name, line) => {
      if (line.includes('A collection was compacted')) compactions.push(JSON.parse(line));
    },
  });
  s3 = new S3Client(aws.clientOptions('s3'));
  sqs = new SQSClient(aws.clientOptions('sqs'));
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(aws.clientOptions('dynamodb')));
  table = { client, name: pipeline.tableName };
});
afterAll(async () => {
  for (const client of [s3, sqs, table?.client]) client?.destroy();
  await pipeline?.stop();
  await aws?.stop();
});

/** Stores the lines delta of a receipt, and its run. */
async function arrive(text: string): Promise<CompactionRun> {
  const delta = makeDelta({ texts: [text, `TOTAL OF ${text}`] });
  const bytes = encodeDelta(delta);
  const run = runOfLines(delta.header, bytes);
  await s3.send(new PutObjectCommand({ Bucket: pipeline.bucket, Key: run.lines.delta_key, Body: bytes }));
  await createRun(table, run);
  return run;
}

/** Sends `count` doorbells for the runs in turn, as a bulk change does that touches each of them again and again. */
async function sendDoorbells(runs: readonly CompactionRun[], count: number): Promise<void> {
  const urls = perCollection((each) => pipeline.queues[each].url);
  const send = createDoorbellSender(sqs, urls, 'stream-processor');
  const doorbells = Array.from({ length: count }, (_, index) => ({
    collection: 'lines' as const,
    run: runs[index % runs.length] as CompactionRun,
    deduplicationId: `bulk-change-${index}`,
  }));
  expect(await send(doorbells)).toEqual([]);
}

test(`a burst of ${DOORBELLS} doorbells ends with every run merged, one publish, and no dead letter`, async () => {
  await pipeline.pauseConsumers();
  const runs = await Promise.all(Array.from({ length: RUNS }, (_, index) => arrive(`RECEIPT ${index}`)));
  await sendDoorbells(runs, DOORBELLS);
  expect((await pipeline.depths()).lines.waiting).toBe(DOORBELLS);
  pipeline.resumeConsumers();

  await eventually(
    'every doorbell to be answered',
    async () => {
      const { waiting, inFlight } = (await pipeline.depths()).lines;
      return waiting + inFlight === 0;
    },
    600_000,
  );
  expect(await pipeline.deadLetterDepths()).toEqual({
    'ocr-results': 0,
    'embed-ndjson': 0,
    lines: 0,
    words: 0,
    'lost-events': 0,
  });
  expect(reports.flatMap(({ records }) => records).length).toBe(DOORBELLS);
  expect(reports.filter(({ error, failed }) => error !== undefined || failed.length > 0)).toEqual([]);
  for (const run of runs) {
    const [found] = await runsOfReceipt(table, { imageId: run.image_id, receiptId: run.receipt_id });
    expect(found?.lines).toMatchObject({ state: 'COMPLETED', merged_vectors: 2 });
  }
  expect(compactions.reduce((sum, { publishes }) => sum + publishes, 0)).toBe(1);
  expect(compactions[0]).toMatchObject({ publishes: 1, runs: RUNS });
});
