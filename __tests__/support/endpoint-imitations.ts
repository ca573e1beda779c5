import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { listenOnLoopback, readBody } from 'local-aws';
import { embedText } from '../../demo/embedding-endpoint/embed-text';
import { tokenCounter } from '../../functions/embed-from-ndjson/tokens';

/** What a client asked for. */
export interface Asked {
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly encoding_format?: string;
}
type Answer = readonly [status: number, body: unknown];

/** How a server answers: with a refusal, or with embeddings in a form of its own. */
export type Imitation = (asked: Asked) => Answer | Promise<Answer>;

export const KEY = 'a-key-of-the-server';

/** A good answer in OpenAI's own form. */
export const embeddings = (
  { input, model, encoding_format }: Asked,
  dimensions: number,
  form = encoding_format,
) => ({
  object: 'list',
  model,
  data: input.map((text, index) => {
    const vector = embedText(text, dimensions);
    const embedding = form === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  }),
  usage: { prompt_tokens: 1, total_tokens: 1 },
});

const openAiError = (message: string, type: string, code: string | null = null) => ({
  error: { message, type, param: null, code },
});

const tokensOf = (texts: readonly string[]): number => {
  const count = tokenCounter('text-embedding-3-small');
  return texts.reduce((sum, text) => sum + count(text), 0);
};

const hasBearer = ({ headers }: Asked): boolean => headers.authorization === `Bearer ${KEY}`;

/** API reference, "Create embeddings". */
const openAi: Imitation = (asked) => {
  const { path, input, model, dimensions = 1536 } = asked;
  if (path !== '/v1/embeddings') return [404, openAiError('Invalid URL', 'invalid_request_error')];
  if (!hasBearer(asked)) {
    return [401, openAiError('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key')];
  }
  if (input.length > 2048) return [400, openAiError("'input' is too long", 'invalid_request_error')];
  if (tokensOf(input) > 300_000) {
    return [400, openAiError('max 300000 tokens', 'max_tokens_per_request', 'max_tokens_per_request')];
  }
  if (asked.dimensions !== undefined && !model.startsWith('text-embedding-3')) {
    return [400, openAiError('This model does not support specifying dimensions.', 'invalid_request_error')];
  }
  return [200, embeddings(asked, dimensions)];
};

/** Azure's "How to generate embeddings", in the version with the limit of 8,192 tokens for the whole array. */
const azure: Imitation = (asked) => {
  const { path, query, headers, input, dimensions = 1536 } = asked;
  if (path !== '/openai/deployments/text-embedding-3-small/embeddings') {
    return [404, { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } }];
  }
  if (!/^api-version=\d{4}-\d\d-\d\d$/.test(query))
    return [404, { error: { code: '404', message: 'Resource not found' } }];
  if (headers['api-key'] !== KEY || headers.authorization !== undefined) {
    return [401, { error: { code: '401', message: 'Access denied due to invalid subscription key.' } }];
  }
  if (input.length > 2048 || tokensOf(input) > 8192) {
    return [400, openAiError('The maximum context length is 8192 tokens', 'invalid_request_error')];
  }
  return [200, embeddings(asked, dimensions)];
};

/** One request at a time, and a version that answers with numbers whatever is asked for. */
function ollama(): Imitation {
  let working = false;
  return async (asked) => {
    if (working) return [503, { error: { message: 'server busy, please try again', type: 'api_error' } }];
    working = true;
    // Long enough for the next request to arrive meanwhile, if one is sent.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    working = false;
    if (asked.model !== 'nomic-embed-text') return [404, openAiError('model not found', 'not_found_error')];
    return [200, embeddings(asked, 768, 'float')];
  };
}

/** "Pooling models, Matryoshka embeddings", with its error to the letter. */
const vllm: Imitation = (asked) => {
  if (!hasBearer(asked)) return [401, { error: 'Unauthorized' }];
  if (asked.dimensions !== undefined) {
    const message = `Model "${asked.model}" does not support matryoshka representation, changing output dimensions will lead to poor results.`;
    return [400, { object: 'error', message, type: 'BadRequestError', param: null, code: 400 }];
  }
  return [200, embeddings(asked, 1024)];
};

/** A provider that knows neither `dimensions` nor `base64`, and at most 96 texts. */
const liteLlm: Imitation = (asked) => {
  if (!hasBearer(asked)) return [401, openAiError('Authentication Error', 'auth_error', '401')];
  if (asked.dimensions !== undefined || asked.encoding_format === 'base64') {
    return [400, openAiError('litellm.UnsupportedParamsError', 'None', '400')];
  }
  if (asked.input.length > 96)
    return [400, openAiError('litellm.BadRequestError: total number of texts must be at most 96', 'None')];
  const answer = embeddings(asked, 1024);
  // Providers differ in what they number, and how.
  return [200, { ...answer, data: answer.data.map(({ embedding }) => ({ object: 'embedding', embedding })) }];
};

/** `--max-client-batch-size` and `--payload-limit` as they are by default. */
const textEmbeddingsInference =
  (tooLarge: 413 | 422): Imitation =>
  (asked) => {
    if (!hasBearer(asked)) return [401, ''];
    if (Buffer.byteLength(JSON.stringify(asked.input)) > 2_000_000) return [413, ''];
    if (asked.input.length > 32) {
      const message = `batch size ${asked.input.length} > maximum allowed batch size 32`;
      return [tooLarge, { message, code: tooLarge, type: 'Validation' }];
    }
    return [200, embeddings(asked, 768)];
  };

/** By the headings of docs/embedding-endpoints.md. */
export const IMITATIONS: Readonly<Record<string, () => Imitation>> = {
  OpenAI: () => openAi,
  'Azure OpenAI': () => azure,
  Ollama: ollama,
  vLLM: () => vllm,
  LiteLLM: () => liteLlm,
  'Hugging Face Text Embeddings Inference': () => textEmbeddingsInference(422),
};
export const OLDER_TEXT_EMBEDDINGS_INFERENCE = textEmbeddingsInference(413);

/** A running imitation, which notes what it was asked and how it answered. */
export interface ImitationServer {
  readonly origin: string;
  readonly seen: (Asked & { readonly status: number })[];
  close(): Promise<void>;
}

export async function startImitation(imitation: Imitation): Promise<ImitationServer> {
  const seen: ImitationServer['seen'] = [];
  const server: Server = createServer(async (request, response) => {
    const { pathname: path, search } = new URL(request.url ?? '', 'http://server');
    const body = JSON.parse((await readBody(request)).toString());
    const asked: Asked = { ...body, path, query: search.slice(1), headers: request.headers };
    const [status, answer] = await imitation(asked);
    seen.push({ ...asked, status });
    response
      .writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '1' })
      .end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  const origin = await listenOnLoopback(server);
  return {
    origin,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
