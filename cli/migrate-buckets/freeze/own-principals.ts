import type { Context } from '../../shared/command';
import { UserError } from '../../shared/user-error';
import { whoAmI } from '../aws/bucket';

/**
 * Whom a freeze exempts unless the operator says otherwise: the caller.
 *
 * @throws {UserError} when STS cannot tell who that is.
 */
export async function ownPrincipals({ aws }: Pick<Context, 'aws'>): Promise<readonly string[]> {
  try {
    return (await whoAmI(aws)).principals;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message} The freeze must exempt you: pass your role's or user's ARN with --principal.`,
    );
  }
}
