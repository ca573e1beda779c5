import fc from 'fast-check';
import { isBlank, strip } from '../../../functions/shared/whitespace';
import { MANY, uninterrupted } from '../../support/uninterrupted';

/** The rule as one expression, which takes a quadratic time. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const ENDS = new RegExp(`^${SPACE}|${SPACE}$`, 'gu');

test('a text loses the whitespace at its ends, as Python sees it, and nothing else', () => {
  const characters = fc.constantFrom(...' \t\n\r\x1c\x1f\x85\xa0\u1680\u200b\u2028\u3000\ufeffa.🧾\ud83e');
  fc.assert(
    fc.property(fc.string({ unit: characters }), (text) => {
      expect(strip(text)).toBe(text.replace(ENDS, ''));
      expect(isBlank(text)).toBe(text.replace(ENDS, '') === '');
    }),
  );
});

test.each([
  ['between two letters', `a${' '.repeat(MANY)}b`, MANY + 2],
  ['and nothing else', ' '.repeat(MANY), 0],
])('a text of a million spaces %s is stripped', (_where, text, length) => {
  expect(uninterrupted(() => strip(text))).toHaveLength(length);
});
