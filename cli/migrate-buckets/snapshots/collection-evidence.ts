import type { Collection } from '../../../contracts/collections';

/** What a gate found. `neutral`: older layouts do not have what it looks at, so it speaks neither way. */
export interface GateResult {
  readonly gate: 'pointer-exists' | 'pointer-parses' | 'version-exists' | 'holds-a-snapshot' | 'hash-agrees';
  readonly result: 'pass' | 'fail' | 'neutral';
  /** One sentence. */
  readonly evidence: string;
}

/** The current snapshot of one collection in one bucket. */
export interface CollectionEvidence {
  readonly collection: Collection;
  /** Whether the bucket holds anything of this collection that is not a decoy. */
  readonly hasData: boolean;
  readonly gates: readonly GateResult[];
  /** The version id that the pointer names; null when there is none that parses. */
  readonly version: string | null;
  /**
   * When the current snapshot was made, milliseconds since 1970; null without snapshot: the moment that its
   * version names, or when its objects were written if that is earlier.
   */
  readonly snapshotAt: number | null;
}
