import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { DataPassResult, PassResult } from './copy-pass';

/** A source that still changes after so many passes under a freeze is not frozen. */
const PASSES_AT_MOST = 20;

/** Copies until a pass copies nothing, then the pointers. False when objects failed for good. */
export async function catchUp(
  data: () => Promise<DataPassResult>,
  pointers: (seen: DataPassResult['pointers']) => Promise<PassResult>,
  source: string,
): Promise<boolean> {
  for (let number = 1; number <= PASSES_AT_MOST; number++) {
    const pass = await data();
    if (pass.failed.length > 0) return false;
    if (pass.copied > 0 || pass.moved > 0) continue;
    const last = await pointers(pass.pointers);
    if (last.failed.length > 0) return false;
    if (last.moved === 0) return true;
  }
  throw new UserError(
    `${source} still changes after ${PASSES_AT_MOST} passes though it is frozen. Find who writes to it as you (the freeze exempts your own role), stop them, and apply again.`,
    EXIT.incomplete,
  );
}
