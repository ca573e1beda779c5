/**
 * Where migrate-buckets keeps what it writes into a bucket for itself: locks, saved configurations, probes. Such
 * objects are nobody's data: never migrated, never verified, never evidence, never counted as extra.
 */
export const OWN_PREFIX = '.migrate-buckets/';

export const isOwnKey = (key: string): boolean => key.startsWith(OWN_PREFIX);

/** At either bucket, while `doctor` examines it. No bucket may be called so: its lock and record lie elsewhere. */
export const PROBE_PREFIX = `${OWN_PREFIX}.probe/`;

/** At the destination: who works on the migration of this source. */
export const lockObjectKey = (source: string): string => `${OWN_PREFIX}${source}/lock.json`;

/** At the destination: what the freeze of this source changed, so that it can be undone without the plan. */
export const freezeRecordKey = (source: string): string => `${OWN_PREFIX}${source}/freeze.json`;

/** The source of which one of our own objects at its destination tells; undefined where it tells of none. */
export const sourceToldOf = (ownKey: string): string | undefined =>
  /^\.migrate-buckets\/([^/]+)\/(?:lock|freeze)\.json$/.exec(ownKey)?.[1];
