import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import {
  type EventSourceMappingConfiguration,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  type BatchReport,
  createLambdaRuntime,
  type EventSourceMapping,
  type FilterPattern,
  type LambdaRuntime,
  startSqsMapping,
  startStreamMapping,
} from 'local-aws';
import { FUNCTION_NAMES } from '../../contracts/functions';
import { BUNDLES_DIRECTORY, bundleFunctions } from '../../functions/bundle';
import { mappings } from './consumers';
import type { Deployment } from './deployment';

/** The deployed functions at work: which, on what, and with which environment is asked of the deployment. */
export interface DeployedPipeline {
  /** The local folder that stands for EFS. */
  readonly mountPath: string;
  /** What went wrong in a batch, as its consumer tells it. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/**
 * Plays Lambda for what was deployed: reads the event source mappings and each function's configuration back
 * from the emulator, and runs the bundles by them. Nothing is taken from the stack's sources.
 */
export async function runDeployedPipeline({
  endpoint,
  awsEnvironment,
}: Deployment): Promise<DeployedPipeline> {
  const client = {
    endpoint,
    region: String(awsEnvironment.AWS_REGION),
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
  const lambda = new LambdaClient(client);
  const sqs = new SQSClient(client);
  const streams = new DynamoDBStreamsClient(client);
  const directory = await mkdtemp(join(BUNDLES_DIRECTORY, '..', 'deployed-'));
  const mountPath = join(directory, 'efs');
  const bundles = await bundleFunctions(join(directory, 'functions'));
  const failures: string[] = [];
  const runtimes = new Map<string, Promise<LambdaRuntime>>();

  const create = async (arn: string): Promise<LambdaRuntime> => {
    const deployed = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: arn }));
    const functionName = String(deployed.FunctionName);
    const name = FUNCTION_NAMES.find((candidate) => functionName.endsWith(`-${candidate}`));
    const bundle = name && bundles.get(name);
    if (bundle === undefined) throw new Error(`${functionName} is no function of ours.`);
    return createLambdaRuntime({
      functionName,
      bundle,
      environment: {
        ...deployed.Environment?.Variables,
        ...awsEnvironment,
        // No X-Ray daemon listens here, and no file system is mounted.
        POWERTOOLS_TRACE_ENABLED: 'false',
        CHROMA_MOUNT_PATH: mountPath,
      },
      timeoutSeconds: deployed.Timeout ?? 3,
      onLine: (line) => {
        if (/"level":"(ERROR|CRITICAL)"/.test(line)) failures.push(line);
      },
    });
  };
  /** lines and words share one function, whose mappings start at the same time. */
  const runtime = (arn: string): Promise<LambdaRuntime> => {
    const known = runtimes.get(arn) ?? create(arn);
    runtimes.set(arn, known);
    return known;
  };

  const start = async (mapping: EventSourceMappingConfiguration): Promise<EventSourceMapping> => {
    const { EventSourceArn: source = '', FunctionArn: arn = '' } = mapping;
    const { invoke } = await runtime(arn);
    const onBatch = ({ error }: BatchReport) => {
      if (error !== undefined) failures.push(`${arn}: ${error.message}`);
    };
    const common = { invoke, batchSize: mapping.BatchSize ?? 10, onBatch };
    if (source.includes(':dynamodb:')) {
      const filters = (mapping.FilterCriteria?.Filters ?? []).map(
        ({ Pattern = '{}' }): FilterPattern => JSON.parse(Pattern),
      );
      return startStreamMapping({ ...common, client: streams, streamArn: source, functionArn: arn, filters });
    }
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: source.split(':').at(-1) }));
    return startSqsMapping({ ...common, client: sqs, queueUrl: QueueUrl });
  };

  const started = await Promise.all((await mappings(lambda)).map(start));
  return {
    mountPath,
    failures,
    async stop() {
      await Promise.all(started.map((mapping) => mapping.stop()));
      await Promise.all([...runtimes.values()].map(async (each) => (await each).stop()));
      for (const each of [lambda, sqs, streams]) each.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
