import { setTimeout } from 'node:timers/promises';
import OpenAI, { AzureOpenAI } from 'openai';
import { EMBEDDING_ATTEMPTS } from '../../contracts/embedding';
import { decodeEmbeddings, NonsenseAnswer } from './embeddings-answer';
import type { Endpoint } from './endpoint';

/** How often the same request is put to an endpoint that answers nonsense. */
const ATTEMPTS_AT_SENSE = 2;
/** Between them, and up to as much again. Milliseconds. */
const PAUSE_FOR_SENSE = 1_000;

/**
 * How servers say that a request is too large: 413 by HTTP's own meaning, 422 by Text Embeddings Inference since 1.9
 * (its `--max-client-batch-size`).
 */
const TOO_LARGE: ReadonlySet<unknown> = new Set([413, 422]);

/** What a request needs beside its texts. */
export interface Request {
  readonly client: OpenAI;
  readonly endpoint: Endpoint;
}

/** A client of the endpoint, which tries again on 429, 5xx and broken connections, as `Retry-After` says or with jitter. */
export function connect({ baseUrl, apiVersion, timeout }: Endpoint, apiKey: string): OpenAI {
  const options = {
    apiKey,
    baseURL: baseUrl,
    maxRetries: EMBEDDING_ATTEMPTS - 1,
    timeout,
    fetch: fetchWhole,
    // The SDK's debug log would hold document text.
    logLevel: 'off',
  } as const;
  return apiVersion === undefined ? new OpenAI(options) : new AzureOpenAI({ ...options, apiVersion });
}

/**
 * An answer with all of its body. The SDK's timer ends with the headers: of a server that drips its body it would wait for
 * ever. Read here the body is part of the attempt, and what is late or broken off is asked for again.
 */
async function fetchWhole(...request: Parameters<typeof fetch>): Promise<Response> {
  const answer = await fetch(...request);
  const body = await answer.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, answer);
}

/**
 * The embeddings of some texts, in their order. What the endpoint finds too large is sent as two halves.
 *
 * @throws {NonsenseAnswer} when it answers nonsense twice.
 * @throws {Error} when it refuses, or cannot be reached.
 */
export async function requestEmbeddings(texts: string[], request: Request): Promise<Float32Array[]> {
  try {
    return await requestSense(texts, request);
  } catch (error) {
    if (!isTooLarge(error) || texts.length === 1) throw explain(error);
  }
  const middle = Math.ceil(texts.length / 2);
  const first = await requestEmbeddings(texts.slice(0, middle), request);
  return [...first, ...(await requestEmbeddings(texts.slice(middle), request))];
}

async function requestSense(input: string[], { client, endpoint }: Request): Promise<Float32Array[]> {
  const { model, dimensions, sendDimensions, encoding } = endpoint;
  const parameters = { model, input, encoding_format: encoding, ...(sendDimensions && { dimensions }) };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await client.embeddings.create(parameters);
      return decodeEmbeddings(answer, input.length, dimensions);
    } catch (error) {
      const told = error instanceof SyntaxError ? new NonsenseAnswer('It answered with broken JSON.') : error;
      if (!(told instanceof NonsenseAnswer) || attempt === ATTEMPTS_AT_SENSE) throw told;
    }
    await setTimeout(PAUSE_FOR_SENSE * (1 + Math.random()));
  }
}

const isTooLarge = (error: unknown): error is InstanceType<typeof OpenAI.APIError> =>
  error instanceof OpenAI.APIError && TOO_LARGE.has(error.status);

/** The endpoint's own message is left out: it may quote the texts, and logs never hold document text. */
function explain(error: unknown): unknown {
  if (error instanceof OpenAI.APIConnectionError) {
    return new Error(
      'The embedding endpoint cannot be reached or did not answer in time. Check OPENAI_BASE_URL, EMBEDDING_TIMEOUT_SECONDS and the network.',
    );
  }
  if (!(error instanceof OpenAI.APIError)) return error;
  const refused = `HTTP ${error.status} (${error.code ?? error.type ?? 'no code'})`;
  return new Error(
    isTooLarge(error)
      ? `The embedding endpoint refused a single text with ${refused}. Let the server cut texts that its model cannot read, and check its settings in docs/embedding-endpoints.md.`
      : `The embedding endpoint refused a request with ${refused}. Check the API key, its quota, EMBEDDING_MODEL and the server's settings in docs/embedding-endpoints.md, then redrive the dead-letter queue.`,
  );
}
