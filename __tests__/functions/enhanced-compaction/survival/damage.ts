import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COLLECTIONS } from '../../../../contracts/collections';
import { listFiles } from '../../../../functions/enhanced-compaction/files/list-files';
import type { Damage } from './storm';

/**
 * Damages what lies on the file system of the checkpoints, in both collections, whoever uses it just then.
 *
 * @returns how much there was to be damaged.
 */
export async function damageCheckpoints(mountPath: string, damage: Damage): Promise<number> {
  let damaged = 0;
  for (const collection of COLLECTIONS) {
    const folder = join(mountPath, collection);
    const versions = await readdir(folder).catch(() => []);
    if (versions.length === 0) continue;
    damaged++;
    if (damage === 'all gone') await rm(folder, { recursive: true, force: true });
    else await damageVersion(join(folder, versions.sort().at(-1) ?? ''), damage);
  }
  return damaged;
}

async function damageVersion(version: string, damage: Exclude<Damage, 'all gone'>): Promise<void> {
  if (damage === 'version gone') return rm(version, { recursive: true, force: true });
  try {
    for (const path of (await listFiles(version)).map((file) => join(version, file))) {
      const bytes = await readFile(path);
      if (damage === 'truncated') await truncate(path, bytes.length >> 1);
      else await writeFile(path, changed(bytes));
    }
  } catch {
    // It is being written, or removed, meanwhile.
  }
}

/** One byte in the middle is another. */
function changed(bytes: Buffer): Buffer {
  const at = bytes.length >> 1;
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
