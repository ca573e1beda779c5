import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_ACCOUNT } from '../account';
import { Sandbox } from './sandbox';

export { LambdaError } from './sandbox';

export interface LambdaRuntimeOptions {
  readonly functionName: string;
  /** The folder that holds the bundle `index.mjs`, which exports `handler`. */
  readonly bundle: string;
  /** The function's variables. Of this process's environment the function sees only `PATH`, as on Lambda. */
  readonly environment: Readonly<Record<string, string>>;
  /** After this long the sandbox is killed. Seconds. @default 3, which is Lambda's */
  readonly timeoutSeconds?: number;
  /** What the context says. Megabytes. @default 1024 */
  readonly memoryMegabytes?: number;
  /** Stands for Lambda's `/tmp`. @default - the system's folder for temporary files */
  readonly temporaryDirectory?: string;
  /** Told each line that the function prints. @default - lines are dropped */
  readonly onLine?: (line: string) => void;
}

/** A function as Lambda runs it: in sandboxes that are kept warm, and replaced when they die. */
export interface LambdaRuntime {
  readonly functionName: string;
  readonly functionArn: string;
  /** The process ids of the sandboxes that are alive. */
  readonly pids: readonly number[];
  /**
   * Runs the handler on one event. Invocations at the same time run in sandboxes of their own.
   *
   * @returns what the handler returned, as JSON has it; `null` for nothing.
   * @throws {LambdaError} what it threw, `Sandbox.Timedout`, or `Runtime.ExitError` when its process died.
   */
  invoke(event: unknown): Promise<unknown>;
  /** `kill -9` of every sandbox, in mid invocation too. The next invocation starts a new one. */
  kill(): Promise<void>;
  /** As {@link kill}; no invocation may follow. */
  stop(): Promise<void>;
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MEGABYTES = 1024;

/** Makes a function of a bundle. Nothing is started before the first invocation. */
export function createLambdaRuntime(options: LambdaRuntimeOptions): LambdaRuntime {
  const { functionName, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options;
  const region = options.environment.AWS_REGION ?? 'us-east-1';
  const functionArn = `arn:aws:lambda:${region}:${LOCAL_ACCOUNT}:function:${functionName}`;
  const memory = String(options.memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES);
  const environment = {
    PATH: process.env.PATH ?? '',
    TMPDIR: options.temporaryDirectory ?? tmpdir(),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    LAMBDA_TASK_ROOT: options.bundle,
    ...options.environment,
  };
  let sandboxes: Sandbox[] = [];
  let stopped = false;

  const sandbox = (): Sandbox => {
    sandboxes = sandboxes.filter(({ alive }) => alive);
    const idle = sandboxes.find((each) => each.idle);
    if (idle !== undefined) return idle;
    const started = new Sandbox({
      bundle: join(options.bundle, 'index.mjs'),
      environment,
      onLine: options.onLine ?? (() => {}),
    });
    sandboxes.push(started);
    return started;
  };
  const kill = async () => {
    await Promise.all(sandboxes.map((each) => each.kill()));
  };

  return {
    functionName,
    functionArn,
    get pids() {
      return sandboxes.filter(({ alive }) => alive).map(({ pid }) => pid);
    },
    invoke(event) {
      if (stopped) return Promise.reject(new Error(`${functionName} was stopped; start it again.`));
      const id = randomUUID();
      const context = {
        functionName,
        functionVersion: '$LATEST',
        invokedFunctionArn: functionArn,
        memoryLimitInMB: memory,
        awsRequestId: id,
        logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: 'local',
        callbackWaitsForEmptyEventLoop: true,
      };
      return sandbox().invoke({ id, event, context }, timeoutSeconds * 1000);
    },
    kill,
    stop() {
      stopped = true;
      return kill();
    },
  };
}
