import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LEASE_RENEWAL_SECONDS, LEASE_SECONDS } from '../../../../contracts/lease';
import { bundleFunctions } from '../../../../functions/bundle';
import { LINUX_BINDINGS, loadableBinding } from '../../../../functions/enhanced-compaction/chroma/binding';
import { TIMES } from './times';

const NAME = 'enhanced-compaction';

export interface BuiltFunction {
  /** Its folder. */
  readonly bundle: string;
  remove(): Promise<void>;
}

/**
 * The function as it is deployed, but for its lease, which no setting shortens.
 *
 * @throws {Error} when the bundle does not say how long a lease lasts.
 */
export async function buildFunction(): Promise<BuiltFunction> {
  const dist = join(__dirname, '..', '..', '..', '..', 'dist');
  await mkdir(dist, { recursive: true });
  const folder = await mkdtemp(join(dist, 'survival-'));
  const bundle = (await bundleFunctions(folder, [NAME])).get(NAME) ?? '';
  const file = join(bundle, 'index.mjs');
  let code = await readFile(file, 'utf8');
  for (const [said, seconds] of [
    [`LEASE_SECONDS = ${LEASE_SECONDS};`, `LEASE_SECONDS = ${TIMES.lease};`],
    [`LEASE_RENEWAL_SECONDS = ${LEASE_RENEWAL_SECONDS};`, `LEASE_RENEWAL_SECONDS = ${TIMES.renewal};`],
  ] as const) {
    if (!code.includes(said))
      throw new Error(`The bundle does not say "${said}". Shorten the lease elsewhere.`);
    code = code.replace(said, seconds);
  }
  await writeFile(file, code);
  // As in its package: each start of a sandbox would look for one and prove it by its hash.
  if (process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')) {
    await symlink(await loadableBinding(), join(bundle, LINUX_BINDINGS[process.arch].file));
  }
  return { bundle, remove: () => rm(folder, { recursive: true, force: true }) };
}
