import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { BatchReport, EventSourceMapping, LambdaRuntime, LocalAws } from 'local-aws';
import { ROUND_MINUTES } from '../../contracts/event-sources';
import { fromEntries } from '../../contracts/from-entries';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES } from '../../contracts/queues';
import { bundleFunctions } from '../../functions/bundle';
import { loadConfig, type PipelineConfig } from '../../stacks/config';
import { hasFileSystem } from '../../stacks/config-schema';
import { bucketName } from '../../stacks/names';
import { variables } from '../../stacks/pipeline/environment';
import { type EmbeddingEndpoint, startEmbeddingEndpoint } from '../embedding-endpoint/embedding-endpoint';
import { startConsumers } from './consumers';
import { createFunctions, declareFunctions } from './functions';
import { type DeadLetterDepths, deadLetterDepths, type QueueDepths, queueDepths } from './queue-depths';
import { createResources, type Resources } from './resources';

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
  /** The local folder that stands for EFS, where the configuration has one. @default - a folder of the pipeline's own, removed at the end */
  readonly mountPath?: string;
  /** Seconds after which a failed message comes back, of every queue. @default - as in the stack */
  readonly visibilityTimeoutSeconds?: number;
  /** Deliveries before a message is a dead letter, of every queue. @default - as in the stack */
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

/** A running pipeline: the stack's resources on the local AWS, and the bundles that consume them. */
export interface LocalPipeline extends Resources {
  readonly config: PipelineConfig;
  readonly bucket: string;
  readonly mountPath: string;
  readonly embeddingBaseUrl: string;
  /** The stand-in, unless another endpoint was given: tests make it misbehave. */
  readonly embedding: EmbeddingEndpoint | undefined;
  /** The folders of the bundles that run. */
  readonly bundles: ReadonlyMap<FunctionName, string>;
  /** Those of the functions that run. */
  readonly runtimes: ReadonlyMap<FunctionName, LambdaRuntime>;
  /** Starts the consumers again after {@link pauseConsumers}. */
  resumeConsumers(): void;
  /** Lets every batch in hand end, and takes no further one. */
  pauseConsumers(): Promise<void>;
  depths(): Promise<QueueDepths>;
  /** How many dead letters each queue has, and how many events of the stream were lost. */
  deadLetterDepths(): Promise<DeadLetterDepths>;
  /** Ends functions, consumers and the stand-in. The local AWS goes on. */
  stop(): Promise<void>;
}

/** It opens nothing: the stand-in takes this key and no other. */
const STAND_IN_API_KEY = 'local-embedding-key';
/** Inside the repository, so that a bundle finds what it does not hold where the sources find it. */
const WORK_DIRECTORY = join(__dirname, '..', '..', 'dist', 'local');

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
  const { config = loadConfig('dev'), functions: names = FUNCTION_NAMES } = options;
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
  const bundles = options.bundles ?? (await bundleFunctions(join(directory, 'functions'), names));

  const embedding =
    options.embeddingBaseUrl === undefined
      ? await startEmbeddingEndpoint({ apiKey: STAND_IN_API_KEY })
      : undefined;
  if (embedding) {
    ending.push(() => embedding.stop());
    await aws.declare({ secrets: { [config.embedding.secretName]: STAND_IN_API_KEY } });
  }
  const embeddingBaseUrl = options.embeddingBaseUrl ?? String(embedding?.baseUrl);

  const bucket = options.bucketName ?? bucketName(config, aws.accountId);
  const resources = await createResources({ s3, sqs, dynamodb }, config, { ...options, bucketName: bucket });
  const queueUrls = fromEntries(QUEUE_NAMES.map((name) => [name, resources.queues[name].url]));
  const functions = {
    aws,
    config,
    names,
    bundles,
    variables: {
      ...variables(config, { bucket, runTable: resources.tableName, queueUrls }),
      OPENAI_BASE_URL: embeddingBaseUrl,
      ...(hasFileSystem(config) && { CHROMA_MOUNT_PATH: mountPath }),
      ...options.variables,
    },
    temporaryDirectory,
    onLine: (name: FunctionName, line: string) => options.onLine?.(name, line),
  };
  const runtimes = createFunctions(functions);
  await declareFunctions(functions, resources);

  let consumers: EventSourceMapping[] = [];
  const resumeConsumers = () => {
    if (consumers.length > 0) return;
    consumers = startConsumers({
      ...resources,
      runtimes,
      sqs,
      streams,
      reconcileEverySeconds: options.reconcileEverySeconds ?? ROUND_MINUTES * 60,
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
    ...resources,
    config,
    bucket,
    mountPath,
    embeddingBaseUrl,
    embedding,
    bundles,
    runtimes,
    resumeConsumers,
    pauseConsumers,
    depths: () => queueDepths(sqs, resources),
    deadLetterDepths: () => deadLetterDepths(sqs, resources),
    stop,
  };
}
