import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface BatchEntry {
  readonly Id: string;
  readonly MessageBody: string;
}

/**
 * Stands before a real SQS and refuses single messages of a SendMessageBatch, as AWS does when it throttles:
 * the request succeeds, the entry is listed as failed. No emulator does that by itself.
 *
 * @param refused - messages whose body holds this text are refused, all others go through.
 */
export async function startRefusingSqs(sqs: string, refused: string) {
  const server = createServer(async (request, response) => {
    const { Entries, QueueUrl, ...rest } = JSON.parse(await text(request));
    const entries: BatchEntry[] = Entries;
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(sqs, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: JSON.stringify({
        ...rest,
        QueueUrl: sqs + new URL(QueueUrl).pathname,
        Entries: entries.filter(({ MessageBody }) => !MessageBody.includes(refused)),
      }),
    });
    const Failed = entries
      .filter(({ MessageBody }) => MessageBody.includes(refused))
      .map(({ Id }) => ({ Id, Code: 'InternalError', Message: 'Try again.', SenderFault: false }));
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ ...((await answer.json()) as object), Failed }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
