import fc from 'fast-check';
import { byteLength, tokenCounter } from '../../../functions/embed-from-ndjson/tokens';

/** OpenAI cookbook, "How to count tokens with tiktoken", the lines of cl100k_base. */
test.each([
  ['antidisestablishmentarianism', 6],
  ['2 + 2 = 4', 7],
  ['お誕生日おめでとう', 9],
])('C10: %s has as many tokens as OpenAI says', (text, tokens) => {
  for (const model of ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002']) {
    expect(tokenCounter(model)(text)).toBe(tokens);
  }
});

test('what looks like one of the model’s own marks is text like any other', () => {
  expect(tokenCounter('text-embedding-3-small')('<|endoftext|>')).toBeGreaterThan(1);
});

test('C10: no text has more tokens than bytes, so that both are upper bounds; long texts count by bytes', () => {
  const count = tokenCounter('text-embedding-3-small');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) =>
      expect(count(text)).toBeLessThanOrEqual(byteLength(text)),
    ),
  );
  expect(count('é'.repeat(512))).toBeLessThan(1_024);
  expect(count('é'.repeat(513))).toBe(1_026);
});

test('models of others count by bytes', () => {
  expect(tokenCounter('my-text-embedding-3-small')).toBe(byteLength);
});
