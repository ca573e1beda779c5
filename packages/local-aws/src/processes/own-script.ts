import { join } from 'node:path';

/**
 * The script of a server of this package, as a path for {@link startChildServer}: JavaScript once the package is built,
 * TypeScript while this file is. Whoever starts hundreds of them from the sources builds them first, and says in
 * `LOCAL_AWS_SERVERS` in which folder: TypeScript takes half a second of the processor to start, each time.
 *
 * @param path - from the folder of all sources, e.g. `s3/main.ts`.
 */
export function ownScript(path: string): string {
  const compiled = path.replace(/ts$/, 'js');
  if (!__filename.endsWith('.ts')) return join(__dirname, '..', compiled);
  const { LOCAL_AWS_SERVERS: built } = process.env;
  return built === undefined ? join(__dirname, '..', path) : join(built, compiled);
}
