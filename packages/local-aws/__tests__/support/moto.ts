import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running moto server: AWS's API on localhost, empty at the start, gone at the end. */
export interface Moto {
  /** Its URL, for `AWS_ENDPOINT_URL` or a client's `endpoint`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts moto's server as a child process on a free port. Requests are served one at a time, and event
 * source mappings deliver nothing (see `moto-server.py`).
 *
 * @throws {Error} with what Python said, when the server ends before it listens.
 */
export async function startMoto(): Promise<Moto> {
  const server = spawn('python3', [join(__dirname, 'moto-server.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  const endpoint = await firstLine(server);
  return {
    endpoint,
    stop: async () => {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, 'exit');
      server.stdin.end();
      await exit;
    },
  };
}

function firstLine(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaints = '';
    server.stderr?.on('data', (chunk) => {
      complaints = (complaints + chunk).slice(-4_000);
    });
    server.once('error', reject);
    server.once('exit', (code) =>
      reject(new Error(`moto's server ended with ${code} before it listened. Python said: ${complaints}`)),
    );
    if (server.stdout !== null) createInterface(server.stdout).once('line', resolve);
  });
}
