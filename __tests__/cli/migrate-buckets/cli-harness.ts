import { deepStrictEqual as deepEqual } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import {
  type ControlPlaneState,
  type LocalAwsOptions,
  type S3Admin,
  s3Admin,
  startLocalAws,
} from 'local-aws';
import { lineSchema } from '../../../contracts/migrate-buckets/output';
import { type Requirement, starts } from '../../../packages/local-aws/__tests__/support/requirements';
import { ENTRY } from './entry';

/** What gives a program a terminal: util-linux, and BSD's takes other options. */
export const PSEUDO_TERMINAL: Requirement = {
  isPresent: () => starts('script', '--version'),
  missing: 'script of util-linux is not installed',
};

/** How the CLI is started. */
interface Program {
  readonly command: readonly [string, ...string[]];
  /** @default - this process's own PATH */
  readonly path?: string;
}
const BUILT: Program = { command: [process.execPath, ENTRY] };

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
  readonly admin: S3Admin;
  readonly endpoint: string;
  /** A fresh folder, the CLI's working directory. */
  readonly folder: string;
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): RunningCli;
  /** Starts it on a terminal of 80 columns, whose keyboard is the child's stdin. Needs {@link PSEUDO_TERMINAL}. */
  startOnTerminal(args: readonly string[]): RunningCli;
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

export async function startCliHarness(
  s3Options: LocalAwsOptions['s3'] = {},
  { command: [executable, ...first], path = process.env.PATH }: Program = BUILT,
): Promise<CliHarness> {
  const [aws, folder] = await Promise.all([
    startLocalAws({ services: ['s3', 'controlPlane'], s3: s3Options }),
    mkdtemp(join(tmpdir(), 'migrate-buckets-')),
  ]);
  const endpoint = aws.endpoints.s3;
  const clientOf = (accessKeyId: string) =>
    new S3Client({
      ...aws.clientOptions('s3'),
      credentials: { ...aws.credentials, accessKeyId },
      forcePathStyle: true,
    });
  const s3 = clientOf(aws.credentials.accessKeyId);
  // Most of the time the embedded S3 is consistent at once; where it is not, its reads change by number, not by time.
  const isConsistent = s3Options.eventualConfiguration?.staleReads === undefined;
  const consistent = { MIGRATE_BUCKETS_READ_PAUSE: isConsistent ? '0' : '0.001' };
  const environment = { PATH: path, HOME: folder, NO_COLOR: '1', ...consistent, ...aws.environment };
  const start: CliHarness['start'] = (args, extra = {}) => {
    const child = spawn(executable, [...first, ...args], {
      cwd: folder,
      env: { ...environment, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, done: collect(child, args.includes('--json')) };
  };
  const startOnTerminal: CliHarness['startOnTerminal'] = (args) => {
    const quoted = [executable, ...first, ...args].map((each) => `'${each.replaceAll("'", `'\\''`)}'`);
    const child = spawn('script', ['-qfec', `stty cols 80; exec ${quoted.join(' ')}`, '/dev/null'], {
      cwd: folder,
      env: { ...environment, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return { child, done: collect(child, args.includes('--json')) };
  };
  const run: CliHarness['run'] = (args, extra) => start(args, extra).done;
  return {
    s3,
    admin: s3Admin(endpoint),
    endpoint,
    folder,
    start,
    startOnTerminal,
    run,
    clientOf,
    json: async (...args) => {
      const ended = await run([...args, '--json']);
      return { ...ended, result: ended.events.at(-1) ?? {} };
    },
    declare: aws.declare,
    read: (file) => readFile(join(folder, file), 'utf8'),
    stop: async () => {
      s3.destroy();
      await aws.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function collect(child: ChildProcess, json: boolean): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const lines = json ? stdout.split('\n') : [];
  const events = lines.flatMap((line) => (line.startsWith('{') ? [parseLine(line)] : []));
  return { code, stdout, stderr, events };
}

/** What `--json` says is what the contract says, to the last field. */
function parseLine(text: string): Record<string, unknown> {
  const line = JSON.parse(text);
  deepEqual(lineSchema.parse(line), line);
  return line;
}
