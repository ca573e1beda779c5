/**
 * How well an object at the destination is proven, the best first:
 * - `P4`: it has the hash that the application itself stored beside it;
 * - `P3`: same ETag, or every byte was compared;
 * - `P2`: copied by us, pinned to the source's ETag, with the same size;
 * - `P1`: the same size, nothing more;
 * - `P0`: missing or different.
 */
export const LEVELS = ['P4', 'P3', 'P2', 'P1', 'P0'] as const;
export type Level = (typeof LEVELS)[number];

export interface Comparison {
  readonly present: boolean;
  readonly sizeEqual: boolean;
  readonly etagEqual: boolean;
  /** The journal holds our pinned copy with exactly these two ETags. */
  readonly copiedByUs: boolean;
  /** Whether all bytes were compared, and how that ended. */
  readonly bytesEqual: boolean | undefined;
  /** Whether the application's own hash was compared, and how that ended. */
  readonly ownHashEqual: boolean | undefined;
}

/** The level of one object. A check that failed decides, whatever others say. */
export function levelOf(comparison: Comparison): Level {
  const { present, sizeEqual, etagEqual, copiedByUs, bytesEqual, ownHashEqual } = comparison;
  if (!present || !sizeEqual || bytesEqual === false || ownHashEqual === false) return 'P0';
  if (ownHashEqual === true) return 'P4';
  if (etagEqual || bytesEqual === true) return 'P3';
  return copiedByUs ? 'P2' : 'P1';
}

/** What deletion demands: P2, and P3 for whatever a pointer leads to. */
export const requiredLevel = (reachable: boolean): Level => (reachable ? 'P3' : 'P2');

export const isAtLeast = (level: Level, required: Level): boolean =>
  LEVELS.indexOf(level) <= LEVELS.indexOf(required);
