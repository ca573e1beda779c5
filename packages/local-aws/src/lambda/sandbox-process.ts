import '../processes/end-with-parent';
import { pathToFileURL } from 'node:url';
import type { FromSandbox, InvocationError, ToSandbox } from './sandbox-messages';

type Handler = (event: unknown, context: object) => unknown;

/** The inside of a sandbox: loads the bundle named by its first argument, then answers one event at a time. */
async function main(): Promise<void> {
  const handler = await load(String(process.argv[2]));
  if (handler === undefined) return;
  process.on('message', async ({ id, event, context, remainingMs }: ToSandbox) => {
    const deadline = Date.now() + remainingMs;
    const whole = { ...context, getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) };
    try {
      say({ type: 'result', id, value: (await handler(event, whole)) ?? null });
    } catch (error) {
      say({ type: 'error', id, error: describe(error) });
    }
  });
  say({ type: 'ready' });
}

async function load(bundle: string): Promise<Handler | undefined> {
  try {
    const { handler }: { handler?: unknown } = await import(pathToFileURL(bundle).href);
    if (typeof handler !== 'function') throw new Error(`${bundle} exports no function named handler.`);
    return handler as Handler;
  } catch (error) {
    say({ type: 'init-error', error: describe(error) });
    return undefined;
  }
}

const say = (message: FromSandbox): void => {
  process.send?.(message);
};

const describe = (error: unknown): InvocationError =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

void main();
