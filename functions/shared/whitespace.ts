import { withoutEnds } from './without-ends';

/**
 * What Python takes for whitespace (`str.isspace`, `\s`), as the inside of a character class. JavaScript's `\s` lacks
 * U+001C to U+001F and U+0085, and has U+FEFF, which Python does not. The old system's rules are Python's
 * (RECORDS sections 2 and 4).
 */
const PYTHON_WHITESPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const ONE = new RegExp(`[${PYTHON_WHITESPACE}]`, 'u');
const RUN = new RegExp(`[${PYTHON_WHITESPACE}]+`, 'gu');

/** Python's `text.strip()`. */
export const strip = (text: string): string => withoutEnds(text, (character) => ONE.test(character));

/** Python's `re.sub(r"\s+", " ", text)`. */
export const singleSpaced = (text: string): string => text.replace(RUN, ' ');

export const hasWhitespace = (text: string): boolean => singleSpaced(text).includes(' ');

/** Whether a text is empty or only whitespace. */
export const isBlank = (text: string): boolean => strip(text) === '';
