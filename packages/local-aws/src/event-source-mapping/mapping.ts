import { setTimeout } from 'node:timers/promises';

/** Runs a function on an event; rejects when the function failed. {@link LambdaRuntime.invoke} is one. */
export type Invoke = (event: unknown) => Promise<unknown>;

/** What a mapping tells of each batch that it handed over, and of its own trouble with the queue or stream. */
export interface BatchReport {
  /** Message ids, or sequence numbers of a stream. Empty for trouble of the mapping's own. */
  readonly records: readonly string[];
  /** Those of `records` that stay in the queue, or are tried again. */
  readonly failed: readonly string[];
  /** What the invocation, or the mapping's own request, failed with. */
  readonly error?: Error;
}

export interface EventSourceMapping {
  /** Takes no further batch, and resolves once the batch in hand is settled. */
  stop(): Promise<void>;
}

/** Waits, but not longer than until the mapping is stopped. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  // The only way to fail is the abort.
  setTimeout(milliseconds, undefined, { signal }).catch(() => {});

/** After a request of the mapping's own failed (its queue or stream is away), it waits this long. */
export const TROUBLE_PAUSE_MS = 500;

export const trouble = (cause: unknown): BatchReport => ({
  records: [],
  failed: [],
  error: cause instanceof Error ? cause : new Error(String(cause)),
});
