import { EDGE } from '../../contracts/embedding';
import type { LineRow, WordRow } from '../../contracts/ndjson-rows';
import { leftToRight, visualRows } from './visual-rows';

/** A row of NDJSON and the text that is embedded for it. */
export interface EmbeddableText<Row> {
  readonly row: Row;
  readonly text: string;
}

/** How many words of context a word carries on either side. */
const WORDS_AROUND = 2;

/**
 * The longest text that is embedded; the rest is cut off. OpenAI's models read 8,191 tokens and a token has
 * at least one byte, so that no text is ever refused for its length. Bytes of UTF-8.
 */
const LONGEST_TEXT = 8_191;

/**
 * Text format 1 for lines: the visual row above, the line's own visual row and the row below, one a line of
 * text, {@link EDGE} where there is none. Lines of one row share their text. Noise has no text and is in none.
 */
export function lineTexts(lines: readonly LineRow[]): EmbeddableText<LineRow>[] {
  const rows = visualRows(lines.filter(isMeaningful));
  const texts = rows.map((row) => row.map(textOf).join(' '));
  return rows.flatMap((row, index) => {
    const text = cut([texts[index - 1] ?? EDGE, texts[index], texts[index + 1] ?? EDGE].join('\n'));
    return row.map((line) => ({ row: line, text }));
  });
}

/**
 * Text format 1 for words: two words to the left, the word, two words to the right on its visual row, padded
 * with {@link EDGE}. A word's row is that of its line, since marks like `.` have a span too small to place
 * them. Noise has no text and is in none.
 */
export function wordTexts(lines: readonly LineRow[], words: readonly WordRow[]): EmbeddableText<WordRow>[] {
  const wordsOfLine = new Map<number, WordRow[]>(lines.map(({ line_id }) => [line_id, []]));
  for (const word of words.filter(isMeaningful)) wordsOfLine.get(word.line_id)?.push(word);
  const padding = Array.from({ length: WORDS_AROUND }, () => EDGE);
  return visualRows(lines).flatMap((rowOfLines) => {
    const row = leftToRight(
      rowOfLines.flatMap(({ line_id }) => wordsOfLine.get(line_id) ?? []),
      lines,
    );
    const padded = [...padding, ...row.map(textOf), ...padding];
    return row.map((word, index) => ({
      row: word,
      text: cut(padded.slice(index, index + 2 * WORDS_AROUND + 1).join(' ')),
    }));
  });
}

const textOf = ({ text }: LineRow): string => text.replace(/\s+/gu, ' ').trim();

const isMeaningful = (row: LineRow): boolean => !row.is_noise && textOf(row) !== '';

/** The longest beginning of a text that has at most so many bytes of UTF-8; no character is torn. */
export function beginning(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

const cut = (text: string): string => beginning(text, LONGEST_TEXT);
