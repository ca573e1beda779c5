import type { CollectionEvidence } from '../snapshots/collection-evidence';

/** All that is known of one bucket. */
export interface BucketEvidence {
  readonly name: string;
  readonly collections: readonly CollectionEvidence[];
  /** Objects that are not decoys. */
  readonly objects: number;
  readonly bytes: number;
  readonly decoys: number;
  /** Milliseconds since 1970; null when there is nothing but decoys. */
  readonly newestWrite: number | null;
  /** Objects written in the seven days before the survey. */
  readonly recentWrites: number;
  /** Where something that lives names it. */
  readonly references: readonly string[];
  /** How many of this bucket's objects each other bucket holds too, by key and ETag. */
  readonly containedIn: Readonly<Record<string, number>>;
}
