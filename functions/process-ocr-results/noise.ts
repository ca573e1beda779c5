import { hasWhitespace, isBlank, strip } from '../shared/whitespace';

/** A currency sign alone, before an amount or after one; digits of any script. `$,` counts as an amount. */
const AMOUNT = /^(?:[$€£¥]|[$€£¥][\p{Nd},]+(?:\.\p{Nd}*)?|[\p{Nd},]+(?:\.\p{Nd}*)?[$€£¥])$/u;
/** Python's `\w`: letters and numbers of any script. Marks, symbols and emoji are none. */
const WORD_CHARACTER = /[\p{L}\p{N}_]/u;
const ONLY_SEPARATORS = /^[-+=*_./\\~|# ]+$/u;

/**
 * Whether a word carries no meaning, by the old system's rule (RECORDS section 2): rules of dashes, dots, smudges
 * and blank texts do; `$5`, `x`, `½` and `(5)` do not. Its poor cases are kept, so that the same words have a record
 * as before: `₹`, `¢` and `$$` are noise, `— —` and `@ @` are not.
 */
export function isNoise(text: string): boolean {
  if (isBlank(text)) return true;
  if (AMOUNT.test(text)) return false;
  if (!hasWhitespace(text) && !WORD_CHARACTER.test(text)) return true;
  return ONLY_SEPARATORS.test(strip(text));
}
