import { devNull } from 'node:os';
import { join } from 'node:path';
import { type ControlPlaneState, LOCAL_ACCOUNT, LOCAL_PATH } from './control-plane/state';
import { startChildServer } from './processes/child-server';

export interface LocalAwsOptions {
  /** @default us-east-1 */
  readonly region?: string;
  /** What the account holds beside buckets, queues and tables. @default - nothing */
  readonly state?: ControlPlaneState;
}

type Service = 's3' | 'sqs' | 'dynamodb' | 'controlPlane';

/** What every SDK client of this repository is made with, to talk to the local AWS. */
interface LocalClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface LocalAws {
  readonly endpoints: Readonly<Record<Service, string>>;
  readonly region: string;
  readonly accountId: string;
  readonly credentials: LocalClientOptions['credentials'];
  /**
   * Added to a child process's environment, every AWS SDK and the AWS CLI in it talk to the local AWS alone; only
   * version 1 of the CLI goes its own way for SQS and needs `--endpoint-url` there.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** `dynamodb` serves DynamoDB Streams too; `controlPlane` Lambda, Step Functions, STS and Secrets Manager. */
  clientOptions(service: Service): LocalClientOptions;
  /** Adds to what the account is said to hold beside buckets, queues and tables; what has a known name is replaced. */
  declare(state: ControlPlaneState): Promise<void>;
  /** Takes functions, state machines and secrets of these names, and the functions' mappings, away again. */
  withdraw(...names: readonly string[]): Promise<void>;
  /** The process ids of the servers. */
  readonly pids: readonly number[];
  /** Resolves once every server process is gone. */
  stop(): Promise<void>;
}

/** They authorise nothing: the servers check no signature. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' } as const;
const DEFAULT_REGION = 'us-east-1';

const server = (name: string, path: string, environment: Record<string, string>, args: string[] = []) =>
  startChildServer({ name, script: join(__dirname, path), environment, args });

/**
 * Starts S3, SQS, DynamoDB with its streams, and the control plane, each as a process of its own on a free port
 * of the loopback interface. None of them outlives this process, however it ends.
 *
 * @throws {Error} when one of them does not start, with what it said; the others are stopped.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { region = DEFAULT_REGION, state } = options;
  const environment = {
    AWS_REGION: region,
    AWS_ACCOUNT_ID: LOCAL_ACCOUNT,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  const sqs = server('SQS', 'sqs/main.mts', environment);
  const starting = {
    sqs,
    s3: sqs.then(({ endpoint }) =>
      server('S3', 's3/main.ts', environment, [JSON.stringify({ sqsEndpoint: endpoint })]),
    ),
    dynamodb: server('DynamoDB', 'dynamodb/main.ts', environment),
    controlPlane: server('control plane', 'control-plane/main.ts', environment),
  };
  const settled = await Promise.allSettled(Object.values(starting));
  const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => {
    await Promise.all(started.map((each) => each.stop()));
  };
  const failure = settled.find((each) => each.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }

  const endpoints: Record<Service, string> = {
    s3: (await starting.s3).endpoint,
    sqs: (await starting.sqs).endpoint,
    dynamodb: (await starting.dynamodb).endpoint,
    controlPlane: (await starting.controlPlane).endpoint,
  };
  const aws: LocalAws = {
    endpoints,
    region,
    accountId: LOCAL_ACCOUNT,
    credentials: CREDENTIALS,
    environment: environmentFor(endpoints, region),
    clientOptions: (service) => ({ endpoint: endpoints[service], region, credentials: CREDENTIALS }),
    declare: (declared) => tell(endpoints.controlPlane, 'declare', declared),
    pids: started.map(({ pid }) => pid),
    withdraw: (...names) => tell(endpoints.controlPlane, 'withdraw', names),
    stop,
  };
  if (state !== undefined) await aws.declare(state);
  return aws;
}

const environmentFor = (endpoints: Readonly<Record<Service, string>>, region: string) => ({
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoints.dynamodb,
  AWS_ENDPOINT_URL_LAMBDA: endpoints.controlPlane,
  AWS_ENDPOINT_URL_SFN: endpoints.controlPlane,
  AWS_ENDPOINT_URL_STS: endpoints.controlPlane,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.controlPlane,
  // Whatever service is not served here answers 501 instead of being asked for in the real AWS.
  AWS_ENDPOINT_URL: endpoints.controlPlane,
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: '',
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: '',
  // The user's own profiles must not leak in, nor may a lookup of instance credentials slow the start.
  AWS_PROFILE: '',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  // The SDK's advice to leave Node 20 would stand in every log.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
});

async function tell(endpoint: string, what: 'declare' | 'withdraw', body: unknown): Promise<void> {
  const response = await fetch(`${endpoint}${LOCAL_PATH}${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The local control plane refused to ${what}: ${await response.text()}`);
}
