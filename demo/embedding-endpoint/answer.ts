import { DEFAULT_EMBEDDING_DIMENSIONS } from '../../contracts/embedding';
import { embedText } from './embed-text';
import type { EmbeddingFault } from './faults';

export interface EmbeddingRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions: number;
  readonly encodingFormat: 'float' | 'base64';
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** OpenAI's own bound on the inputs of one request. */
const MOST_INPUTS = 2_048;
/** OpenAI's rule of thumb; the stand-in has no tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/** @returns the request, or the sentence that says what is wrong with it. */
export function readRequest(text: string): EmbeddingRequest | string {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text);
  } catch {
    return 'We could not parse the JSON body of your request.';
  }
  const { model, input: given, dimensions = DEFAULT_EMBEDDING_DIMENSIONS, encoding_format = 'float' } = body;
  const input: unknown[] = Array.isArray(given) ? given : [given];
  if (typeof model !== 'string') return 'you must provide a model parameter';
  if (input.length === 0 || input.length > MOST_INPUTS) return `'input' must hold 1 to ${MOST_INPUTS} items.`;
  if (!input.every((each): each is string => typeof each === 'string' && each !== '')) {
    return "'$.input' is invalid: this stand-in takes strings that are not empty.";
  }
  if (!Number.isInteger(dimensions) || Number(dimensions) < 1) return "'dimensions' must be a whole number.";
  if (encoding_format !== 'float' && encoding_format !== 'base64') {
    return "'encoding_format' must be one of 'float', 'base64'.";
  }
  return { model, input, dimensions: Number(dimensions), encodingFormat: encoding_format };
}

/** The answer to a well-formed request, spoilt by a fault if there is one. */
export function answerEmbeddings(request: EmbeddingRequest, fault?: EmbeddingFault): Answer {
  switch (fault?.kind) {
    case 'rate-limited':
      return {
        status: 429,
        body: { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } },
        headers: { 'retry-after': String(fault.retryAfterSeconds) },
      };
    case 'server-error':
      return { status: 500, body: { error: { message: 'The server had an error', type: 'server_error' } } };
    case 'nonsense':
      return { status: 200, body: '<html>It works!</html>' };
    case 'wrong-shape':
      return { status: 200, body: { ok: true } };
    default:
      return { status: 200, body: embeddings(request, fault?.kind) };
  }
}

function embeddings(request: EmbeddingRequest, fault: EmbeddingFault['kind'] | undefined) {
  const { model, encodingFormat } = request;
  const dimensions = fault === 'wrong-dimensions' ? request.dimensions - 1 : request.dimensions;
  const input = fault === 'wrong-count' ? request.input.slice(1) : request.input;
  const data = input.map((text, index) => {
    const vector = fault === 'zero-vectors' ? new Float32Array(dimensions) : embedText(text, dimensions);
    const embedding =
      encodingFormat === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const characters = input.reduce((sum, text) => sum + text.length, 0);
  const tokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}
