import { Agent } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startLocalAws } from 'local-aws';
import { buildFunction } from './built-function';
import { startChromaHost } from './chroma-host';
import { carryOut, type StormPlace, type StormReport } from './one-storm';
import { type StormOptions, stormOf } from './storm';

export interface SuiteRequest extends StormOptions {
  readonly storms: number;
  /** Of the first storm; each further one has the next number. */
  readonly seed: number;
  /** Storms at a time: a storm mostly waits. */
  readonly concurrency: number;
  readonly told?: (report: StormReport) => void;
}

const WRONGS = ['lost', 'double', 'hidden', 'blocked'] as const;
type Wrong = (typeof WRONGS)[number];

/** As `npm run test:survival -- --json` prints it; of each wrong the seeds of the storms that have it. */
export interface SuiteReport extends Readonly<Record<Wrong, readonly number[]>> {
  readonly mode: string;
  readonly storms: number;
  readonly runs: number;
  readonly kills: number;
  readonly faults: number;
  readonly seconds: number;
}

/** Carries out one storm after another, and counts what must not be. */
export async function runSuite({
  storms,
  seed,
  concurrency,
  told,
  ...options
}: SuiteRequest): Promise<SuiteReport> {
  const began = Date.now();
  const waiting = Array.from({ length: storms }, (_, index) => stormOf(seed + index, options));
  const reports: StormReport[] = [];
  await inPlace(options.mode, async (place) => {
    const worker = async () => {
      for (let storm = waiting.shift(); storm !== undefined; storm = waiting.shift()) {
        const report = await carryOut(place, storm);
        reports.push(report);
        told?.(report);
      }
    };
    await Promise.all(Array.from({ length: Math.min(storms, concurrency) }, worker));
  });
  const sum = (numberOf: (report: StormReport) => number) =>
    reports.reduce((total, report) => total + numberOf(report), 0);
  const seedsOf = (wrong: Wrong) =>
    reports
      .filter((report) => report[wrong].length > 0)
      .map((report) => report.seed)
      .sort((a, b) => a - b);
  return {
    mode: options.mode,
    storms: reports.length,
    runs: sum(({ runs }) => runs),
    kills: sum(({ kills }) => kills),
    faults: sum(({ faults }) => faults),
    lost: seedsOf('lost'),
    double: seedsOf('double'),
    hidden: seedsOf('hidden'),
    blocked: seedsOf('blocked'),
    seconds: Math.round((Date.now() - began) / 1000),
  };
}

/**
 * The suite's own requests meet no trouble: a connection that was kept may be closed by its server, after five idle
 * seconds, just when it is used again.
 */
const AT_REST = { maxAttempts: 10, requestHandler: { httpAgent: new Agent({ keepAlive: false }) } };

/** Starts what all storms share, and stops it when they are over. */
async function inPlace(mode: StormOptions['mode'], act: (place: StormPlace) => Promise<void>): Promise<void> {
  const ending: (() => unknown)[] = [];
  try {
    const { bundle, remove } = await buildFunction();
    ending.push(remove);
    const aws = await startLocalAws({ services: ['s3', 'sqs', 'dynamodb', 'controlPlane'] });
    ending.push(() => aws.stop());
    const s3 = new S3Client({ ...aws.clientOptions('s3'), ...AT_REST });
    const sqs = new SQSClient({ ...aws.clientOptions('sqs'), ...AT_REST });
    const client = new DynamoDBClient({ ...aws.clientOptions('dynamodb'), ...AT_REST });
    const dynamodb = DynamoDBDocumentClient.from(client, {
      marshallOptions: { removeUndefinedValues: true },
    });
    ending.push(() => {
      for (const client of [s3, sqs, dynamodb]) client.destroy();
    });
    const chroma = mode === 'server' ? await startChromaHost() : undefined;
    ending.push(() => chroma?.stop());
    await act({ aws, clients: { s3, sqs, dynamodb }, bundle, chroma });
  } finally {
    for (const end of ending.reverse()) await end();
  }
}
