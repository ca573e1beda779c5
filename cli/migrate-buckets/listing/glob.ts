/** Says whether a key fits a pattern. */
export interface Glob {
  test(key: string): boolean;
}

/** Of a pattern: a star, or what one character has to be. */
type Part = typeof STAR | RegExp;
const STAR = '*';

/**
 * A pattern of the AWS CLI's filters (`aws s3 sync --exclude`), which are those of Python's fnmatch: it is for the
 * whole key. `*` stands for anything, slashes too; `?` for one character; `[abc]`, `[a-z]` for one of these and
 * `[!abc]` for one that is none of them. Upper and lower case differ. Nothing is escaped but by brackets: `[*]`. Pure.
 *
 * No regular expression for the whole: with a few stars, one takes minutes for a key that somebody made for it.
 */
export function globOf(pattern: string): Glob {
  const parts = partsOf(pattern);
  return { test: (key) => fits(parts, [...key]) };
}

/** Goes back to the last star alone: it takes at most as many steps as both lengths multiplied. */
function fits(parts: readonly Part[], characters: readonly string[]): boolean {
  let part = 0;
  let [afterStar, from] = [-1, 0];
  for (let at = 0; at < characters.length; ) {
    const expected = parts[part];
    if (expected === STAR) {
      part++;
      [afterStar, from] = [part, at];
    } else if (expected?.test(characters[at] ?? '') === true) {
      part++;
      at++;
    } else if (afterStar === -1) return false;
    else {
      from++;
      [part, at] = [afterStar, from];
    }
  }
  return parts.slice(part).every((each) => each === STAR);
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  const add = (source: string) => parts.push(new RegExp(`^${source}$`, 'su'));
  // By characters, not by UTF-16 units: one of a higher plane is one.
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    const end = character === '[' ? closing(characters, index) : undefined;
    if (character === '*') parts.push(STAR);
    else if (character === '?') add('.');
    else if (end === undefined) add(escaped(character));
    else {
      add(oneOf(characters.slice(index + 1, end)));
      index = end;
    }
  }
  return parts;
}

/** Where a bracket closes: a `]` that comes first is one of the characters. Undefined: it is no set. */
function closing(characters: readonly string[], open: number): number | undefined {
  const first = characters[open + 1] === '!' ? open + 2 : open + 1;
  const end = characters.indexOf(']', first + 1);
  return end === -1 ? undefined : end;
}

function oneOf(set: readonly string[]): string {
  const [negated, members] = set[0] === '!' ? [true, set.slice(1)] : [false, [...set]];
  const parts: string[] = [];
  for (let index = 0; index < members.length; index++) {
    const [from = '', dash, to] = members.slice(index, index + 3);
    if (dash === '-' && to !== undefined) {
      // As in Python, a range that runs backwards holds nothing.
      if (codeOf(from) <= codeOf(to)) parts.push(`${escaped(from)}-${escaped(to)}`);
      index += 2;
    } else parts.push(escaped(from));
  }
  return negated ? `[^${parts.join('')}]` : `[${parts.join('')}]`;
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

const escaped = (character: string): string => `\\u{${codeOf(character).toString(16)}}`;
