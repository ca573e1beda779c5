import { readFile } from 'node:fs/promises';
import { LOCAL_SERVICES, type LocalService, shellExports } from '../client-environment';
import { type LocalAws, startLocalAws } from '../start-local-aws';

export interface ServeOptions {
  readonly region?: string;
  readonly services?: readonly LocalService[];
  /** The port of S3; SQS, DynamoDB and the control plane follow. @default - free ports */
  readonly portBase?: number;
  /** A JSON file with what the account holds beside buckets, queues and tables. @default - nothing */
  readonly state?: string;
}

/** Starts what `local-aws` serves. @throws {Error} when a port is taken, or the state cannot be read. */
export async function serve({ region, services, portBase, state }: ServeOptions): Promise<LocalAws> {
  const ports =
    portBase === undefined
      ? {}
      : Object.fromEntries(LOCAL_SERVICES.map((service, index) => [service, portBase + index]));
  try {
    return await startLocalAws({
      region,
      services,
      ports,
      ...(state !== undefined && { state: JSON.parse(await readFile(state, 'utf8')) }),
    });
  } catch (cause) {
    if (!String(cause).includes('EADDRINUSE')) throw cause;
    const last = Number(portBase) + LOCAL_SERVICES.length - 1;
    throw new Error(`A port from ${portBase} to ${last} is taken. Choose others with --port-base.`, {
      cause,
    });
  }
}

const SERVED: Readonly<Record<LocalService, string>> = {
  s3: 'S3',
  sqs: 'SQS',
  dynamodb: 'DynamoDB, DynamoDB Streams',
  controlPlane: 'Lambda, Step Functions, STS, Secrets Manager',
};

/** What somebody reads who started `local-aws` by hand. */
export const toldAws = ({ endpoints, environment }: LocalAws): string =>
  [
    ...Object.entries(endpoints).map(
      ([service, endpoint]) => `${SERVED[service as LocalService].padEnd(46)}${endpoint}`,
    ),
    '',
    'In another shell, for the AWS CLI and any AWS SDK:',
    '',
    ...shellExports(environment),
    '',
    'Ctrl-C ends everything; nothing is kept.',
  ].join('\n');
