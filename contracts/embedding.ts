/**
 * The version of the records' form: which there are, the text that is embedded for each, document and metadata.
 * Raise it whenever the form changes, so that a receipt that is dropped again is embedded again.
 *
 * - 1: one record a line, the embedded text as the document. Ours, before the old system's form was known.
 * - 2: the old system's form, one record a visual row (decision 0013).
 *
 * A collection may hold several: receipts that were not dropped again keep what they were.
 */
export const TEXT_FORMAT_VERSION = 2;

/** Stands in an embedded text where a row or word has no neighbour. */
export const EDGE = '<EDGE>';

/** OpenAI's default for new collections; 1536 dimensions is the model's native length. */
export const DEFAULT_EMBEDDING_MODEL = 'text-embedding-3-small';
export const DEFAULT_EMBEDDING_DIMENSIONS = 1536;
/** Chroma's own default, and so the old system's: the square of the distance. */
export const DEFAULT_DISTANCE_SPACE = 'l2';

/**
 * What one request carries, and how: OpenAI's limits of inputs and of tokens (API reference, "Create embeddings"). A
 * request of 2,048 short texts takes seconds. As many requests at once as an invocation has messages.
 */
export const DEFAULT_EMBEDDING_REQUEST = {
  inputs: 2_048,
  tokens: 300_000,
  timeoutSeconds: 30,
  concurrency: 10,
  encoding: 'base64',
} as const;

/** How often one request is sent at most, each time within its time-out. */
export const EMBEDDING_ATTEMPTS = 5;

/** What every vector of one collection must share, to be comparable at all. A delta that differs in either is refused. */
export interface EmbeddingSpace {
  readonly model: string;
  /** The length of each embedding. */
  readonly dimensions: number;
}
