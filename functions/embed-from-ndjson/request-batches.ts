import type { CountTokens } from './tokens';

/** What one embeddings request may carry. */
export interface RequestLimits {
  readonly requestInputs: number;
  readonly requestTokens: number;
}

/**
 * Cuts texts into runs of consecutive texts that one request may carry. A text that alone is over the limit of tokens
 * has a request of its own.
 */
export function requestBatches(
  texts: readonly string[],
  { requestInputs, requestTokens }: RequestLimits,
  count: CountTokens,
): string[][] {
  const batches: string[][] = [];
  let room = 0;
  for (const text of texts) {
    const tokens = count(text);
    const open = batches.at(-1);
    if (open === undefined || open.length === requestInputs || tokens > room) {
      batches.push([text]);
      room = requestTokens - tokens;
    } else {
      open.push(text);
      room -= tokens;
    }
  }
  return batches;
}
