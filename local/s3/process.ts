import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { S3Server, S3ServerOptions } from './server';

/** An embedded S3 in a process of its own, so that its work is not on the caller's thread. */
export interface S3Process extends S3Server {
  readonly pid: number;
}

/**
 * Starts the server as a child process and waits until it listens. It ends with its parent, also when the
 * parent is killed.
 *
 * @throws {Error} when the process ends before it listens, with what it wrote to standard error.
 */
export async function spawnS3Server(options: S3ServerOptions = {}): Promise<S3Process> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      pathToFileURL(require.resolve('tsx')).href,
      join(__dirname, 'main.ts'),
      JSON.stringify(options),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const lines = createInterface({ input: child.stdout });
  const announced = once(lines, 'line').then(([line]) => JSON.parse(String(line)) as { endpoint: string });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`The embedded S3 ended before it listened. ${complaint.trim()}`);
  });
  const { endpoint } = await Promise.race([announced, ended]);
  ended.catch(() => undefined);
  return { endpoint, pid: child.pid ?? 0, close: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
