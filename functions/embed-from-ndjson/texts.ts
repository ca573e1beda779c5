import { EDGE } from '../../contracts/embedding';
import { WORDS_AROUND } from './word-neighbours';

/**
 * The longest text that is embedded. OpenAI's models read 8,191 tokens and a token has at least one byte, so that no
 * text is ever refused for its length. Bytes of UTF-8.
 */
const LONGEST_TEXT = 8_191;

/**
 * What a row or word that is longer than {@link LONGEST_TEXT} leaves to its neighbours, if they need as much: a quarter,
 * which is still some twenty lines of a receipt. Bytes of UTF-8.
 */
const LEFT_TO_NEIGHBOURS = Math.floor(LONGEST_TEXT / 4);

/**
 * The text that is embedded for each visual row (RECORDS section 3): the row above, the row, the row below, one a line
 * of text, {@link EDGE} where there is none.
 *
 * @param rows - the texts of all rows, from the top of the page.
 */
export const rowTexts = (rows: readonly string[]): string[] =>
  rows.map((row, index) => around(`${rows[index - 1] ?? EDGE}\n`, row, `\n${rows[index + 1] ?? EDGE}`));

/**
 * The text that is embedded for a word (RECORDS section 4): two words, the word, two words, with {@link EDGE} at the
 * outer end of a side that has fewer.
 *
 * @param before - the words that are read before it, the nearest first; `after` alike.
 */
export function wordText(before: readonly string[], word: string, after: readonly string[]): string {
  const side = (words: readonly string[]) =>
    Array.from({ length: WORDS_AROUND }, (_, index) => words[index] ?? EDGE);
  return around(`${side(before).reverse().join(' ')} `, word, ` ${side(after).join(' ')}`);
}

/**
 * A text between two others, cut at {@link LONGEST_TEXT} from the far ends, so that it never loses itself to them, nor
 * they to it. What one side does not need is left to the other.
 */
function around(before: string, own: string, after: string): string {
  const text = before + own + after;
  if (Buffer.byteLength(text) <= LONGEST_TEXT) return text;
  const beside = Math.min(Buffer.byteLength(before + after), LEFT_TO_NEIGHBOURS);
  const kept = beginning(own, LONGEST_TEXT - beside);
  const room = LONGEST_TEXT - Buffer.byteLength(kept);
  const start = ending(before, Math.max(Math.floor(room / 2), room - Buffer.byteLength(after)));
  return start + kept + beginning(after, room - Buffer.byteLength(start));
}

/** The longest beginning of a text that has at most so many bytes of UTF-8; no character is torn. */
export function beginning(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

/** The longest end of a text that has at most so many bytes of UTF-8; no character is torn. */
export function ending(text: string, bytes: number): string {
  let start = text.length;
  let room = bytes;
  for (const character of [...text].reverse()) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    start -= character.length;
  }
  return text.slice(start);
}
