import type { Filter } from '../../../contracts/migrate-buckets/plan';
import { EXIT } from '../../shared/exit-codes';
import { notEmpty, repeated } from '../../shared/option-values';
import { UserError } from '../../shared/user-error';

/** As the AWS CLI has it, the order of both options together counts, and each is told only its own. */
interface NumberedFilter extends Filter {
  readonly number: number;
}
let read = 0;
const reader = (action: Filter['action']) =>
  repeated((text): NumberedFilter => ({ action, glob: notEmpty(text), number: read++ }));

export const EXCLUDE = [
  '--exclude <glob>',
  "leave out what fits, in the words of the AWS CLI's filters: for the whole key, * for slashes, too. What is left out is never deleted, and the bucket cannot be retired by this plan; repeatable",
  reader('exclude'),
] as const;

export const INCLUDE = [
  '--include <glob>',
  'take what fits though an --exclude before it leaves it out: the last one that fits decides; repeatable',
  reader('include'),
] as const;

/**
 * The filters in the order of the command line.
 *
 * @throws {UserError} exit 2 when the first takes what nothing leaves out.
 */
export function inOrder(...given: readonly (readonly NumberedFilter[] | undefined)[]): Filter[] {
  const ordered = given
    .flatMap((each) => each ?? [])
    .sort((a, b) => a.number - b.number)
    .map(({ action, glob }): Filter => ({ action, glob }));
  const [first] = ordered;
  if (first?.action !== 'include') return ordered;
  throw new UserError(
    `--include ${first.glob} changes nothing: as with the AWS CLI, all is taken that no --exclude before it leaves out. To take this alone: --exclude '*' --include '${first.glob}'.`,
    EXIT.usage,
  );
}
