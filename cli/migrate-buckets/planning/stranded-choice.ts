import { counted } from '../../shared/counted';
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
 * @param leavesOut - whether the plan's filters leave a key out.
 * @throws {UserError} exit 6 when that leaves one of them open.
 */
export function chooseStranded(
  stranded: readonly StrandedObject[],
  listed: ReadonlySet<string>,
  includeStranded: boolean,
  leavesOut: (key: string) => boolean,
): StrandedChoice {
  const open = stranded.filter(({ object }) => !listed.has(object.key));
  const overshadowed = open.filter((each) => each.overshadowed);
  if (overshadowed.length > 0) {
    throw new UserError(
      `${counted(overshadowed.length, 'delta')} of a losing bucket ${overshadowed.length === 1 ? 'has' : 'have'} other content than the truth's deltas of the same keys, so both cannot be taken along (${name(overshadowed)}). Look at them, and list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  if (open.length > 0 && !includeStranded) {
    throw new UserError(
      `${counted(open.length, 'delta')} that nobody compacted ${lie(open)} only in a losing bucket and would be lost (${name(open)}). Copy them with --include-stranded, or list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  const leftOut = open.filter(({ object }) => leavesOut(object.key));
  if (leftOut.length > 0) {
    throw new UserError(
      `${counted(leftOut.length, 'delta')} that nobody compacted ${lie(leftOut)} only in a losing bucket, and --exclude leaves them out (${name(leftOut)}). Take them with --include, or list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  const acceptedLost = stranded.filter((each) => !open.includes(each)).map(({ object }) => object.key);
  return { include: open, acceptedLost };
}

const lie = ({ length }: readonly unknown[]): string => (length === 1 ? 'lies' : 'lie');

const name = (stranded: readonly StrandedObject[]): string =>
  `${stranded
    .slice(0, 5)
    .map(({ bucket, object }) => `${object.key} in ${bucket}`)
    .join(', ')}${stranded.length > 5 ? ', …' : ''}`;
