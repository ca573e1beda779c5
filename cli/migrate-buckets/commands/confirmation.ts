import type { Context } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';

/**
 * Has the operator type a name. Where nobody can be asked, `--confirm` must hold it: nothing goes ahead
 * because a script had no terminal.
 *
 * @throws {UserError} exit 2 when nobody can be asked, 6 when something else was typed.
 */
export async function confirm(
  { ask }: Context,
  given: string | undefined,
  accepted: readonly string[],
  question: string,
): Promise<void> {
  if (given === undefined && ask === undefined) {
    throw new UserError(
      `There is no terminal to ask on: pass --confirm ${accepted[0]} (or the plan's digest).`,
      EXIT.usage,
    );
  }
  const typed = given ?? (await ask?.(question)) ?? '';
  if (!accepted.includes(typed.trim())) {
    throw new UserError(`"${typed}" is not ${accepted[0]}: nothing was done.`, EXIT.refused);
  }
}
