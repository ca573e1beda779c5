/** The version of the plans that are made and read. Of others no more is read than every plan has in common. */
export const PLAN_VERSION = 2;

/**
 * How well an object at the destination is proven, the best first:
 * - `P4`: P3, and it has the hash that the application itself stored beside it, the same on both sides;
 * - `P3`: same ETag, or every byte was compared;
 * - `P2`: copied by us, pinned to the source's ETag, with the same size;
 * - `P1`: the same size, nothing more;
 * - `P0`: missing or different.
 */
export const LEVELS = ['P4', 'P3', 'P2', 'P1', 'P0'] as const;
export type Level = (typeof LEVELS)[number];

/** Where a bucket can be named by something that lives. */
export const REFERENCE_KINDS = ['lambda', 'step-functions', 'executions', 'state'] as const;
export type ReferenceKind = (typeof REFERENCE_KINDS)[number];

/**
 * How far a retirement goes:
 * - `soft`: the bucket is only marked;
 * - `empty-keep`: it is emptied and kept, since a deleted name can be taken by others;
 * - `delete`: it is emptied and deleted.
 */
export const RETIRE_MODES = ['soft', 'empty-keep', 'delete'] as const;
export type RetireMode = (typeof RETIRE_MODES)[number];

/** What a server must be able to do for a migration to be safe on it. */
export const CAPABILITIES = [
  'listing',
  'versions',
  'expected-owner',
  'conditional-put',
  'conditional-copy',
  'conditional-part-copy',
  'conditional-delete',
  'tags',
  'freeze',
  'freeze-denial',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/**
 * What an operator may go on without, by name. A listing cannot be done without at all, and what a freeze gives can
 * only be given up as a whole.
 */
export const ACCEPTABLE_CAPABILITIES = [
  'expected-owner',
  'conditional-put',
  'conditional-copy',
  'conditional-part-copy',
  'conditional-delete',
  'tags',
] as const satisfies readonly Capability[];
