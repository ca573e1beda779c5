import { join } from 'node:path';
import { startChildServer } from '../processes/child-server';
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
  const { endpoint, pid, stop } = await startChildServer({
    name: 'S3',
    script: join(__dirname, 'main.ts'),
    args: [JSON.stringify(options)],
  });
  return { endpoint, pid, close: stop };
}
