import { connect, type Request, requestEmbeddings } from './embedding-request';
import { NonsenseAnswer } from './embeddings-answer';
import type { Endpoint } from './endpoint';
import { type Limited, limited } from './limited';
import { requestBatches } from './request-batches';
import { byteLength, tokenCounter } from './tokens';

/**
 * Embeds texts, in order.
 *
 * @throws {NonsenseAnswer} when the endpoint answers twice with something that cannot be the embeddings.
 * @throws {Error} when there is no key or the endpoint refuses or cannot be reached: worth another delivery.
 */
export type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;

/**
 * Makes the embedder for any OpenAI-compatible endpoint. Equal texts are sent once.
 *
 * @param readKey - reads the API key. It is asked for each receipt, so that a rotated key is picked up.
 */
export function createEmbedder(endpoint: Endpoint, readKey: () => Promise<string>): Embed {
  const inTurn = limited(endpoint.concurrency);
  return async (texts) => {
    const distinct = [...new Set(texts)];
    if (distinct.length === 0) return [];
    const client = connect(endpoint, await readKey());
    const stop = new AbortController();
    const request: Request = { client, endpoint };
    const batches = requestBatches(distinct, endpoint, counterFor(distinct, endpoint));
    const embedded = await Promise.all(batches.map((batch) => sendInTurn(batch, request, inTurn, stop)));
    const vectors = new Map(embedded.flat().map((embedding, index) => [distinct[index], embedding]));
    return texts.map((text) => {
      const embedding = vectors.get(text);
      if (embedding === undefined) throw new NonsenseAnswer('It left out a text.');
      return embedding;
    });
  };
}

/** After the first request that fails no other is sent: their receipt comes again as a whole. */
const sendInTurn = (batch: string[], request: Request, inTurn: Limited, stop: AbortController) =>
  inTurn(() => {
    stop.signal.throwIfAborted();
    return requestEmbeddings(batch, request);
  }).catch((error: unknown) => {
    stop.abort();
    throw error;
  });

/** Where the texts fit into one request by their bytes, as nearly always, there is no need to count tokens. */
const counterFor = (texts: readonly string[], { model, requestTokens }: Endpoint) =>
  texts.reduce((sum, text) => sum + byteLength(text), 0) <= requestTokens ? byteLength : tokenCounter(model);
