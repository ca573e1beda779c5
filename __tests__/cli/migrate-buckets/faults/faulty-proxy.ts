import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What happens to a request on its way to a server that has no faults of its own. */
export interface ProxyFault {
  /** From 1, counted since the faults were set. */
  readonly nth: number;
  /**
   * `refused` with 503, `failed` with 500, broken off `before` the server saw it, `after` it was answered, in the
   * `middle` of its answer, or answered `never`.
   */
  readonly kind: 'refused' | 'failed' | 'before' | 'after' | 'middle' | 'never';
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** Replaces the faults, and counts requests anew. */
  set(faults: readonly ProxyFault[]): void;
  stop(): Promise<void>;
}

/** Stands before a server of another maker. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let faults: readonly ProxyFault[] = [];
  let count = 0;
  const server = createServer(async (incoming, outgoing) => {
    count++;
    const kind = faults.find(({ nth }) => nth === count)?.kind;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    if (kind === 'before') outgoing.destroy();
    else if (kind === 'refused') outgoing.writeHead(503).end();
    else if (kind === 'failed') outgoing.writeHead(500).end();
    else if (kind !== 'never') await pass(target, incoming, Buffer.concat(chunks), outgoing, kind);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    set: (next) => {
      faults = next;
      count = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pass(
  target: string,
  { method, headers, url }: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  kind: 'after' | 'middle' | undefined,
): Promise<void> {
  const onward = request(`${target}${url}`, { method, headers });
  onward.end(body);
  try {
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (kind === 'after') outgoing.destroy();
    else {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (kind === 'middle') outgoing.write(bytes.subarray(0, bytes.length >> 1), () => outgoing.destroy());
      else outgoing.end(bytes);
    }
  } catch {
    outgoing.destroy();
  }
}
