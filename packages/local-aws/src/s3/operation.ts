import type { Exchange } from './exchange';
import type { Reply } from './request';
import type { Bucket } from './store';

export type Level = 'service' | 'bucket' | 'object';

interface Route {
  readonly level: Level;
  readonly method: string;
  /** The query parameter that selects the operation; absent for the plain verb. */
  readonly subresource?: string;
  /** A header that selects the operation. */
  readonly selectedBy?: string;
  readonly operation: string;
  /** Query parameters that the operation understands, beside its sub-resource. Any other is a 501. */
  readonly parameters?: readonly string[];
  /** What the caller must be allowed, on the bucket or the object; `[without, with]` a version id. */
  readonly action?: string | readonly [string, string];
}

/** Operations that need no existing bucket, and those on one. */
type OnBucket = Route & { readonly run: (exchange: Exchange, bucket: Bucket) => Reply | Promise<Reply> };
type WithoutBucket = Route & { readonly runWithoutBucket: (exchange: Exchange) => Reply };
export type Operation = OnBucket | WithoutBucket;
