import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import list from './modules.json';

export const ROOT = join(__dirname, '..', '..');

/** The modules whose decisions must be tested at their edges. */
export const modules: readonly string[] = list;

/** A module's own test lies in `__tests__` where the module lies in the house. */
export const testOf = (module: string): string => join('__tests__', module.replace(/\.ts$/, '.test.ts'));

/** Changes whenever the module or its test does. */
export function digestOf(module: string): string {
  const hash = createHash('sha256');
  for (const file of [module, testOf(module)]) hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 12);
}
