// @ts-check
/**
 * The inside of a sandbox: loads the bundle named by its first argument, then answers one event at a time.
 * JavaScript, so that the bundle runs in a plain Node: a loader would stand between it and its stack traces.
 *
 * @import { FromSandbox, InvocationError, ToSandbox } from './sandbox-messages.js'
 */
import '../processes/end-with-parent.mjs';
import { pathToFileURL } from 'node:url';

/** @typedef {(event: unknown, context: object) => unknown} Handler */

async function main() {
  const handler = await load(String(process.argv[2]));
  if (handler === undefined) return;
  process.on('message', async (/** @type {ToSandbox} */ { id, event, context, remainingMs }) => {
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

/**
 * @param {string} bundle
 * @returns {Promise<Handler | undefined>}
 */
async function load(bundle) {
  try {
    const { handler } = await import(pathToFileURL(bundle).href);
    if (typeof handler !== 'function') throw new Error(`${bundle} exports no function named handler.`);
    return handler;
  } catch (error) {
    say({ type: 'init-error', error: describe(error) });
    return undefined;
  }
}

/** @param {FromSandbox} message */
const say = (message) => {
  process.send?.(message);
};

/**
 * @param {unknown} error
 * @returns {InvocationError}
 */
const describe = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };

void main();
