import OpenAI from 'openai';
import { decodeEmbeddings, NonsenseAnswer } from './embeddings-answer';
import { requestBatches } from './request-batches';

/** Attempts after the first on 429, 5xx and broken connections; the SDK honours Retry-After, else backs off with jitter. */
const RETRIES = 4;
/** A request of 2,048 short texts takes seconds; all attempts together stay below the function's 300 s. Milliseconds. */
const REQUEST_TIMEOUT = 30_000;
/** How often the same request is put before its nonsense is taken to be lasting. */
const ATTEMPTS_AT_SENSE = 2;

export interface EmbedderProps {
  readonly model: string;
  readonly dimensions: number;
  /** @default - the SDK's own: OpenAI */
  readonly baseUrl?: string | undefined;
  /** Reads the API key. It is asked for each receipt, so that a rotated key is picked up. */
  readonly readKey: () => Promise<string>;
}

/**
 * Embeds texts, in order.
 *
 * @throws {NonsenseAnswer} when the endpoint answers twice with something that cannot be the embeddings.
 * @throws {Error} when there is no key or the endpoint refuses or cannot be reached: worth another delivery.
 */
export type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;

/** Makes the embedder for any OpenAI-compatible endpoint. Equal texts are sent once. */
export function createEmbedder({ model, dimensions, baseUrl, readKey }: EmbedderProps): Embed {
  return async (texts) => {
    const distinct = [...new Set(texts)];
    if (distinct.length === 0) return [];
    const client = new OpenAI({
      apiKey: await readKey(),
      baseURL: baseUrl,
      maxRetries: RETRIES,
      timeout: REQUEST_TIMEOUT,
      // The SDK's debug log would hold document text.
      logLevel: 'off',
    });
    const vectors = new Map<string, Float32Array>();
    for (const batch of requestBatches(distinct)) {
      const embeddings = await request(client, batch, model, dimensions);
      batch.forEach((text, index) => {
        const embedding = embeddings[index];
        if (embedding !== undefined) vectors.set(text, embedding);
      });
    }
    return texts.map((text) => {
      const embedding = vectors.get(text);
      if (embedding === undefined) throw new NonsenseAnswer('It left out a text.');
      return embedding;
    });
  };
}

async function request(
  client: OpenAI,
  input: string[],
  model: string,
  dimensions: number,
): Promise<Float32Array[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await client.embeddings.create({
        model,
        input,
        encoding_format: 'base64',
        // Only this family can shorten its vectors; other models refuse the parameter.
        ...(model.startsWith('text-embedding-3-') && { dimensions }),
      });
      return decodeEmbeddings(answer, input.length, dimensions);
    } catch (error) {
      const told = explain(error);
      if (!(told instanceof NonsenseAnswer) || attempt === ATTEMPTS_AT_SENSE) throw told;
    }
  }
}

/** The endpoint's own message is left out: it may quote the texts, and logs never hold document text. */
function explain(error: unknown): unknown {
  if (error instanceof SyntaxError) return new NonsenseAnswer('It answered with broken JSON.');
  if (error instanceof OpenAI.APIConnectionError) {
    return new Error(
      'The embedding endpoint cannot be reached or did not answer in time. Check OPENAI_BASE_URL and the network.',
    );
  }
  if (error instanceof OpenAI.APIError) {
    const code = error.code ?? error.type ?? 'no code';
    return new Error(
      `The embedding endpoint refused a request with HTTP ${error.status} (${code}). Check the API key, its quota and EMBEDDING_MODEL, then redrive the dead-letter queue.`,
    );
  }
  return error;
}
