import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listenOnLoopback } from 'local-aws';

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly body: string;
}

/** What happens to a request on its way to a server that has no faults of its own. */
export interface ProxyFault {
  /** From 1, counted since the faults were set, of the requests that match. */
  readonly nth: number;
  /** How many of them are met, one after the other. @default 1 */
  readonly times?: number;
  /** @default - every request does */
  readonly matches?: (request: ProxiedRequest) => boolean;
  /**
   * `refused` with 503, `failed` with 500, `throttled` as DynamoDB does, broken off `before` the server saw it, `after`
   * it was answered, in the `middle` of its answer, answered `never`, or passed on as it is, but `late`.
   */
  readonly kind: 'refused' | 'failed' | 'throttled' | 'before' | 'after' | 'middle' | 'never' | 'late';
  /** Awaited before anything becomes of the request; of `after` and `middle`, once the server has answered. */
  readonly act?: () => Promise<unknown>;
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** Replaces the faults, and counts requests anew. */
  set(faults: readonly ProxyFault[]): void;
  stop(): Promise<void>;
}

const THROTTLED = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'Slow down.',
});

/** Stands before a server of another maker, or of our own. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let faults: readonly { readonly fault: ProxyFault; met: number }[] = [];
  const meet = (asked: ProxiedRequest) => {
    // Each counts, also while another is met.
    const due = faults.filter((each) => {
      const { nth, times = 1, matches = () => true } = each.fault;
      if (!matches(asked)) return false;
      each.met++;
      return each.met >= nth && each.met < nth + times;
    });
    return due[0]?.fault;
  };
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // The caller was killed while it asked.
      outgoing.destroy();
      return;
    }
    const body = Buffer.concat(chunks);
    const { method = '', url = '' } = incoming;
    const fault = meet({ method, url, body: body.toString('latin1') });
    const kind = fault?.kind;
    if (kind !== 'after' && kind !== 'middle') await fault?.act?.();
    if (kind === 'before') outgoing.destroy();
    else if (kind === 'refused') outgoing.writeHead(503).end();
    else if (kind === 'failed') outgoing.writeHead(500).end();
    else if (kind === 'throttled') outgoing.writeHead(400).end(THROTTLED);
    else if (kind !== 'never') await pass(target, incoming, body, outgoing, fault);
  });
  return {
    endpoint: await listenOnLoopback(server),
    set: (next) => {
      faults = next.map((fault) => ({ fault, met: 0 }));
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
  fault: ProxyFault | undefined,
): Promise<void> {
  const onward = request(`${target}${url}`, { method, headers });
  onward.end(body);
  try {
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const isCut = fault?.kind === 'after' || fault?.kind === 'middle';
    if (isCut) await fault.act?.();
    if (fault?.kind === 'after') outgoing.destroy();
    else {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (isCut) outgoing.write(bytes.subarray(0, bytes.length >> 1), () => outgoing.destroy());
      else outgoing.end(bytes);
    }
  } catch {
    outgoing.destroy();
  }
}
