import type { Context } from './command';
import { EXIT } from './exit-codes';
import { UserError } from './user-error';

/**
 * Has the operator type one of the accepted names.
 *
 * @throws {UserError} exit 2 when nobody can be asked, 6 when something else was typed.
 */
export type Confirm = (accepted: readonly [string, ...string[]], question: string) => Promise<void>;

/**
 * Asks, or takes what `--confirm` gave. Where nobody can be asked it must be given: nothing goes ahead because a
 * script had no terminal.
 */
export const confirming =
  ({ ask }: Context, given: string | undefined): Confirm =>
  async (accepted, question) => {
    const [name] = accepted;
    if (given === undefined && ask === undefined) {
      throw new UserError(
        `There is no terminal to ask on: pass --confirm ${name} (or the plan's digest).`,
        EXIT.usage,
      );
    }
    const typed = given ?? (await ask?.(question)) ?? '';
    if (!accepted.includes(typed.trim())) {
      throw new UserError(`"${typed}" is not ${name}: nothing was done.`, EXIT.refused);
    }
  };
