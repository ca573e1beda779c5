import { readFile } from 'node:fs/promises';
import { LOCAL_SERVICES, type LocalService, shellExports } from '../client-environment';
import type { ControlPlaneState } from '../control-plane/state';
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
      ...(state !== undefined && { state: await readState(state) }),
    });
  } catch (cause) {
    if (!String(cause).includes('EADDRINUSE')) throw cause;
    const last = Number(portBase) + LOCAL_SERVICES.length - 1;
    throw new Error(`A port from ${portBase} to ${last} is taken. Choose others with --port-base.`, {
      cause,
    });
  }
}

const SHAPES = { functions: 'list', stateMachines: 'list', mappings: 'list', secrets: 'object' } as const;
const shapeOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);

async function readState(path: string): Promise<ControlPlaneState> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Error(`The state in ${path} ${what}. --state wants a JSON object of ${WANTED}.`, { cause });
  };
  const text = await readFile(path, 'utf8').catch((cause) => refuse(`cannot be read (${cause.code})`, cause));
  let state: unknown;
  try {
    // Editors on Windows put a byte order mark before it.
    state = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    refuse('is not JSON', cause);
  }
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return refuse('is not an object');
  for (const [key, value] of Object.entries(state)) {
    const shape = Object.entries(SHAPES).find(([known]) => known === key)?.[1];
    if (shape === undefined) refuse(`has an unknown "${key}"`);
    if (shape !== shapeOf(value) || value === null) refuse(`has a "${key}" that is no ${shape}`);
  }
  return state as ControlPlaneState;
}

const WANTED = Object.entries(SHAPES)
  .map(([key, shape]) => `"${key}" (${shape})`)
  .join(', ');

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
