import type * as Cl100k from 'gpt-tokenizer/encoding/cl100k_base';

/** An upper bound of the tokens of a text. */
export type CountTokens = (text: string) => number;

/** Every token of every model has at least one byte: UTF-8's bytes bound the tokens without a tokenizer. */
export const byteLength: CountTokens = (text) => Buffer.byteLength(text);

/** All embedding models of OpenAI's under their own names (OpenAI cookbook, "How to count tokens with tiktoken"). */
const READS_CL100K = /^text-embedding-(3-small|3-large|ada-002)$/;

/**
 * Texts that are longer count by their bytes: the time that a run without blanks takes grows with its square, 0.6 s
 * for 8 KB as measured. A row with its neighbours seldom has 300 bytes.
 */
const LONGEST_COUNTED = 1_024;

/**
 * The counter for a model: exact for OpenAI's own, by bytes for others, whose tokenizers we do not have. The tables are
 * loaded when they are asked for, half a second and 40 MB as measured: hardly a receipt needs them.
 */
export function tokenCounter(model: string): CountTokens {
  if (!READS_CL100K.test(model)) return byteLength;
  const { countTokens } = require('gpt-tokenizer/encoding/cl100k_base') as typeof Cl100k;
  return (text) => {
    const bytes = byteLength(text);
    // `<|endoftext|>` on a receipt is text like any other.
    return bytes > LONGEST_COUNTED ? bytes : countTokens(text, { disallowedSpecial: new Set() });
  };
}
