import { join } from 'node:path';
import { startChildServer } from 'local-aws';
import type { EmbeddingFault, SeenRequest } from './faults';

export interface EmbeddingEndpointOptions {
  /** The only key that is accepted. @default - any key is, but none is refused */
  readonly apiKey?: string;
}

/** A running stand-in for an embedding endpoint; the product itself always uses the configured endpoint. */
export interface EmbeddingEndpoint {
  /** For `OPENAI_BASE_URL`. */
  readonly baseUrl: string;
  readonly pid: number;
  /** Spoils the next requests, one fault each. */
  misbehave(...faults: readonly EmbeddingFault[]): Promise<void>;
  /** The embedding requests so far, oldest first. */
  requests(): Promise<readonly SeenRequest[]>;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for an OpenAI-compatible endpoint as a process of its own: `POST /v1/embeddings` with
 * deterministic vectors of hashed words and letters, so that texts which share words are found by each other.
 */
export async function startEmbeddingEndpoint(
  options: EmbeddingEndpointOptions = {},
): Promise<EmbeddingEndpoint> {
  const { endpoint, pid, stop } = await startChildServer({
    name: 'embedding endpoint',
    script: join(__dirname, 'main.ts'),
    ...(options.apiKey !== undefined && { environment: { EMBEDDING_API_KEY: options.apiKey } }),
  });
  return {
    baseUrl: `${endpoint}/v1`,
    pid,
    async misbehave(...faults) {
      await fetch(`${endpoint}/_local/faults`, { method: 'POST', body: JSON.stringify(faults) });
    },
    async requests() {
      const response = await fetch(`${endpoint}/_local/requests`);
      return (await response.json()) as SeenRequest[];
    },
    stop,
  };
}
