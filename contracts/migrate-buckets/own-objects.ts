/**
 * Below which migrate-buckets keeps what it writes into a bucket for itself. Not all that lies there is ours: ask
 * {@link isOwnKey}.
 */
export const OWN_PREFIX = '.migrate-buckets/';

/** At either bucket, while `doctor` examines it. No bucket may be called so: its lock and record lie elsewhere. */
export const PROBE_PREFIX = `${OWN_PREFIX}.probe/`;

/** At the destination: who works on the migration of this source. */
export const lockObjectKey = (source: string): string => `${OWN_PREFIX}${source}/lock.json`;

/** At the destination: what the freeze of this source changed, so that it can be undone without the plan. */
export const freezeRecordKey = (source: string): string => `${OWN_PREFIX}${source}/freeze.json`;

/** At the destination: that a plan proved there what its source held, and began to delete it from the source. */
export const provenMarkKey = (source: string, digest: string): string =>
  `${OWN_PREFIX}${source}/proven-${digest}.json`;
export const isProvenMarkKey = (ownKey: string): boolean => /\/proven-[0-9a-f]{64}\.json$/.test(ownKey);

/** The old names of us-east-1, too, which may be long, and hold capitals and underscores. */
const TOLD_OF =
  /^\.migrate-buckets\/([A-Za-z0-9][A-Za-z0-9._-]{2,254})\/(?:lock|freeze|proven-[0-9a-f]{64})\.json$/;

/** What lies in one examination's own folder: {@link PROBE_PREFIX}, a UUID, and what was tried. */
const PROBE = /^\.migrate-buckets\/\.probe\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/./s;

/** The source of which one of our own objects at its destination tells; undefined where it tells of none. */
export const sourceToldOf = (ownKey: string): string | undefined => TOLD_OF.exec(ownKey)?.[1];

/**
 * Whether migrate-buckets itself writes this key: a lock, a saved configuration, a mark of what was proven, or a probe. Such objects are nobody's
 * data: never migrated, never verified, never evidence, never counted as extra. Whatever else lies below
 * {@link OWN_PREFIX} is an object as any other.
 */
export const isOwnKey = (key: string): boolean => sourceToldOf(key) !== undefined || PROBE.test(key);
