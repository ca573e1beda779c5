import { type FaultyProxy, startFaultyProxy } from './faulty-proxy';

/** Stands before a server and stops the world at one request. */
export interface BreakpointProxy extends Pick<FaultyProxy, 'endpoint' | 'stop'> {
  /**
   * At the next request that matches, calls `act` before the request is passed on, or after it was answered.
   * Before: the server never sees the request. After: the caller never sees the answer. Held: both see it, once `act`
   * has ended, and whether or not the caller still waits. Failed: the server never sees the request, and the caller an
   * answer of 500.
   */
  breakAt(
    when: 'before' | 'after' | 'held' | 'failed',
    matches: (body: string) => boolean,
    act: () => Promise<void>,
  ): void;
}

export async function startBreakpointProxy(target: string): Promise<BreakpointProxy> {
  const { endpoint, set, stop } = await startFaultyProxy(target);
  return {
    endpoint,
    breakAt(when, matches, act) {
      set([{ nth: 1, kind: when === 'held' ? 'late' : when, matches: ({ body }) => matches(body), act }]);
    },
    stop,
  };
}
