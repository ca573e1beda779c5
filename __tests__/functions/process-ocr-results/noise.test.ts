// What the old system's own code said of hundreds of texts is compared in __tests__/functions/old-records.test.ts.
import fc from 'fast-check';
import { isNoise } from '../../../functions/process-ocr-results/noise';
import { MANY, uninterrupted } from '../../support/uninterrupted';

test.each([
  '',
  '   ',
  '-----',
  '* * *',
  '.',
  '==========',
  '|',
  '…',
  '—',
  '«»',
  '~',
  '£-',
  '₹',
  '$$',
  ' - -\u0085',
])('%p carries no meaning', (text) => expect(isNoise(text)).toBe(true));

test.each(['a', '0', '$', '€', '$5', '2x', 'TOTAL', '5%', 'é', 'ñ', '漢字', 'Ω', '½', '№7'])(
  '%p carries meaning',
  (text) => expect(isNoise(text)).toBe(false),
);

test('a text is an amount by the old rule, whatever it is made of', () => {
  // The rule as the expression that it was, which takes a quadratic time.
  const amount = /^(?:[$€£¥]|[$€£¥][\p{Nd},]+\.?\p{Nd}*|[\p{Nd},]+\.?\p{Nd}*[$€£¥])$/u;
  const characters = fc.constantFrom(...'$€1٣,.-');
  fc.assert(
    fc.property(fc.string({ unit: characters, minLength: 1 }), (text) => {
      const isAmount = amount.test(text);
      // What is none, and has no digit, carries no meaning.
      expect(isNoise(text)).toBe(!isAmount && !/\p{Nd}/u.test(text));
    }),
  );
});

test.each([
  ['digits', '1'.repeat(MANY)],
  ['digits behind a sign, and no amount', `$${'1'.repeat(MANY)}x`],
  ['digits behind a point', `1.${'1'.repeat(MANY)}x`],
  ['spaces in it', `a${' '.repeat(MANY)}b`],
])('a text of a million %s is judged', (_what, text) => {
  expect(uninterrupted(() => isNoise(text))).toBe(false);
});
