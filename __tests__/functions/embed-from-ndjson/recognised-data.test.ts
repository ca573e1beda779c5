// What the old system's own code made of many values is compared in __tests__/functions/old-records.test.ts.
import fc from 'fast-check';
import type { WordRow } from '../../../contracts/ndjson-rows';
import { normalizedData } from '../../../functions/embed-from-ndjson/recognised-data';
import { layOut } from '../../support/pages';
import { MANY, uninterrupted } from '../../support/uninterrupted';

const [word] = layOut([[['x']]]).words;
const address = (value: string) =>
  normalizedData({ ...word, extracted_data: { type: 'address', value } } as WordRow).normalized_full_address;

test('an address and each of its parts lose the marks at their ends, and nothing else', () => {
  const characters = fc.constantFrom(...',.;:|/\\- \tA1é🧾');
  fc.assert(
    fc.property(fc.string({ unit: characters, minLength: 1 }), (value) => {
      // The rule as expressions, which take a quadratic time.
      const whole = value
        .toUpperCase()
        .replace(/\s+/gu, ' ')
        .replace(/^[,.;:|/\\\- \t]+|[,.;:|/\\\- \t]+$/gu, '');
      const parts = whole.split(' ').map((part) => part.replace(/^[,.;:|/\\-]+|[,.;:|/\\-]+$/gu, ''));
      expect(address(value) ?? '').toBe(parts.join(' '));
    }),
  );
});

test.each([',', ', '])('an address with a million of %j in it is normalized', (mark) => {
  const value = `a${mark.repeat(MANY)}b`;
  expect(uninterrupted(() => address(value))).toMatch(/^A.*B$/);
});
