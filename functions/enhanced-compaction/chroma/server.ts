import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { launcherFile, loadableBinding } from './binding';

/** A server ended without being asked to, as when the kernel was out of memory. */
export class DeadServer extends Error {
  override readonly name = 'DeadServer';
}

export interface ChromaServerOptions {
  /** The persist directory; made when it does not exist. Nobody else may use it while the server runs. */
  readonly path: string;
  /** @default - a free port */
  readonly port?: number;
  /** @default 30000 - a collection of 50,000 records takes 2.4 s */
  readonly startTimeoutMilliseconds?: number;
}

export interface ChromaServer {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  readonly path: string;
  readonly pid: number;
  /** False once the process has ended, by whatever cause. */
  readonly isRunning: () => boolean;
  /** Aborted, with a {@link DeadServer}, as soon as it has: a request that is under way then has no answer. */
  readonly ended: AbortSignal;
  /**
   * Asks the server to end, waits until it has written its files and is gone. May be called again.
   *
   * @throws {DeadServer} when it had ended before it was asked to, or did not end well: its files are to be thrown away.
   */
  readonly stop: () => Promise<void>;
  /** Ends it at once. Its files are to be thrown away. */
  readonly kill: () => Promise<void>;
}

const running = new Set<number>();

/** The process ids of the servers that run for this process. */
export const runningServers = (): number[] => [...running];

const LISTENING = 'server listening on address';
const POLL_MILLISECONDS = 10;
const STOP_TIMEOUT_MILLISECONDS = 60_000;
const PORT_ATTEMPTS = 5;

let binding: string | undefined;

/** Found, and proven by its hash, once in the life of the process: half a second for 58 MB. */
async function foundBinding(): Promise<string> {
  binding ??= await loadableBinding();
  return binding;
}

/**
 * Starts Chroma's server on a persist directory, as a child process that ends when its parent does. Resolves
 * when the server answers.
 *
 * The server takes no lock: two on one directory lose vectors without any error. Give each its own.
 *
 * @throws {DeadServer} when it ends early, with what it printed last.
 * @throws {Error} when it does not answer in time.
 */
export async function startChromaServer(options: ChromaServerOptions): Promise<ChromaServer> {
  const file = await foundBinding();
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      return await launch(file, port, options);
    } catch (error) {
      // Another process may have taken the free port in between.
      const isRace =
        options.port === undefined && attempt < PORT_ATTEMPTS && /not available/.test(String(error));
      if (!isRace) throw error;
    }
  }
}

async function launch(
  binding: string,
  port: number,
  { path, startTimeoutMilliseconds = 30_000 }: ChromaServerOptions,
): Promise<ChromaServer> {
  await mkdir(path, { recursive: true });
  const child = spawn(process.execPath, [launcherFile(), binding, path, String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, SQLITE_TMPDIR: tmpdir() },
  });
  const exited = once(child, 'exit');
  const { pid = 0 } = child;
  const ended = new AbortController();
  running.add(pid);
  child.once('exit', () => {
    running.delete(pid);
    ended.abort(new DeadServer(`The Chroma server on ${path} died. Its files are not to be trusted.`));
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (isRunning()) child.kill(signal);
    const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MILLISECONDS);
    await exited;
    clearTimeout(hurry);
  };

  const url = `http://127.0.0.1:${port}`;
  const output = followOutput(child);
  const deadline = Date.now() + startTimeoutMilliseconds;
  // The line proves that it is this child that listens, the heartbeat that it answers.
  while (!(output.isListening() && (await answers(url)))) {
    if (!isRunning())
      throw new DeadServer(`The Chroma server on ${path} ended before it answered: ${output.last()}`);
    if (Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(
        `The Chroma server on ${path} gave no answer in ${startTimeoutMilliseconds} ms: ${output.last()}`,
      );
    }
    await delay(POLL_MILLISECONDS);
  }
  const endWell = async () => {
    const wasRunning = isRunning();
    await end('SIGTERM');
    if (wasRunning && child.exitCode === 0) return;
    const when = wasRunning ? 'when it was asked to' : 'before it was asked to';
    throw new DeadServer(
      `The Chroma server on ${path} ended ${when}, with ${child.signalCode ?? `the exit code ${child.exitCode}`}. ` +
        `Its files are not to be trusted. It said: ${output.last()}`,
    );
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    path,
    pid,
    isRunning,
    ended: ended.signal,
    stop: () => {
      stopping ??= endWell();
      return stopping;
    },
    kill: () => end('SIGKILL'),
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/api/v2/heartbeat`).then(
    (response) => response.ok,
    () => false,
  );

/** Follows what the child prints: whether it listens, and its last kilobyte for an error. */
function followOutput(child: ChildProcess) {
  let text = '';
  let listening = false;
  const follow = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-8192);
    listening ||= text.includes(LISTENING);
  };
  child.stdout?.on('data', follow);
  child.stderr?.on('data', follow);
  return { isListening: () => listening, last: () => text.trim().slice(-1024) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}
