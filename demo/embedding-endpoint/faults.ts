/** What the endpoint does to one request instead of answering it well. */
export type EmbeddingFault =
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'server-error' }
  /** Status 200 and a body that is not JSON. */
  | { readonly kind: 'nonsense' }
  /** Status 200 and JSON of another shape. */
  | { readonly kind: 'wrong-shape' }
  | { readonly kind: 'wrong-dimensions' }
  /** One embedding fewer than inputs. */
  | { readonly kind: 'wrong-count' }
  | { readonly kind: 'zero-vectors' }
  /** The connection is cut without an answer. */
  | { readonly kind: 'hang-up' };

/** One request that the endpoint has seen. Never its texts. */
export interface SeenRequest {
  readonly inputs: number;
  readonly status: number;
  readonly encodingFormat: string;
}
