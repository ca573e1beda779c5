import type { LineRow } from '../../contracts/ndjson-rows';

const LETTER = /\p{L}/u;
/** The scripts that are written from right to left and that Unicode's bidirectional algorithm calls R or AL. */
const RIGHT_TO_LEFT =
  /[\p{Script=Adlam}\p{Script=Arabic}\p{Script=Hanifi_Rohingya}\p{Script=Hebrew}\p{Script=Mandaic}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Yezidi}]/u;

/**
 * The numbers of the lines that are read from right to left: those whose first letter is of such a script (Unicode
 * Standard Annex #9, rules P2 and P3). A line without letters, such as a price, is read as most of the page's others.
 */
export function rightToLeftLines(lines: readonly LineRow[]): ReadonlySet<number> {
  const letters = lines.map(({ text }) => LETTER.exec(text)?.[0]);
  const some = letters.filter((letter) => letter !== undefined);
  const isPageRightToLeft = some.filter(isRightToLeft).length * 2 > some.length;
  return new Set(
    lines
      .filter((_, index) => {
        const letter = letters[index];
        return letter === undefined ? isPageRightToLeft : isRightToLeft(letter);
      })
      .map(({ line_id }) => line_id),
  );
}

const isRightToLeft = (letter: string): boolean => RIGHT_TO_LEFT.test(letter);
