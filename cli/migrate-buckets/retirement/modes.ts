/**
 * How far a retirement goes:
 * - `soft`: the bucket is only marked;
 * - `empty-keep`: it is emptied and kept, since a deleted name can be taken by others;
 * - `delete`: it is emptied and deleted.
 */
export const RETIRE_MODES = ['soft', 'empty-keep', 'delete'] as const;
export type RetireMode = (typeof RETIRE_MODES)[number];
