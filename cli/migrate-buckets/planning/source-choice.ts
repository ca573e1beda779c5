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

/** Everything goes under one folder of `archive/`. */
const ALL_ARCHIVED: PlacementRules = { archived: [''], live: [] };

/**
 * A bucket that the operator wants to keep whole beside the truth. Nothing need be known of it. Pure.
 *
 * @param folder - of `archive/`. @default - the name of the bucket
 */
export function wholeArchive(source: string, destination: string, folder?: string): SourceChoice {
  const sentences = [
    `You want to keep ${source}: it goes under ${archivePrefix(folder ?? source)} of ${destination}, whatever it is worth. Its contents were not looked into.`,
    `Nobody reads it there. Deltas of ${source} that nobody compacted are taken along by the truth's own plan (--include-stranded): apply that one before ${source} is retired.`,
  ];
  return {
    source,
    placement: folder === undefined ? ALL_ARCHIVED : { ...ALL_ARCHIVED, folder },
    include: [],
    acceptedLost: [],
    authority: sentences,
    evidence: {
      winner: null,
      reasons: sentences,
      signals: [],
      buckets: [],
      stranded: [],
      left_behind: [],
      unchecked: [],
    },
  };
}
