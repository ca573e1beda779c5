import { join } from 'node:path';

/**
 * A script of this package, as a path for {@link startChildServer}: TypeScript while this file is, JavaScript
 * once the package is built.
 *
 * @param path - from the folder of all sources, e.g. `s3/main.ts`.
 */
export const ownScript = (path: string): string =>
  join(__dirname, '..', __filename.endsWith('.ts') ? path : path.replace(/ts$/, 'js'));
