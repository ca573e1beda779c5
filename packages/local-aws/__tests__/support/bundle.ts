import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A bundle's folder with the source of one handler, as the bundler would leave it. */
export interface TestBundle {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Writes an ES module, which must export `handler`, where a Lambda runtime finds it. */
export async function writeBundle(source: string): Promise<TestBundle> {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  await writeFile(join(folder, 'index.mjs'), source);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
