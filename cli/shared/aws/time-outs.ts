import type { S3Client } from '@aws-sdk/client-s3';

/** Seconds without a sign of life after which a request counts as lost. */
export const REQUEST_TIMEOUT = 60;
/** Milliseconds. */
const CONNECTION_TIMEOUT = 10_000;
/** How often the time of a sign of life an answer may take as a whole. */
const WHOLE_ANSWER = 10;
/** Bytes a second, 16 KiB: what comes more slowly than that, beyond the time of any answer, does not come. */
const SLOWEST = 16 * 1024;

/**
 * Options of the SDK's HTTP client, by which nothing is waited for without an end: not for a connection, not for
 * an answer to begin, not for it to go on. What is given up is a `TimeoutError`, which is worth another try.
 *
 * @param seconds - without a sign of life.
 */
export const timeOuts = (seconds: number) => ({
  connectionTimeout: Math.min(CONNECTION_TIMEOUT, seconds * 1000),
  requestTimeout: seconds * 1000,
  // Else the SDK only writes a warning, and waits on.
  throwOnRequestTimeout: true,
  socketTimeout: seconds * 1000,
});

/**
 * Gives up an answer that trickles and never ends: it shows signs of life for ever. An object that is read is given
 * the more time the larger it is.
 *
 * @param seconds - without a sign of life; a whole answer may take ten times as long, and a second for each 16 KiB.
 */
export function limitAnswers(client: S3Client, seconds: number): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { body, headers } = result.response as { body?: Body; headers: Record<string, string> };
      if (typeof body?.destroy !== 'function') return result;
      const limit = seconds * WHOLE_ANSWER + Math.floor(Number(headers['content-length'] ?? 0) / SLOWEST);
      const timer = setTimeout(() => {
        const message = `The answer did not end within ${limit} seconds.`;
        body.destroy(Object.assign(new Error(message), { name: 'TimeoutError' }));
      }, limit * 1000);
      body.once('close', () => clearTimeout(timer));
      return result;
    },
    // Next to the connection, before the body is read.
    { step: 'deserialize', priority: 'low', name: 'limitAnswers' },
  );
}

/** Milliseconds after which, and then each time again, it is told what is waited for. */
const SILENCE = 15_000;

/** Tells what is waited for where S3 is silent: once for all requests that wait at the time. */
export function tellSilence(client: S3Client, tell: (message: string) => void): void {
  let told = Number.NEGATIVE_INFINITY;
  client.middlewareStack.add(
    (next, { commandName = 'a request' }) =>
      async (args) => {
        const began = performance.now();
        const timer = setInterval(() => {
          const now = performance.now();
          if (now - told < SILENCE) return;
          told = now;
          const { Bucket } = args.input as { Bucket?: string };
          const where = Bucket === undefined ? '' : ` in ${Bucket}`;
          const seconds = Math.round((now - began) / 1000);
          tell(`S3 has not answered ${commandName.replace(/Command$/, '')}${where} for ${seconds} s.`);
        }, SILENCE);
        timer.unref();
        try {
          return await next(args);
        } finally {
          clearInterval(timer);
        }
      },
    { step: 'finalizeRequest', priority: 'low', name: 'tellSilence' },
  );
}

interface Body {
  destroy(error: Error): void;
  once(event: 'close', listener: () => void): void;
}
