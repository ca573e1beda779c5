import fc from 'fast-check';
import { globOf } from '../../../../cli/migrate-buckets/listing/glob';
import { key } from '../arbitrary-listings';

/** As `fnmatch.fnmatchcase` of Python 3.11 answers. */
it.each([
  ['*', 'lines/delta/a', true],
  ['lines/*', 'lines/delta/a/b', true],
  ['lines/*', 'words/lines/a', false],
  ['lines', 'lines/a', false],
  ['*.tmp', 'a/b.tmp', true],
  ['*.tmp', 'a/b.tmpx', false],
  ['*.tmp', 'a/b-tmp', false],
  ['a**b', 'a/x/b', true],
  ['a*b*c', 'axbxc', true],
  ['a*b*c', 'axcxb', false],
  ['?', 'a', true],
  ['?', '/', true],
  ['?', '𝒳', true],
  ['?', 'ab', false],
  ['?', '', false],
  ['*', 'line\nbreak', true],
  ['?', '\n', true],
  ['A', 'a', false],
  ['[ab]', 'b', true],
  ['[ab]', 'c', false],
  ['[!ab]', 'c', true],
  ['[!ab]', 'a', false],
  ['[!ab]', '!', true],
  ['[!ab]', 'S', true],
  ['[ab]', 'S', false],
  ['[ab]', '\u0000', false],
  ['[axc]', 'x', true],
  ['[a-a]', 'a', true],
  ['[^ab]', '^', true],
  ['[^ab]', 'c', false],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['[c-a]', 'b', false],
  ['[!c-a]', 'b', true],
  ['[a-]', '-', true],
  ['[-a]', '-', true],
  ['[]]', ']', true],
  ['[!]]', 'a', true],
  ['[!]]', ']', false],
  ['[]', '[]', true],
  ['[!]', '[!]', true],
  ['[a', '[a', true],
  ['abc]', 'abc]', true],
  ['abc]', 'b', false],
  ['[*]', '*', true],
  ['[*]', 'a', false],
  ['[𝒳]', '𝒳', true],
  ['[\\]', '\\', true],
  ['a.b', 'axb', false],
  ['(a|b)', 'a', false],
  ['(a|b)', '(a|b)', true],
  ['{a,b}', 'a', false],
  ['!a', '!a', true],
  ['./a', 'a', false],
  ['a$', 'a', false],
  ['a', 'a\n', false],
])('of %j, that it fits %j is %p', (pattern, text, fits) => {
  expect(globOf(pattern).test(text)).toBe(fits);
});

// Each took minutes or more by a regular expression: a key that somebody made must not hold the program up.
it.each([
  [`${'*'.repeat(40)}x`, 'a'.repeat(1000)],
  ['*/*/*/*/*.tmp', '/'.repeat(1000)],
  [`${'*a'.repeat(20)}*b`, 'a'.repeat(1000)],
])('comes to its end with %j, whatever the key', (pattern, text) => {
  expect(globOf(pattern).test(text)).toBe(false);
});

it('answers as a regular expression would that tries everything', () => {
  const part = fc.constantFrom('*', '?', 'a', 'b');
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 7 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 }),
      (parts, text) => {
        const all = parts.join('').replaceAll('?', '.').replaceAll('*', '.*');
        expect(globOf(parts.join('')).test(text)).toBe(new RegExp(`^${all}$`).test(text));
      },
    ),
    { numRuns: 1000 },
  );
});

it('fits what it is itself, where nothing in it has a meaning', () => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      fc.pre(!/[*?[]/.test(one));
      expect(globOf(one).test(one)).toBe(true);
      expect(globOf(one).test(other)).toBe(one === other);
      for (const pattern of ['*', `${one}*`, `*${one}`, `*${one}*`, `${one}**`]) {
        expect(globOf(pattern).test(one)).toBe(true);
      }
    }),
  );
});
