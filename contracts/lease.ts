/** How long a writer's lease on a collection lasts unless it is renewed. Seconds. */
export const LEASE_SECONDS = 90;

/**
 * How often its owner renews it, always on the condition that it still is the owner. A third of the lease
 * at most, so that two renewals in a row may fail before it is lost. Seconds.
 */
export const LEASE_RENEWAL_SECONDS = 30;

/** What Lambda lets an invocation take at most. Seconds. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_INVOCATION_SECONDS = 900;

/** After this a request to Chroma is given up, and the server is taken to work on it no longer. Seconds. */
export const CHROMA_REQUEST_SECONDS = 300;

/**
 * How long after it was noted a write to a Chroma server may still arrive, whatever became of its writer: one that was
 * killed has sent its last request by the end of its invocation, and that is answered or given up. Seconds.
 */
export const LATE_WRITE_SECONDS = LONGEST_INVOCATION_SECONDS + CHROMA_REQUEST_SECONDS;
