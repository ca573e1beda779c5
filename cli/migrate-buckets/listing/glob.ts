/**
 * A pattern of the AWS CLI's filters (`aws s3 sync --exclude`), which are those of Python's fnmatch: it is for the
 * whole key. `*` stands for anything, slashes too; `?` for one character; `[abc]`, `[a-z]` for one of these and
 * `[!abc]` for one that is none of them. Upper and lower case differ. Nothing is escaped but by brackets: `[*]`. Pure.
 */
export function globOf(pattern: string): RegExp {
  let source = '';
  // By characters, not by UTF-16 units: one of a higher plane is one.
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? '';
    if (character === '*') {
      if (characters[index - 1] !== '*') source += '.*';
    } else if (character === '?') source += '.';
    else if (character === '[') {
      const end = closing(characters, index);
      if (end === undefined) source += '\\[';
      else {
        source += oneOf(characters.slice(index + 1, end));
        index = end;
      }
    } else source += escaped(character);
  }
  return new RegExp(`^${source}$`, 'su');
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
