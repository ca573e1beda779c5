import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';

/** What a system says when there is no room: no space, over the quota, over the limit of one file. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Does something that writes a file, and says in a sentence why it could not.
 *
 * @throws {UserError} exit 1 when the disk is full, 2 when the path cannot be written for another reason.
 */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    if (NO_ROOM.has(code)) {
      throw new UserError(
        `${path} cannot be written: the disk is full (${code}). Make room, then run the same command again.`,
      );
    }
    throw new UserError(`${path} cannot be written (${code}).`, EXIT.usage);
  }
}
