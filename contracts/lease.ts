/** How long a writer's lease on a collection lasts unless it is renewed. Seconds. */
export const LEASE_SECONDS = 90;

/**
 * How often its owner renews it, always on the condition that it still is the owner. A third of the lease
 * at most, so that two renewals in a row may fail before it is lost. Seconds.
 */
export const LEASE_RENEWAL_SECONDS = 30;
