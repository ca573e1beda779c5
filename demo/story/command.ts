import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type Line, lineSchema } from '../../contracts/migrate-buckets/output';

const ENTRY = join(__dirname, '..', '..', 'cli', 'migrate-buckets', 'migrate-buckets.cjs');

/**
 * Runs the real `migrate-buckets` as a user would, as a process of its own.
 *
 * @returns the lines of `--json`. The last one is the result, or says why there is none.
 * @throws {Error} when it ends with another code than the expected, with what it said.
 */
export async function migrateBuckets(
  args: readonly string[],
  expected: number,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly Line[]> {
  // The embedded S3 is consistent at once.
  const env = { ...process.env, MIGRATE_BUCKETS_READ_PAUSE: '0', ...environment };
  const [stdout, said] = await new Promise<[string, string]>((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [ENTRY, ...args, '--json'],
      { env, signal, maxBuffer: 2 ** 26 },
      (_, out, err) => {
        if (signal.aborted) reject(signal.reason);
        else resolve([out, child.exitCode === expected ? '' : `${child.exitCode}: ${err || out}`]);
      },
    );
  });
  if (said !== '')
    throw new Error(`migrate-buckets ${args[0]} should have ended with ${expected}, not ${said}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}
