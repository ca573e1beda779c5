/** Every test of the suite begins at this moment. Timers go on, and so does a server in this process, which tells that time. */
export function useFixedTime(now: Date): void {
  beforeEach(() => {
    jest.useFakeTimers({
      now,
      doNotFake: [
        'nextTick',
        'setImmediate',
        'clearImmediate',
        'setInterval',
        'clearInterval',
        'setTimeout',
        'clearTimeout',
        'queueMicrotask',
      ],
    });
  });
  afterEach(() => jest.useRealTimers());
}
