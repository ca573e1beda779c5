/**
 * A text without the characters at its beginning and its end that are to go. Not an expression: one that is looked for at
 * the end, such as `,+$`, is tried at each character of each run within the text, and a hundred thousand take a quarter of
 * a minute.
 *
 * @param goes - of a UTF-16 unit.
 */
export function withoutEnds(text: string, goes: (character: string) => boolean): string {
  let start = 0;
  let end = text.length;
  while (start < end && goes(text.charAt(start))) start += 1;
  while (start < end && goes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
