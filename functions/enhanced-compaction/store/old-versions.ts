import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isVersionId, versionInstant } from '../../../contracts/bucket-layout';

/** A reader copies a version before it opens it; this long after a newer one came, nobody still copies it. */
export const READERS_GRACE_MILLISECONDS = 15 * 60_000;

/**
 * Removes versions that have been replaced for longer than the readers' grace, and what a killed writer left
 * half written. The current version always stays.
 */
export async function collectOldVersions(
  folder: string,
  current: string,
  now: Date,
  graceMilliseconds = READERS_GRACE_MILLISECONDS,
): Promise<void> {
  const limit = now.getTime() - graceMilliseconds;
  const remove = (name: string) => rm(join(folder, name), { recursive: true, force: true });
  const names = await readdir(folder).catch((): string[] => []);
  for (const version of replacedBefore(limit, names, current)) await remove(version);
  for (const name of names.filter((each) => each.startsWith('.writing-'))) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: now.getTime() }));
    if (mtimeMs < limit) await remove(name);
  }
}

/** Of the names in whatever order, the versions before the current one whose successor came before `limit`. */
export function replacedBefore(limit: number, names: readonly string[], current: string): string[] {
  const versions = names.filter(isVersionId).sort();
  return versions.filter((version, index) => {
    const successor = versionInstant(versions[index + 1] ?? '');
    return successor !== undefined && successor.getTime() < limit && version < current;
  });
}
