import { runInNewContext } from 'node:vm';

/** What takes a quadratic time at a million characters needs half an hour; what does not, a moment. Milliseconds. */
const LONG_ENOUGH = 120_000;
/** Characters at which the difference is beyond any machine's. */
export const MANY = 1_000_000;

/**
 * What a computation gives. One that does not come to an end is stopped, which a test's own time-out cannot do while
 * nothing is awaited.
 *
 * @throws {Error} when it was stopped.
 */
export const uninterrupted = <Result>(compute: () => Result): Result =>
  runInNewContext('compute()', { compute }, { timeout: LONG_ENOUGH });
