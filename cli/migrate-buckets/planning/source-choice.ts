import { archivePrefix } from '../../../contracts/bucket-layout';
import type { Authority } from '../../../contracts/migrate-buckets/authority';
import type { PlacementRules } from '../../../contracts/migrate-buckets/plan';
import type { StrandedChoice } from './stranded-choice';

/** What a plan moves, where that belongs at the destination, and why. */
export interface SourceChoice extends StrandedChoice {
  readonly source: string;
  readonly placement: PlacementRules;
  /** Why, one sentence each. */
  readonly authority: readonly string[];
  /** All that this rests on. */
  readonly evidence: Authority;
}

/** Everything goes under `archive/{source}/`. */
const ALL_ARCHIVED: PlacementRules = { archived: [''], live: [] };

/** A bucket that the operator wants to keep whole beside the truth. Nothing need be known of it. Pure. */
export function wholeArchive(source: string, destination: string): SourceChoice {
  const sentence = `You want to keep ${source}: all of it goes under ${archivePrefix(source)} of ${destination}, whatever it is worth. Its contents were not looked into.`;
  return {
    source,
    placement: ALL_ARCHIVED,
    include: [],
    acceptedLost: [],
    authority: [sentence],
    evidence: {
      winner: null,
      reasons: [sentence],
      signals: [],
      buckets: [],
      stranded: [],
      left_behind: [],
      unchecked: [],
    },
  };
}
