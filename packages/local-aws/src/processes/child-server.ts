import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

export interface ChildServerOptions {
  /** What errors call it, e.g. `SQS`. */
  readonly name: string;
  /**
   * The absolute path of a file that prints one line `{"endpoint":"http://…"}` once it answers; {@link announce}
   * does. TypeScript runs with `tsx`, which must be installed then.
   */
  readonly script: string;
  /** @default - none */
  readonly args?: readonly string[];
  /** Added to this process's environment. @default - nothing is added */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long the server may take to answer, in milliseconds. @default 60000 */
  readonly readyWithinMs?: number;
}

export interface ChildServer {
  /** Where it answers, `http://127.0.0.1:{port}`. */
  readonly endpoint: string;
  readonly pid: number;
  /** Resolves once the process, and whatever it started, is gone. */
  stop(): Promise<void>;
}

const END_WITH_PARENT = join(__dirname, 'end-with-parent.mjs');
/** Enough to show why a server did not start, little enough to read. */
const KEPT_ERROR_CHARACTERS = 4_000;

/**
 * Starts a server as a process of its own, waits until it says where it answers, and sees to it that it never
 * outlives this process.
 *
 * @throws {Error} when it ends, or says nothing in time, with what it wrote to standard error; or when it is
 *   TypeScript and `tsx` is not installed.
 */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { name, script, args = [], environment = {}, readyWithinMs = 60_000 } = options;
  const child = spawn(process.execPath, [...preloaded(script), script, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: one signal reaches what the server started as well.
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + String(chunk)).slice(-KEPT_ERROR_CHARACTERS);
  });
  const stop = () => endGroup(child);

  let late: NodeJS.Timeout | undefined;
  const ready = new Promise<string>((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`The local ${name} ${what}. ${errors}`.trim()));
    late = setTimeout(() => fail(`said nothing for ${readyWithinMs} ms`), readyWithinMs);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const endpoint = readEndpoint(line);
      if (endpoint !== undefined) resolve(endpoint);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => fail(`ended at its start (${signal ?? code})`));
  });
  try {
    return { endpoint: await ready, pid: child.pid ?? -1, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** What Node loads before the script: the watch over the parent, and a loader where the script needs one. */
function preloaded(script: string): string[] {
  const paths = /\.[cm]?ts$/.test(script) ? [resolveTsx(script), END_WITH_PARENT] : [END_WITH_PARENT];
  return paths.flatMap((path) => ['--import', pathToFileURL(path).href]);
}

function resolveTsx(script: string): string {
  try {
    return require.resolve('tsx');
  } catch (cause) {
    throw new Error(
      `${script} is TypeScript, and tsx is not installed. Install it, or name a JavaScript file.`,
      {
        cause,
      },
    );
  }
}

function readEndpoint(line: string): string | undefined {
  try {
    const { endpoint } = JSON.parse(line) as { endpoint?: unknown };
    return typeof endpoint === 'string' ? endpoint : undefined;
  } catch {
    return undefined;
  }
}

/** Kills a child's whole process group and waits for the child's end. */
export async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const ended = child.exitCode !== null || child.signalCode !== null;
  // Not `once` of node:events, which rejects at an 'error' before: a message that did not reach the dying process.
  const exit = ended ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is gone already.
  }
  await exit;
}
