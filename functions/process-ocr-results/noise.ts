const LETTER_DIGIT_OR_CURRENCY = /[\p{Letter}\p{Number}\p{Currency_Symbol}]/u;

/**
 * Whether a text carries no meaning: it holds no letter, no digit and no currency sign of any script. Rules
 * of dashes, bullets, smudges and blank texts are noise; `$`, `2x` and `%5` are not.
 */
export const isNoise = (text: string): boolean => !LETTER_DIGIT_OR_CURRENCY.test(text);
