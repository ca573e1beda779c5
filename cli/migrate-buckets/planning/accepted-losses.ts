import { readFile } from 'node:fs/promises';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';

/**
 * The keys, one a line, of deltas that may be lost.
 *
 * @throws {UserError} exit 2 when the file cannot be read.
 */
export async function readLosses(path: string | undefined): Promise<ReadonlySet<string>> {
  if (path === undefined) return new Set();
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UserError(`The list of accepted losses at ${path} cannot be read.`, EXIT.usage);
  });
  return new Set(text.split(/\r?\n/).filter((line) => line !== ''));
}
