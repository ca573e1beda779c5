import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, s3Admin, startLocalAws } from 'local-aws';
import type { FunctionName } from '../../contracts/functions';
import type { QuarantineReason } from '../../contracts/quarantine';
import { quarantineReasonSchema } from '../../contracts/quarantine';
import {
  type LocalPipeline,
  type LocalPipelineOptions,
  startLocalPipeline,
} from '../../demo/pipeline/local-pipeline';
import type { RunTable } from '../../functions/shared/run-table';

/** Functions' bundles on the local AWS, with the clients that a test looks around with. */
export interface HandlerHarness {
  readonly aws: LocalAws;
  readonly pipeline: LocalPipeline;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly table: RunTable;
  readonly s3Faults: ReturnType<typeof s3Admin>;
  /** Every line that the functions printed. */
  readonly lines: readonly string[];
  /** The structured log lines with this message. */
  logged(message: string): Record<string, unknown>[];
  /**
   * Hands a function one SQS batch. Returns the positions of the messages that it reported back.
   *
   * @param receives - for the how-manieth time its messages are delivered. @default 1
   */
  deliver(name: FunctionName, bodies: readonly unknown[], receives?: number): Promise<number[]>;
  invoke(name: FunctionName, event: unknown): Promise<unknown>;
  put(key: string, body: string | Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer>;
  keys(prefix: string): Promise<string[]>;
  /** The reasons of all that lies in quarantine, each with the content that is kept beside it. */
  quarantined(): Promise<{ reason: QuarantineReason; content: Buffer }[]>;
  /** Takes every message that waits in a queue. */
  take(queueUrl: string): Promise<Message[]>;
}

export interface HandlerHarnessOptions extends LocalPipelineOptions {
  readonly functions: readonly FunctionName[];
  /** Whether queues and stream are consumed from the start. @default - the test delivers by itself */
  readonly consume?: boolean;
}

/**
 * Starts functions on an embedded AWS for all tests of a suite, and stops them after the last. After each test
 * nothing is left of it: no injected fault, no message in a work queue, no consumer that it let run.
 */
export function useHandlerHarness(options: HandlerHarnessOptions): HandlerHarness {
  const harness = {} as HandlerHarness;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const started = await start(options);
    Object.assign(harness, started.harness);
    stop = started.stop;
  });
  afterEach(async () => {
    if (!options.consume) await harness.pipeline.pauseConsumers();
    await harness.s3Faults.clearFaults();
    for (const { url } of Object.values(harness.pipeline.queues)) await harness.take(url);
  });
  afterAll(() => stop?.());
  return harness;
}

async function start(options: HandlerHarnessOptions) {
  const aws = await startLocalAws();
  const lines: string[] = [];
  const { consume = false, ...rest } = options;
  const pipeline = await startLocalPipeline(aws, {
    ...rest,
    onLine: (name, line) => {
      lines.push(line);
      options.onLine?.(name, line);
    },
  }).catch(async (error) => {
    await aws.stop();
    throw error;
  });
  if (!consume) await pipeline.pauseConsumers();
  const s3 = new S3Client(aws.clientOptions('s3'));
  const sqs = new SQSClient(aws.clientOptions('sqs'));
  const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  const Bucket = pipeline.bucket;

  const harness: HandlerHarness = {
    aws,
    pipeline,
    s3,
    sqs,
    table: { client: DynamoDBDocumentClient.from(dynamodb), name: pipeline.tableName },
    s3Faults: s3Admin(aws.endpoints.s3),
    lines,
    logged: (message) =>
      lines
        .filter((line) => line.startsWith('{"level"'))
        .map((line): Record<string, unknown> => JSON.parse(line))
        .filter((entry) => entry.message === message),
    async deliver(name, bodies, receives = 1) {
      const Records = bodies.map((body, index) => ({
        messageId: `message-${index}`,
        receiptHandle: 'handle',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        attributes: { ApproximateReceiveCount: String(receives) },
        messageAttributes: {},
        eventSource: 'aws:sqs',
      }));
      const response = (await harness.invoke(name, { Records })) as {
        batchItemFailures: { itemIdentifier: string }[];
      };
      return response.batchItemFailures
        .map(({ itemIdentifier }) => Number(itemIdentifier.replace('message-', '')))
        .sort((a, b) => a - b);
    },
    invoke(name, event) {
      const runtime = pipeline.runtimes.get(name);
      if (runtime === undefined) throw new Error(`${name} does not run in this harness.`);
      return runtime.invoke(event);
    },
    async put(Key, body) {
      const Body = Buffer.from(body);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async get(Key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async keys(Prefix) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async quarantined() {
      const reasons = (await harness.keys('quarantine/')).filter((key) => key.endsWith('/reason.json'));
      return Promise.all(
        reasons.map(async (key) => ({
          reason: quarantineReasonSchema.parse(JSON.parse((await harness.get(key)).toString())),
          content: await harness.get(key.replace(/reason\.json$/, 'content')),
        })),
      );
    },
    async take(QueueUrl) {
      const taken: Message[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: 10,
            WaitTimeSeconds: 0,
            MessageSystemAttributeNames: ['All'],
            MessageAttributeNames: ['All'],
          }),
        );
        if (Messages.length === 0) return taken;
        for (const message of Messages) {
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
        }
        taken.push(...Messages);
      }
    },
  };
  const stop = async () => {
    await pipeline.stop();
    for (const client of [s3, sqs, dynamodb]) client.destroy();
    await aws.stop();
  };
  return { harness, stop };
}
