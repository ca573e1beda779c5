import { once } from 'node:events';
import { createServer, request } from 'node:http';

/** Stands before a server and stops the world at one request. */
export interface BreakpointProxy {
  readonly endpoint: string;
  /**
   * At the next request that matches, calls `act` before the request is passed on, or after it was answered.
   * Before: the server never sees the request. After: the caller never sees the answer. Held: both see it, once `act`
   * has ended, and whether or not the caller still waits.
   */
  breakAt(
    when: 'before' | 'after' | 'held',
    matches: (body: string) => boolean,
    act: () => Promise<void>,
  ): void;
  stop(): Promise<void>;
}

export async function startBreakpointProxy(target: string): Promise<BreakpointProxy> {
  let armed: { when: string; matches: (body: string) => boolean; act: () => Promise<void> } | undefined;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const body = Buffer.concat(chunks);
      const hit = armed?.matches(body.toString()) ? armed : undefined;
      if (hit !== undefined) armed = undefined;
      if (hit?.when === 'before') {
        await hit.act();
        outgoing.destroy();
        return;
      }
      if (hit?.when === 'held') await hit.act();
      const { method, headers, url } = incoming;
      const onward = request(new URL(url ?? '/', target), { method, headers }, async (answer) => {
        if (hit?.when === 'after') {
          answer.resume();
          await once(answer, 'end');
          await hit.act();
          outgoing.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    breakAt: (when, matches, act) => {
      armed = { when, matches, act };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
