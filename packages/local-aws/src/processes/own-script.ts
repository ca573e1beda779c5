import { join } from 'node:path';

/**
 * The script of a server of this package, as a path for {@link startChildServer}: TypeScript while this file is,
 * JavaScript once the package is built. Whoever starts hundreds of them from the sources builds them first, and says
 * in `LOCAL_AWS_SERVERS` in which folder: TypeScript takes half a second of the processor to start, each time.
 *
 * @param path - from the folder of all sources, e.g. `s3/main.ts`.
 */
export function ownScript(path: string): string {
  const { LOCAL_AWS_SERVERS: built } = process.env;
  if (built !== undefined) return join(built, path.replace(/ts$/, 'js'));
  return join(__dirname, '..', __filename.endsWith('.ts') ? path : path.replace(/ts$/, 'js'));
}
