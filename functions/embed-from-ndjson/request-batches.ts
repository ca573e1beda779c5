/** OpenAI's limits for one embeddings request. */
const MOST_INPUTS = 2_048;
const MOST_TOKENS = 300_000;

/**
 * Cuts texts into runs of consecutive texts that one request may carry. A token has at least one byte, so
 * the bytes of UTF-8 bound the tokens from above without a tokenizer.
 *
 * Each text must itself be within the limit of tokens.
 */
export function requestBatches(texts: readonly string[]): string[][] {
  const batches: string[][] = [];
  let room = 0;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text);
    const open = batches.at(-1);
    if (open === undefined || open.length === MOST_INPUTS || bytes > room) {
      batches.push([text]);
      room = MOST_TOKENS - bytes;
    } else {
      open.push(text);
      room -= bytes;
    }
  }
  return batches;
}
