import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endGroup } from '../processes/child-server';
import type { FromSandbox, InvocationError, ToSandbox } from './sandbox-messages';

/** Why an invocation gave no result. */
export class LambdaError extends Error {
  constructor(readonly body: InvocationError) {
    super(body.errorMessage);
    this.name = body.errorType;
  }
}

export interface SandboxOptions {
  /** The absolute path of the bundle. */
  readonly bundle: string;
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told each line that the handler prints, to standard output or standard error. */
  readonly onLine: (line: string) => void;
}

interface Waiting {
  readonly id: string;
  resolve(value: unknown): void;
  reject(error: LambdaError): void;
}

const INSIDE = join(__dirname, 'sandbox-process.mjs');

/** One process that holds one copy of a bundle and answers one event at a time, as a Lambda sandbox does. */
export class Sandbox {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #waiting: Waiting | undefined;
  #ended: LambdaError | undefined;

  constructor({ bundle, environment, onLine }: SandboxOptions) {
    const child = spawn(process.execPath, ['--enable-source-maps', INSIDE, bundle], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      // A group of its own: what the handler starts ends with the sandbox, as it does on Lambda.
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', onLine);
    }
    this.#ready = new Promise((resolve, reject) => {
      child.on('message', (message: FromSandbox) => {
        if (message.type === 'ready') resolve();
        else if (message.type === 'init-error') this.#end(message.error);
        else this.#settle(message);
      });
      // More than once: a send to a process that is being killed fails, and its kill may fail too.
      child.on('error', (error) => this.#end(exitError(`could not be reached (${error.message})`)));
      child.once('exit', (code, signal) => {
        this.#end(exitError(`exited with ${signal ?? `code ${code}`} before it answered`));
        if (this.#ended) reject(this.#ended);
      });
    });
    // Whoever invokes hears of it; a sandbox that nobody invokes may die unheard.
    this.#ready.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  get idle(): boolean {
    return this.alive && this.#waiting === undefined;
  }

  /**
   * Hands the handler one event.
   *
   * @param timeoutMs - counted from when the bundle is loaded, since Lambda does not count the cold start.
   * @throws {LambdaError} what the handler threw, or that it timed out or died; then the sandbox is gone.
   */
  async invoke(message: Omit<ToSandbox, 'remainingMs'>, timeoutMs: number): Promise<unknown> {
    let late: NodeJS.Timeout | undefined;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting = { id: message.id, resolve, reject };
    });
    // When the process dies during the cold start, `#ready` is what is awaited.
    answer.catch(() => {});
    try {
      await this.#ready;
      late = setTimeout(() => this.#end(timedOut(timeoutMs)), timeoutMs);
      this.#child.send({ ...message, remainingMs: timeoutMs } satisfies ToSandbox);
      return await answer;
    } finally {
      clearTimeout(late);
      this.#waiting = undefined;
    }
  }

  /** Kills the process and what it started, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#end(exitError('was killed before it answered'));
    await endGroup(this.#child);
  }

  #settle(message: Extract<FromSandbox, { type: 'result' | 'error' }>): void {
    if (message.id !== this.#waiting?.id) return;
    if (message.type === 'result') this.#waiting.resolve(message.value);
    else this.#waiting.reject(new LambdaError(message.error));
  }

  #end(error: InvocationError): void {
    this.#ended ??= new LambdaError(error);
    this.#waiting?.reject(this.#ended);
    void endGroup(this.#child);
  }
}

const exitError = (how: string): InvocationError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `The runtime ${how}.`,
  trace: [],
});
const timedOut = (timeoutMs: number): InvocationError => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  trace: [],
});
