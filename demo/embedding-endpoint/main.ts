import { createServer } from 'node:http';
import { announce, listenOnLoopback, readBody } from 'local-aws';
import { answerEmbeddings, readRequest } from './answer';
import type { EmbeddingFault, SeenRequest } from './faults';

/** A stand-in for an OpenAI-compatible embedding endpoint. It needs no network and no model. */
async function main(): Promise<void> {
  const apiKey = process.env.EMBEDDING_API_KEY;
  const faults: EmbeddingFault[] = [];
  const seen: SeenRequest[] = [];

  const server = createServer(async (request, response) => {
    const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
    };
    const text = (await readBody(request)).toString();
    const route = `${request.method} ${request.url}`;
    if (route === 'POST /_local/faults') {
      faults.push(...(JSON.parse(text) as EmbeddingFault[]));
      return reply(200, {});
    }
    if (route === 'GET /_local/requests') return reply(200, seen);
    if (route !== 'POST /v1/embeddings') return reply(501, problem('This stand-in only makes embeddings.'));

    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || (apiKey !== undefined && given !== apiKey)) {
      return reply(401, problem('Incorrect API key provided.', 'invalid_api_key'));
    }
    const asked = readRequest(text);
    if (typeof asked === 'string') return reply(400, problem(asked, 'invalid_request_error'));

    const fault = faults.shift();
    if (fault?.kind === 'hang-up') return request.socket.destroy();
    const { status, body, headers } = answerEmbeddings(asked, fault);
    seen.push({ inputs: asked.input.length, status, encodingFormat: asked.encodingFormat });
    return reply(status, body, headers);
  });
  announce(await listenOnLoopback(server));
}

const problem = (message: string, type = 'not_implemented') => ({ error: { message, type, code: type } });

void main();
