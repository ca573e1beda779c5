/**
 * The version of the text that is embedded for a line or a word (DESIGN 3.1). Raise it whenever the text
 * changes: a collection refuses deltas of another version, so vectors of two formats never share one.
 */
export const TEXT_FORMAT_VERSION = 1;

/** Stands in an embedded text where a row or word has no neighbour. */
export const EDGE = '<EDGE>';

/** OpenAI's default for new collections; 1536 dimensions is the model's native length. */
export const DEFAULT_EMBEDDING_MODEL = 'text-embedding-3-small';
export const DEFAULT_EMBEDDING_DIMENSIONS = 1536;

/** What every vector of one collection must share. A delta that differs in any of them is refused. */
export interface EmbeddingSpace {
  readonly model: string;
  /** The length of each embedding. */
  readonly dimensions: number;
  readonly textFormatVersion: number;
}
