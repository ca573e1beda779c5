import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLambdaRuntime, LambdaError, type LambdaRuntime } from '../src/lambda/lambda-runtime';
import { type TestBundle, writeBundle } from './support/bundle';
import { eventually } from './support/eventually';
import { isAlive } from './support/processes';

const bundles: TestBundle[] = [];
const runtimes: LambdaRuntime[] = [];

async function runtime(
  source: string,
  more: Partial<Parameters<typeof createLambdaRuntime>[0]> = {},
): Promise<LambdaRuntime & { readonly folder: string; readonly lines: string[] }> {
  const bundle = await writeBundle(source);
  bundles.push(bundle);
  const lines: string[] = [];
  const made = createLambdaRuntime({
    functionName: 'test-function',
    bundle: bundle.folder,
    environment: {},
    timeoutSeconds: 30,
    onLine: (line) => lines.push(line),
    ...more,
  });
  runtimes.push(made);
  // Spread would freeze the getter of the process ids.
  return Object.assign(Object.create(made), { folder: bundle.folder, lines });
}

afterAll(async () => {
  await Promise.all(runtimes.map((each) => each.stop()));
  await Promise.all(bundles.map((each) => each.remove()));
});

describe('a Lambda runtime', () => {
  test('gives the handler the event and returns its result', async () => {
    const { invoke } = await runtime('export const handler = async (event) => ({ doubled: event.n * 2 });');
    expect(await invoke({ n: 21 })).toEqual({ doubled: 42 });
  });

  test('returns null for a handler that returns nothing', async () => {
    const { invoke } = await runtime('export const handler = async () => {};');
    expect(await invoke({})).toBeNull();
  });

  test('gives the context that Lambda gives', async () => {
    const { invoke } = await runtime(
      `export const handler = async (event, context) => ({
         ...context, remaining: context.getRemainingTimeInMillis(),
       });`,
      { timeoutSeconds: 60, memoryMegabytes: 512 },
    );
    const context = (await invoke({})) as Record<string, unknown>;
    expect(context).toMatchObject({
      functionName: 'test-function',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test-function',
      memoryLimitInMB: '512',
    });
    expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.remaining).toBeGreaterThan(0);
    expect(context.remaining).toBeLessThanOrEqual(60_000);
  });

  test('shows the function its own variables and those of nobody else', async () => {
    process.env.OUR_SECRET = 'not for the function';
    const { invoke } = await runtime('export const handler = async () => process.env;', {
      environment: { BUCKET: 'bucket' },
    });
    const environment = (await invoke({})) as Record<string, string>;
    expect(environment).toMatchObject({
      BUCKET: 'bucket',
      AWS_LAMBDA_FUNCTION_NAME: 'test-function',
    });
    expect(environment.OUR_SECRET).toBeUndefined();
    expect(environment.HOME).toBeUndefined();
  });

  test('rejects with what the handler threw, and keeps the sandbox', async () => {
    const { invoke } = await runtime(
      `let calls = 0;
       export const handler = async () => {
         calls += 1;
         if (calls === 1) throw new TypeError('no such order');
         return calls;
       };`,
    );
    const failure = await invoke({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LambdaError);
    expect(failure).toMatchObject({ name: 'TypeError', message: 'no such order' });
    expect(await invoke({})).toBe(2);
  });

  test('keeps a sandbox warm between invocations', async () => {
    const { invoke } = await runtime(
      'let calls = 0; export const handler = async () => [process.pid, (calls += 1)];',
    );
    const [pid] = (await invoke({})) as number[];
    expect(await invoke({})).toEqual([pid, 2]);
  });

  test('runs invocations at the same time in sandboxes of their own', async () => {
    const { invoke } = await runtime(
      `export const handler = async () => {
         await new Promise((resolve) => setTimeout(resolve, 300));
         return process.pid;
       };`,
    );
    const pids = await Promise.all([invoke({}), invoke({}), invoke({})]);
    expect(new Set(pids).size).toBe(3);
  });

  test.each([
    ['waits for ever', 'await new Promise(() => setInterval(() => {}, 1000));'],
    ['never yields', 'for (;;);'],
  ])('kills a handler that %s when its time is over, and starts again', async (_how, body) => {
    const made = await runtime(
      `export const handler = async (event) => { if (event.hang) { ${body} } return 'fresh'; };`,
      { timeoutSeconds: 1 },
    );
    const hanging = made.invoke({ hang: true });
    const [pid = -1] = made.pids;
    await expect(hanging).rejects.toMatchObject({
      name: 'Sandbox.Timedout',
      message: 'Task timed out after 1.00 seconds',
    });
    await eventually('the sandbox to be gone', () => !isAlive(pid));
    expect(await made.invoke({})).toBe('fresh');
  });

  test('rejects when the process dies in mid invocation, and starts a new one on the next', async () => {
    const { invoke } = await runtime(
      `export const handler = async (event) => {
         if (event.die) process.exit(3);
         return process.pid;
       };`,
    );
    const first = await invoke({});
    await expect(invoke({ die: true })).rejects.toMatchObject({
      name: 'Runtime.ExitError',
      message: 'The runtime exited with code 3 before it answered.',
    });
    expect(await invoke({})).not.toBe(first);
  });

  test('can be killed in mid invocation', async () => {
    const made = await runtime(
      `export const handler = async (event) => {
         if (event.hang) await new Promise(() => setInterval(() => {}, 1000));
         return process.pid;
       };`,
    );
    const first = await made.invoke({});
    const hanging = made.invoke({ hang: true });
    const rejected = expect(hanging).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    await made.kill();
    await rejected;
    expect(isAlive(Number(first))).toBe(false);
    expect(await made.invoke({})).not.toBe(first);
  });

  test.each([
    ['is killed', (made: LambdaRuntime) => made.kill()],
    ['is killed by somebody else', (made: LambdaRuntime) => process.kill(made.pids[0] ?? 0, 'SIGKILL')],
  ])('ends what the handler started when its sandbox %s', async (_how, end) => {
    const made = await runtime(
      `import { spawn } from 'node:child_process';
       export const handler = async () =>
         spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }).pid;`,
    );
    const grandchild = Number(await made.invoke({}));
    expect(isAlive(grandchild)).toBe(true);
    await end(made);
    await eventually('the grandchild to be gone', () => !isAlive(grandchild));
  });

  test('rejects every invocation of a bundle that cannot be loaded, with the reason', async () => {
    const { invoke } = await runtime("throw new Error('EMBED_NDJSON_QUEUE_URL is missing');");
    await expect(invoke({})).rejects.toMatchObject({ message: 'EMBED_NDJSON_QUEUE_URL is missing' });
    await expect(invoke({})).rejects.toMatchObject({ message: 'EMBED_NDJSON_QUEUE_URL is missing' });
  });

  test('says so when a bundle exports no handler', async () => {
    const { invoke, folder } = await runtime('export const other = 1;');
    await expect(invoke({})).rejects.toThrow(
      `${join(folder, 'index.mjs')} exports no function named handler.`,
    );
  });

  test('passes on what the handler prints, line by line', async () => {
    const { invoke, lines } = await runtime(
      "export const handler = async () => { console.log('one'); console.error('two'); };",
    );
    await invoke({});
    await eventually('both lines', () => lines.includes('one') && lines.includes('two'));
  });

  test('runs the bundle in a plain Node, without a loader, and its folder as the task’s root', async () => {
    const { invoke, folder } = await runtime(
      'export const handler = async () => ({ flags: process.execArgv, root: process.env.LAMBDA_TASK_ROOT });',
    );
    expect(await invoke({})).toEqual({ flags: ['--enable-source-maps'], root: folder });
    expect(await readFile(join(folder, 'index.mjs'), 'utf8')).toContain('handler');
  });

  test('refuses to run once it was stopped', async () => {
    const made = await runtime('export const handler = async () => 1;');
    await made.invoke({});
    await made.stop();
    await expect(made.invoke({})).rejects.toThrow('test-function was stopped; start it again.');
  });
});
