import { LEVELS, type Level } from '../../../contracts/migrate-buckets/words';

export interface Comparison {
  readonly present: boolean;
  readonly sizeEqual: boolean;
  readonly etagEqual: boolean;
  /** The journal holds our pinned copy with exactly these two ETags. */
  readonly copiedByUs: boolean;
  /** Whether all bytes were compared, and how that ended. */
  readonly bytesEqual: boolean | undefined;
  /** Whether the hash that both sides hold for it was compared with it, and how that ended. */
  readonly ownHashEqual: boolean | undefined;
}

/**
 * The level of one object. A check that failed decides, whatever others say. What the destination says of itself
 * lifts nothing: where the ETags differ, only bytes that were compared are worth more than our own copy.
 */
export function levelOf(comparison: Comparison): Level {
  const { present, sizeEqual, etagEqual, copiedByUs, bytesEqual, ownHashEqual } = comparison;
  if (!present || !sizeEqual || bytesEqual === false || ownHashEqual === false) return 'P0';
  if (etagEqual || bytesEqual === true) return ownHashEqual === true ? 'P4' : 'P3';
  return copiedByUs ? 'P2' : 'P1';
}

/** What deletion demands: P2, and P3 for whatever a pointer leads to. */
export const requiredLevel = (reachable: boolean): Level => (reachable ? 'P3' : 'P2');

export const isAtLeast = (level: Level, required: Level): boolean =>
  LEVELS.indexOf(level) <= LEVELS.indexOf(required);
