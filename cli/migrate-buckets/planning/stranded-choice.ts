import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { StrandedObject } from '../authority/stranded';

export interface StrandedChoice {
  /** Copied along with the source. */
  readonly include: readonly StrandedObject[];
  /** The keys whose loss the operator accepts. */
  readonly acceptedLost: readonly string[];
}

/**
 * What becomes of the stranded deltas. None is lost unless its key is listed, none is taken along unless asked
 * for. Pure.
 *
 * @throws {UserError} exit 6 when that leaves one of them open.
 */
export function chooseStranded(
  stranded: readonly StrandedObject[],
  listed: ReadonlySet<string>,
  includeStranded: boolean,
): StrandedChoice {
  const open = stranded.filter(({ object }) => !listed.has(object.key));
  const overshadowed = open.filter((each) => each.overshadowed);
  if (overshadowed.length > 0) {
    throw new UserError(
      `${overshadowed.length} deltas of a losing bucket have other content than the truth's deltas of the same keys, so both cannot be taken along (${name(overshadowed)}). Look at them, and list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  if (open.length > 0 && !includeStranded) {
    throw new UserError(
      `${open.length} deltas that nobody compacted lie only in a losing bucket and would be lost (${name(open)}). Copy them with --include-stranded, or list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  const acceptedLost = stranded.filter((each) => !open.includes(each)).map(({ object }) => object.key);
  return { include: open, acceptedLost };
}

const name = (stranded: readonly StrandedObject[]): string =>
  `${stranded
    .slice(0, 5)
    .map(({ bucket, object }) => `${object.key} in ${bucket}`)
    .join(', ')}${stranded.length > 5 ? ', …' : ''}`;
