import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ENTRY = join(__dirname, '..', '..', 'cli', 'migrate-buckets', 'migrate-buckets.cjs');

/** What one call of `migrate-buckets --json` said. */
export interface CommandResult {
  readonly exitCode: number;
  /** The last event: the result, or the error. */
  readonly result: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Runs the real `migrate-buckets` as a user would, as a process of its own, and reads its NDJSON events.
 *
 * @throws {Error} when it ends with another code than the expected, with what it said.
 */
export async function migrateBuckets(
  args: readonly string[],
  expected: number,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [ENTRY, ...args, '--json'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line));
  const result = events.at(-1);
  if (result === undefined || exitCode !== expected) {
    const said = result?.message ?? (stderr || JSON.stringify(result));
    throw new Error(`migrate-buckets ${args[0]} ended with ${exitCode} instead of ${expected}: ${said}`);
  }
  return { exitCode, result, events };
}
