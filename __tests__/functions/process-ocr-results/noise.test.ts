// What the old system's own code said of hundreds of texts is compared in __tests__/functions/old-records.test.ts.
import { isNoise } from '../../../functions/process-ocr-results/noise';

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
