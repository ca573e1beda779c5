import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Listens on the loopback interface alone, on a port that the system chooses unless one is given.
 *
 * @returns the endpoint, `http://127.0.0.1:{port}`.
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Tells the parent process where this server answers: the one line that {@link startChildServer} waits for. */
export const announce = (endpoint: string): void => {
  process.stdout.write(`${JSON.stringify({ endpoint })}\n`);
};

/** The whole body of a request. */
export async function readBody(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
