import { S3Error } from './s3-error';
import type { Bucket } from './store';

/** How far the configuration of buckets is from being consistent at once, as it is not on S3 either. */
export interface EventualConfiguration {
  /** So many reads of a configuration after its change show it as it was: every other one, the first among them. */
  readonly staleReads?: number;
  /** A bucket's change that follows another is refused once: 409 OperationAborted. */
  readonly conflicts?: boolean;
}

/** What a request is for. */
interface Asked {
  readonly level: string;
  readonly method: string;
  readonly subresource?: string;
}

interface Past {
  readonly before: Pick<Bucket, 'policy' | 'configurations'>;
  stale: number;
  reads: number;
}

/** What S3 keeps in many places, and tells from any of them. */
const SPREAD = new Set([
  'policy',
  'lifecycle',
  'tagging',
  'encryption',
  'publicAccessBlock',
  'ownershipControls',
]);

/** The buckets as a request for their configuration sees them. */
export class ConfigurationSight {
  readonly #past = new WeakMap<Bucket, Map<string, Past>>();
  readonly #busy = new WeakSet<Bucket>();

  constructor(private readonly eventual: EventualConfiguration) {}

  /**
   * The bucket itself, or as it was before the last change.
   *
   * @throws {S3Error} OperationAborted when the request is a change that follows another.
   */
  of({ level, method, subresource = '' }: Asked, bucket: Bucket): Bucket {
    const { staleReads = 0, conflicts = false } = this.eventual;
    if (level !== 'bucket' || !SPREAD.has(subresource)) return bucket;
    const pasts = this.#past.get(bucket) ?? new Map<string, Past>();
    this.#past.set(bucket, pasts);
    if (method === 'GET') {
      const past = pasts.get(subresource);
      if (past === undefined || past.stale === 0 || past.reads++ % 2 === 1) return bucket;
      past.stale -= 1;
      return Object.assign(Object.create(bucket), past.before);
    }
    if (conflicts && this.#busy.delete(bucket)) {
      throw new S3Error(
        'OperationAborted',
        'A conflicting conditional operation is currently in progress against this resource. Please try again.',
      );
    }
    if (conflicts) this.#busy.add(bucket);
    const before = { policy: bucket.policy, configurations: new Map(bucket.configurations) };
    pasts.set(subresource, { before, stale: staleReads, reads: 0 });
    return bucket;
  }
}
