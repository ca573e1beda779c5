import type { FunctionEnvironment } from '../../contracts/environment';

/** The embedding endpoint, and what may be asked of it. docs/embedding-endpoints.md has what each server takes. */
export interface Endpoint {
  readonly model: string;
  /** The length of each embedding. */
  readonly dimensions: number;
  /** @default - the SDK's own: OpenAI */
  readonly baseUrl: string | undefined;
  /** Azure's `api-version`, which makes the endpoint one of Azure's deployments. @default - it is none */
  readonly apiVersion: string | undefined;
  /** Texts that one request carries at most. */
  readonly requestInputs: number;
  /** Tokens of all texts of one request, at most. */
  readonly requestTokens: number;
  /** How long one attempt may take. Milliseconds. */
  readonly timeout: number;
  /** Requests that are under way at once, from one instance of the function. */
  readonly concurrency: number;
  /** Whether the request names the dimensions, which a model must be able to shorten its vectors to. */
  readonly sendDimensions: boolean;
  readonly encoding: 'base64' | 'float';
}

/** Models of OpenAI's that take `dimensions`; others refuse the parameter. */
const SHORTENS_VECTORS = /^text-embedding-3-/;

export const endpointOf = (environment: FunctionEnvironment<'embed-from-ndjson'>): Endpoint => ({
  model: environment.EMBEDDING_MODEL,
  dimensions: environment.EMBEDDING_DIMENSIONS,
  baseUrl: environment.OPENAI_BASE_URL,
  apiVersion: environment.OPENAI_API_VERSION,
  requestInputs: environment.EMBEDDING_REQUEST_INPUTS,
  requestTokens: environment.EMBEDDING_REQUEST_LENGTH,
  timeout: environment.EMBEDDING_TIMEOUT_SECONDS * 1000,
  concurrency: environment.EMBEDDING_CONCURRENCY,
  sendDimensions: environment.EMBEDDING_SEND_DIMENSIONS ?? SHORTENS_VECTORS.test(environment.EMBEDDING_MODEL),
  encoding: environment.EMBEDDING_ENCODING,
});
