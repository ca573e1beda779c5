import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { FUNCTION_NAMES, type FunctionName } from '../contracts/functions';
import { bundleFunctions } from '../functions/bundle';
import { loadConfig, type PipelineConfig } from '../stacks/config';
import type { LocalAws } from './aws';
import { type EmbeddingEndpoint, startEmbeddingEndpoint } from './embedding-endpoint';
import type { BatchReport, EventSourceMapping } from './event-source-mapping/mapping';
import { createLambdaRuntime, type LambdaRuntime } from './lambda-runtime';
import { startConsumers } from './pipeline/consumers';
import { functionEnvironment } from './pipeline/environment';
import {
  CONSUMER,
  createBucket,
  createLostEventsQueue,
  createRunTable,
  createWorkQueue,
  notifyOcrResults,
  QUEUES,
  type QueueHandle,
  type QueueName,
} from './pipeline/resources';

export interface LocalPipelineOptions {
  /** @default - `config/dev.json` */
  readonly config?: PipelineConfig;
  /** The shared bucket; made when it does not exist. @default - `{prefix}-{account}`, as in the stack */
  readonly bucketName?: string;
  /** Which functions run; a queue whose function does not run keeps its messages. @default - all five */
  readonly functions?: readonly FunctionName[];
  /** The folders of built bundles. @default - they are built from the sources */
  readonly bundles?: ReadonlyMap<FunctionName, string>;
  /** An OpenAI-compatible endpoint. @default - the stand-in is started, and stopped with the pipeline */
  readonly embeddingBaseUrl?: string;
  /** The local folder that stands for EFS. @default - a folder of the pipeline's own, removed at the end */
  readonly mountPath?: string;
  /** Seconds after which a failed message comes back, of every queue. @default - function timeout + 60 */
  readonly visibilityTimeoutSeconds?: number;
  /** Deliveries before a message is a dead letter, of every queue. @default - 5, and 20 for lines and words */
  readonly maximumReceives?: number;
  /** @default 300, as in the stack */
  readonly reconcileEverySeconds?: number;
  /** Further variables of the functions, by the names of `contracts/environment.ts`. @default - none */
  readonly variables?: Readonly<Record<string, string>>;
  /** Told each line that a function prints. @default - lines are dropped */
  readonly onLine?: (name: FunctionName, line: string) => void;
  /** Told each batch that a consumer handed over, and its trouble. @default - nobody is told */
  readonly onBatch?: (name: FunctionName, report: BatchReport) => void;
}

/** Messages of a queue: waiting, and in flight. */
export interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
}

/** A running pipeline: the stack's resources on the local AWS, and the bundles that consume them. */
export interface LocalPipeline {
  readonly config: PipelineConfig;
  readonly bucket: string;
  readonly queues: Readonly<Record<QueueName, QueueHandle>>;
  readonly lostEventsUrl: string;
  readonly tableName: string;
  readonly streamArn: string;
  readonly mountPath: string;
  readonly embeddingBaseUrl: string;
  /** The stand-in, unless another endpoint was given: tests make it misbehave. */
  readonly embedding: EmbeddingEndpoint | undefined;
  /** Those of the functions that run. */
  readonly runtimes: ReadonlyMap<FunctionName, LambdaRuntime>;
  /** Starts the consumers again after {@link pauseConsumers}. */
  resumeConsumers(): void;
  /** Lets every batch in hand end, and takes no further one. */
  pauseConsumers(): Promise<void>;
  depths(): Promise<Readonly<Record<QueueName, QueueDepth>>>;
  /** How many dead letters each queue has, and how many events of the stream were lost. */
  deadLetterDepths(): Promise<Readonly<Record<QueueName | 'lost-events', number>>>;
  /** Ends functions, consumers and the stand-in. The local AWS goes on. */
  stop(): Promise<void>;
}

const RECONCILE_EVERY_SECONDS = 300;
/** Between a function's timeout and the end of its messages' invisibility. Seconds. */
const VISIBILITY_MARGIN = 60;
/** It opens nothing: the stand-in takes this key and no other. */
const STAND_IN_API_KEY = 'local-embedding-key';
/** Inside the repository, so that a bundle finds what it does not hold where the sources find it. */
const WORK_DIRECTORY = join(__dirname, '..', 'dist', 'local');

/**
 * Makes the stack's resources on the local AWS, under the stack's names, and runs its functions on them.
 *
 * @throws {Error} when the configuration, a bundle or a resource cannot be made; what was started is stopped.
 */
export async function startLocalPipeline(
  aws: LocalAws,
  options: LocalPipelineOptions = {},
): Promise<LocalPipeline> {
  const ending: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  try {
    return await start(aws, options, ending, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  aws: LocalAws,
  options: LocalPipelineOptions,
  ending: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<LocalPipeline> {
  const { config = loadConfig('dev'), functions = FUNCTION_NAMES } = options;
  const s3 = new S3Client(aws.clientOptions('s3'));
  const sqs = new SQSClient(aws.clientOptions('sqs'));
  const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  const streams = new DynamoDBStreamsClient(aws.clientOptions('dynamodb'));
  ending.push(async () => {
    for (const client of [s3, sqs, dynamodb, streams]) client.destroy();
  });

  await mkdir(WORK_DIRECTORY, { recursive: true });
  const directory = await mkdtemp(join(WORK_DIRECTORY, 'pipeline-'));
  ending.push(() => rm(directory, { recursive: true, force: true }));
  const temporaryDirectory = join(directory, 'tmp');
  const mountPath = options.mountPath ?? join(directory, 'efs');
  await mkdir(temporaryDirectory);
  await mkdir(mountPath, { recursive: true });
  const bundles = options.bundles ?? (await bundleFunctions(join(directory, 'functions'), functions));

  const embedding =
    options.embeddingBaseUrl === undefined
      ? await startEmbeddingEndpoint({ apiKey: STAND_IN_API_KEY })
      : undefined;
  if (embedding) ending.push(() => embedding.stop());
  const embeddingBaseUrl = options.embeddingBaseUrl ?? String(embedding?.baseUrl);

  const bucket = options.bucketName ?? config.bucketName ?? `${config.prefix}-${aws.accountId}`;
  await createBucket(s3, bucket);
  const queue = (name: QueueName) =>
    createWorkQueue(sqs, name, config, {
      visibilityTimeoutSeconds:
        options.visibilityTimeoutSeconds ?? config.functions.timeout[CONSUMER[name]] + VISIBILITY_MARGIN,
      maximumReceives: options.maximumReceives,
    });
  const queues: Record<QueueName, QueueHandle> = {
    'ocr-results': await queue('ocr-results'),
    'embed-ndjson': await queue('embed-ndjson'),
    lines: await queue('lines'),
    words: await queue('words'),
  };
  const lostEventsUrl = (await createLostEventsQueue(sqs, config)).url;
  const table = await createRunTable(dynamodb, config);
  await notifyOcrResults(s3, bucket, queues['ocr-results'].arn);

  const values = {
    CHROMADB_BUCKET: bucket,
    EMBED_NDJSON_QUEUE_URL: queues['embed-ndjson'].url,
    LINES_QUEUE_URL: queues.lines.url,
    WORDS_QUEUE_URL: queues.words.url,
    COMPACTION_RUNS_TABLE: table.name,
    OPENAI_SECRET_NAME: config.embedding.secretName,
    OPENAI_BASE_URL: embeddingBaseUrl,
    EMBEDDING_MODEL: config.embedding.model,
    EMBEDDING_DIMENSIONS: String(config.embedding.dimensions),
    CHROMA_MODE: config.chroma.mode,
    CHROMA_MOUNT_PATH: mountPath,
    RECONCILE_AFTER_SECONDS: String(config.compaction.reconcileAfterSeconds),
    CHECKPOINT_RECORDS: String(config.compaction.checkpointRecords),
    CHECKPOINT_MINUTES: String(config.compaction.checkpointMinutes),
    SNAPSHOTS_KEPT: String(config.compaction.snapshotsKept),
    ...options.variables,
  };
  const environments = new Map(
    functions.map((name) => [name, functionEnvironment(name, values, aws.environment)] as const),
  );
  const runtimes = new Map<FunctionName, LambdaRuntime>();
  for (const [name, environment] of environments) {
    const bundle = bundles.get(name);
    if (bundle === undefined) throw new Error(`No bundle was given for ${name}. Build it, or leave it out.`);
    const runtime = createLambdaRuntime({
      functionName: `${config.prefix}-${name}`,
      bundle,
      environment,
      timeoutSeconds: config.functions.timeout[name],
      memoryMegabytes: config.functions.memory[name],
      temporaryDirectory,
      onLine: (line) => options.onLine?.(name, line),
    });
    runtimes.set(name, runtime);
  }
  await aws.declare({
    secrets: embedding ? { [config.embedding.secretName]: STAND_IN_API_KEY } : {},
    functions: [...environments].map(([name, environment]) => ({
      name: `${config.prefix}-${name}`,
      environment,
    })),
    mappings: [
      ...QUEUES.map((name) => ({
        eventSourceArn: queues[name].arn,
        functionName: `${config.prefix}-${CONSUMER[name]}`,
      })),
      { eventSourceArn: table.streamArn, functionName: `${config.prefix}-stream-processor` },
    ],
  });

  let consumers: EventSourceMapping[] = [];
  const resumeConsumers = () => {
    if (consumers.length > 0) return;
    consumers = startConsumers({
      runtimes,
      queues,
      lostEventsUrl,
      streamArn: table.streamArn,
      sqs,
      streams,
      reconcileEverySeconds: options.reconcileEverySeconds ?? RECONCILE_EVERY_SECONDS,
      onBatch: (name, report) => options.onBatch?.(name, report),
    });
  };
  const pauseConsumers = async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
  };
  resumeConsumers();
  ending.push(async () => {
    // The functions end while the consumers still wait for them: a batch in hand fails, and nobody waits long.
    const paused = pauseConsumers();
    await Promise.all([...runtimes.values()].map((runtime) => runtime.stop()));
    await paused;
  });

  return {
    config,
    bucket,
    queues,
    lostEventsUrl,
    tableName: table.name,
    streamArn: table.streamArn,
    mountPath,
    embeddingBaseUrl,
    embedding,
    runtimes,
    resumeConsumers,
    pauseConsumers,
    async depths() {
      const entries = QUEUES.map(async (name) => [name, await depth(sqs, queues[name].url)] as const);
      return Object.fromEntries(await Promise.all(entries)) as Record<QueueName, QueueDepth>;
    },
    async deadLetterDepths() {
      const urls = {
        ...mapValues(queues, ({ deadLetters }) => deadLetters.url),
        'lost-events': lostEventsUrl,
      };
      const entries = Object.entries(urls).map(
        async ([name, url]) => [name, (await depth(sqs, url)).waiting] as const,
      );
      return Object.fromEntries(await Promise.all(entries)) as Record<QueueName | 'lost-events', number>;
    },
    stop,
  };
}

async function depth(sqs: SQSClient, url: string): Promise<QueueDepth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}

const mapValues = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
