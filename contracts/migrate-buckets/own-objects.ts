/**
 * Where migrate-buckets keeps what it writes into a bucket for itself: locks, saved configurations, probes. Such
 * objects are nobody's data: never migrated, never verified, never evidence, never counted as extra.
 */
export const OWN_PREFIX = '.migrate-buckets/';

export const isOwnKey = (key: string): boolean => key.startsWith(OWN_PREFIX);
