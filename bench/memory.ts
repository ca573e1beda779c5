/**
 * `npm run bench:memory`: what the compaction holds in memory at most while it merges, as Lambda would count it:
 * the built bundle in its sandbox, with the Chroma server that it starts. Every sample sums the resident set of
 * all its processes from `/proc` (Linux only); pages that they share count in each, so it is an upper bound.
 * Prints medians of the peaks. `RECORDS=5000,20000 ROUNDS=3` are the defaults.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type BatchReport, type LocalAws, startLocalAws } from 'local-aws';
import { perCollection } from '../contracts/collections';
import type { CompactionRun } from '../contracts/compaction-run';
import { type LocalPipeline, startLocalPipeline } from '../demo/pipeline/local-pipeline';
import { createDoorbellSender } from '../functions/shared/doorbell';
import { createRun } from '../functions/shared/run-table';
import { loadConfig } from '../stacks/config';
import { makeReceipt } from './made-receipt';
import { median } from './median';

const SIZES = (process.env.RECORDS ?? '5000,20000').split(',').map(Number);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const RECORDS_PER_RECEIPT = 50;
const SAMPLE_MILLISECONDS = 20;
const FUNCTION = 'enhanced-compaction';
const MEBIBYTE = 1024 ** 2;

/** Resident bytes. */
interface Peak {
  total: number;
  handler: number;
  chroma: number;
}

/** One merge of `records` new records in a pipeline of its own. */
async function merge(aws: LocalAws, records: number): Promise<Peak> {
  let answered = (_report: BatchReport) => {};
  const answer = new Promise<BatchReport>((resolve) => {
    answered = resolve;
  });
  const pipeline = await startLocalPipeline(aws, {
    config: { ...loadConfig('dev'), prefix: `memory-${randomBytes(4).toString('hex')}` },
    functions: [FUNCTION],
    onBatch: (_name, report) => answered(report),
  });
  const peak: Peak = { total: 0, handler: 0, chroma: 0 };
  const sampler = setInterval(() => sample(pipeline, peak), SAMPLE_MILLISECONDS);
  try {
    await arriveAndSend(aws, pipeline, records);
    const { error, failed } = await answer;
    if (error ?? failed.length) throw error ?? new Error(`The merge of ${records} records was not finished.`);
    return peak;
  } finally {
    clearInterval(sampler);
    await pipeline.stop();
  }
}

/** Stores the deltas and runs, and only then sends one doorbell: the merge finds all of it. */
async function arriveAndSend(aws: LocalAws, pipeline: LocalPipeline, records: number): Promise<void> {
  const s3 = new S3Client(aws.clientOptions('s3'));
  const sqs = new SQSClient(aws.clientOptions('sqs'));
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(aws.clientOptions('dynamodb')));
  const table = { client, name: pipeline.tableName };
  let run: CompactionRun | undefined;
  for (let left = records; left > 0; left -= RECORDS_PER_RECEIPT) {
    const made = makeReceipt(pipeline.config.embedding, Math.min(left, RECORDS_PER_RECEIPT));
    run = made.run;
    const Key = run.lines.delta_key;
    await s3.send(new PutObjectCommand({ Bucket: pipeline.bucket, Key, Body: made.bytes }));
    await createRun(table, run);
  }
  if (run !== undefined) {
    const urls = perCollection((each) => pipeline.queues[each].url);
    const send = createDoorbellSender(sqs, urls, 'reconcile-runs');
    await send([{ collection: 'lines', run, deduplicationId: run.run_id }]);
  }
  for (const each of [s3, sqs, client]) each.destroy();
}

function sample({ runtimes }: LocalPipeline, peak: Peak): void {
  const pids = runtimes.get(FUNCTION)?.pids ?? [];
  if (pids.length === 0) return;
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const descends = (pid: number | undefined): boolean =>
    pid !== undefined && (pids.includes(pid) || descends(parents.get(pid)));
  const handler = sum(pids.map(residentBytes));
  const below = [...parents.keys()].filter((pid) => !pids.includes(pid) && descends(pid));
  const chroma = sum(below.map(residentBytes));
  peak.handler = Math.max(peak.handler, handler);
  peak.chroma = Math.max(peak.chroma, chroma);
  peak.total = Math.max(peak.total, handler + chroma);
}

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    // It ended between the listing and this.
    return '';
  }
};
const parentOf = (pid: number): number | undefined => {
  const [, parent] = /^PPid:\s+([1-9]\d*)$/m.exec(statusOf(pid)) ?? [];
  return parent === undefined ? undefined : Number(parent);
};
const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(pid))?.[1] ?? 0) * 1024;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function main(): Promise<void> {
  // The SDK's advice to leave Node 20 would stand between the figures.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const { dimensions } = loadConfig('dev').embedding;
  const [processor] = cpus();
  console.log(
    `Node ${process.version} on ${process.platform} ${process.arch}, ${cpus().length} × ${processor?.model}, ${mebibytes(totalmem())}`,
  );
  console.log(
    `Peak resident set of a first merge of records of ${dimensions} dimensions, median of ${ROUNDS}`,
  );
  const aws = await startLocalAws();
  const points: { readonly records: number; readonly total: number }[] = [];
  try {
    for (const records of SIZES) {
      const peaks: Peak[] = [];
      for (let round = 0; round < ROUNDS; round += 1) peaks.push(await merge(aws, records));
      const total = median(peaks.map((peak) => peak.total));
      points.push({ records, total });
      console.log(
        `${String(records).padStart(7)} records: together ${mebibytes(total)} ` +
          `(handler at most ${mebibytes(median(peaks.map(({ handler }) => handler)))}, ` +
          `Chroma at most ${mebibytes(median(peaks.map(({ chroma }) => chroma)))}), ` +
          `${Math.round(total / records)} bytes a record`,
      );
    }
  } finally {
    await aws.stop();
  }
  const [first, last] = [points[0], points.at(-1)];
  if (first !== undefined && last !== undefined && last.records > first.records) {
    const more = (last.total - first.total) / (last.records - first.records);
    console.log(`Each further record: ${Math.round(more)} bytes`);
  }
}

const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
