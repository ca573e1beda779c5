import { LOCAL_ACCOUNT } from './account';
import { CREDENTIALS, clientEnvironment, LOCAL_SERVICES, type LocalService } from './client-environment';
import { type ControlPlaneState, LOCAL_PATH } from './control-plane/state';
import { type ChildServer, startChildServer } from './processes/child-server';
import { ownScript } from './processes/own-script';
import type { S3ServerOptions } from './s3/server';

export interface LocalAwsOptions<Service extends LocalService = LocalService> {
  /** @default us-east-1 */
  readonly region?: string;
  /** @default - all of them */
  readonly services?: readonly Service[];
  /** Where services listen, on the loopback interface. @default - free ports, chosen by the system */
  readonly ports?: Readonly<Partial<Record<LocalService, number>>>;
  /** How S3 behaves, and who its callers are. Its notifications go to the SQS that is started with it. */
  readonly s3?: Omit<S3ServerOptions, 'port' | 'sqsEndpoint'>;
  /** What the account holds beside buckets, queues and tables. @default - nothing */
  readonly state?: ControlPlaneState;
}

/** What an AWS SDK client is made with, to talk to the local AWS. */
export interface LocalClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface LocalAws<Service extends LocalService = LocalService> {
  /** Where each service answers, `http://127.0.0.1:{port}`. */
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
  /**
   * Adds to what the account is said to hold beside buckets, queues and tables; what has a known name is replaced.
   *
   * @throws {Error} when the control plane is not among the services.
   */
  declare(state: ControlPlaneState): Promise<void>;
  /**
   * Takes functions, state machines and secrets of these names, and the functions' mappings, away again.
   *
   * @throws {Error} when the control plane is not among the services.
   */
  withdraw(...names: readonly string[]): Promise<void>;
  /** The process ids of the servers. */
  readonly pids: readonly number[];
  /** Resolves once every server process is gone. */
  stop(): Promise<void>;
}

const DEFAULT_REGION = 'us-east-1';

const SERVERS = {
  s3: { name: 'S3', script: 's3/main.ts' },
  sqs: { name: 'SQS', script: 'sqs/main.mts' },
  dynamodb: { name: 'DynamoDB', script: 'dynamodb/main.ts' },
  controlPlane: { name: 'control plane', script: 'control-plane/main.ts' },
} as const satisfies Record<LocalService, object>;

/**
 * Starts S3, SQS, DynamoDB with its streams, and the control plane, or those of them that are asked for, each as a
 * process of its own on the loopback interface. None of them outlives this process, however it ends.
 *
 * @throws {Error} when a service is unknown or a port is not one; when one of them does not start, with what it said:
 *   the others are stopped then.
 */
export async function startLocalAws<Service extends LocalService = LocalService>(
  options: LocalAwsOptions<Service> = {},
): Promise<LocalAws<Service>> {
  const { region = DEFAULT_REGION, state } = options;
  refuseUnknown(options);
  const { servers, stop } = await startServers(options, region);
  const endpoints = Object.fromEntries(
    Object.entries(servers).map(([service, { endpoint }]) => [service, endpoint]),
  ) as Record<Service, string>;
  const controlPlane = servers.controlPlane?.endpoint;
  const aws: LocalAws<Service> = {
    endpoints,
    region,
    accountId: LOCAL_ACCOUNT,
    credentials: CREDENTIALS,
    environment: clientEnvironment(endpoints, region),
    clientOptions: (service) => ({ endpoint: endpoints[service], region, credentials: CREDENTIALS }),
    declare: (declared) => tell(controlPlane, 'declare', declared),
    withdraw: (...names) => tell(controlPlane, 'withdraw', names),
    pids: Object.values(servers).map(({ pid }) => pid),
    stop,
  };
  try {
    if (state !== undefined) await aws.declare(state);
    return aws;
  } catch (error) {
    await stop();
    throw error;
  }
}

function refuseUnknown({ services = [], ports = {} }: LocalAwsOptions): void {
  for (const service of [...services, ...Object.keys(ports)])
    if (!Object.hasOwn(SERVERS, service)) {
      throw new Error(`There is no local service "${service}". There are ${LOCAL_SERVICES.join(', ')}.`);
    }
  for (const [service, port] of Object.entries(ports))
    if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      throw new Error(
        `The port of ${service} is ${port}. It is a whole number from 0 (any free one) to 65535.`,
      );
    }
}

async function startServers(
  { services = LOCAL_SERVICES, ports = {}, s3 }: LocalAwsOptions,
  region: string,
): Promise<{ servers: Partial<Record<LocalService, ChildServer>>; stop: () => Promise<void> }> {
  const environment = {
    AWS_REGION: region,
    AWS_ACCOUNT_ID: LOCAL_ACCOUNT,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  const start = (service: LocalService, argument = String(ports[service] ?? 0)) => {
    const { name, script } = SERVERS[service];
    return startChildServer({ name, script: ownScript(script), args: [argument], environment });
  };
  const sqs = services.includes('sqs') ? start('sqs') : undefined;
  const startAfterSqs = async () =>
    start('s3', JSON.stringify({ ...s3, port: ports.s3 ?? 0, sqsEndpoint: (await sqs)?.endpoint }));

  const settled = await Promise.allSettled(
    services.map(async (service) => {
      const started = service === 's3' ? startAfterSqs() : service === 'sqs' ? sqs : start(service);
      return [service, await started] as const;
    }),
  );
  const servers = Object.fromEntries(
    settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
  ) as Partial<Record<LocalService, ChildServer>>;
  const stop = async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  };
  const failure = settled.find((each) => each.status === 'rejected');
  if (failure === undefined) return { servers, stop };
  await stop();
  throw failure.reason;
}

async function tell(
  endpoint: string | undefined,
  what: 'declare' | 'withdraw',
  body: unknown,
): Promise<void> {
  if (endpoint === undefined) {
    throw new Error(`There is no control plane to ${what} anything to. Add controlPlane to the services.`);
  }
  const response = await fetch(`${endpoint}${LOCAL_PATH}${what}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The local control plane refused to ${what}: ${await response.text()}`);
}
