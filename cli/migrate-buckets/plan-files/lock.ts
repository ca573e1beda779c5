import { readFile, rm, writeFile } from 'node:fs/promises';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';

/**
 * Does something with a plan while nobody else does: two at once could save a frozen policy as the original.
 * A lock whose process is gone (`kill -9`) is replaced.
 *
 * @throws {UserError} exit 6 when another process works on the plan.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await take(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (attempt > 3 || isAlive(pid)) {
      throw new UserError(
        `Another migrate-buckets (process ${pid}) works on this plan. Wait for it; if there is none, delete ${path}.`,
        EXIT.refused,
      );
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  // A lock without a number was caught between its making and its writing: somebody is there.
  if (!Number.isInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
