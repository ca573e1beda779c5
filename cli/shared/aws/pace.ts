import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { failureOf, isThrottled, isTransient } from './failure';

export interface PaceOptions {
  /** Requests in flight at the start. @default 16 */
  readonly start?: number;
  /** @default 64 */
  readonly maximum?: number;
  /** Tries of one request before it counts as failed. @default 6 */
  readonly tries?: number;
  /** Milliseconds before the second try; doubled for each further one, with full jitter. @default 100 */
  readonly backoff?: number;
}

/**
 * Additive increase, multiplicative decrease: each window of successes allows one request more in flight, a
 * throttled answer halves the window. One pace per bucket and operation, so that they do not slow each other.
 */
export class Pace {
  /** How often a request was sent again so far, by us or by the SDK. */
  retried = 0;
  private window: number;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly maximum: number;
  private readonly tries: number;
  private readonly backoff: number;

  constructor(options: PaceOptions = {}) {
    this.maximum = options.maximum ?? 64;
    this.window = Math.min(options.start ?? 16, this.maximum);
    this.tries = options.tries ?? 6;
    this.backoff = options.backoff ?? 100;
  }

  /** Requests that may be in flight now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.window));
  }

  /** Waits for a place. Give it back with {@link leave}. */
  async enter(): Promise<void> {
    while (this.inFlight >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.inFlight++;
  }

  leave(): void {
    this.inFlight--;
    for (let free = this.limit - this.inFlight; free > 0; free--) this.waiting.shift()?.();
  }

  /** Sends a request, again if it failed for a passing reason. The last error is thrown as it came. */
  async send<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      try {
        const result = await request();
        this.retried += againBySdk(result);
        this.window = Math.min(this.maximum, this.window + 1 / this.window);
        return result;
      } catch (error) {
        const failure = failureOf(error);
        this.retried += againBySdk(error);
        if (isThrottled(failure)) this.window = Math.max(1, this.window / 2);
        if (!isTransient(failure) || attempt >= this.tries) throw error;
        this.retried++;
        await setTimeout(Math.random() * this.backoff * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }
}

/** How often the SDK itself sent a request again, as an answer or an error of it tells. */
function againBySdk(outcome: unknown): number {
  const { attempts = 1 } = (outcome as { $metadata?: { attempts?: number } } | undefined)?.$metadata ?? {};
  return attempts - 1;
}

const NEVER = new AbortController().signal;
// However many wait side by side.
setMaxListeners(0, NEVER);

/** Sends a single request, again if it failed for a passing reason. The last error is thrown as it came. */
export const patiently = <T>(request: () => Promise<T>, signal: AbortSignal = NEVER): Promise<T> =>
  new Pace().send(request, signal);
