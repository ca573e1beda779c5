import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { type ControlPlaneState, LOCAL_PATH } from '../../../packages/local-aws/src/control-plane/state';
import { type ChildServer, startChildServer } from '../../../packages/local-aws/src/processes/child-server';
import { s3Admin } from '../../../packages/local-aws/src/s3/admin';
import { type S3Process, spawnS3Server } from '../../../packages/local-aws/src/s3/process';
import type { S3ServerOptions } from '../../../packages/local-aws/src/s3/server';

const ENTRY = join(__dirname, '..', '..', '..', 'cli', 'migrate-buckets', 'migrate-buckets.cjs');
const LOCAL = join(__dirname, '..', '..', '..', 'packages', 'local-aws', 'src');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`: every event, the result last. */
  readonly events: readonly Record<string, unknown>[];
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
}

/** The real CLI as a child process, against a real S3 server process and a control plane. */
export interface CliHarness {
  readonly s3: S3Client;
  readonly admin: ReturnType<typeof s3Admin>;
  readonly endpoint: string;
  /** A fresh folder, the CLI's working directory. */
  readonly folder: string;
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): RunningCli;
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** Runs with `--json`; the last event is the result. */
  json(...args: string[]): Promise<CliResult & { readonly result: Record<string, unknown> }>;
  /** A client that signs as somebody else. */
  clientOf(accessKeyId: string): S3Client;
  /** What Lambda and Step Functions are said to hold. */
  declare(state: ControlPlaneState): Promise<void>;
  read(file: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startCliHarness(options: S3ServerOptions = {}): Promise<CliHarness> {
  const [server, controlPlane, folder] = await Promise.all([
    spawnS3Server(options),
    startChildServer({ name: 'control plane', script: join(LOCAL, 'control-plane', 'main.ts') }),
    mkdtemp(join(tmpdir(), 'migrate-buckets-')),
  ]);
  return makeHarness(server, controlPlane, folder);
}

function makeHarness(server: S3Process, controlPlane: ChildServer, folder: string): CliHarness {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
  const clientOf = (accessKeyId: string) =>
    new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { ...credentials, accessKeyId },
      forcePathStyle: true,
    });
  const s3 = clientOf(credentials.accessKeyId);
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: folder,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ENDPOINT_URL: controlPlane.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_COLOR: '1',
  };
  const start: CliHarness['start'] = (args, extra = {}) => {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      cwd: folder,
      env: { ...environment, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, done: collect(child) };
  };
  const run: CliHarness['run'] = (args, extra) => start(args, extra).done;
  return {
    s3,
    admin: s3Admin(server.endpoint),
    endpoint: server.endpoint,
    folder,
    start,
    run,
    clientOf,
    json: async (...args) => {
      const ended = await run([...args, '--json']);
      return { ...ended, result: ended.events.at(-1) ?? {} };
    },
    declare: async (state) => {
      await fetch(`${controlPlane.endpoint}${LOCAL_PATH}declare`, {
        method: 'POST',
        body: JSON.stringify(state),
      });
    },
    read: (file) => readFile(join(folder, file), 'utf8'),
    stop: async () => {
      s3.destroy();
      await Promise.all([server.close(), controlPlane.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function collect(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  return { code, stdout, stderr, events };
}
