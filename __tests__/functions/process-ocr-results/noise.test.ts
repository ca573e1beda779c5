import { isNoise } from '../../../functions/process-ocr-results/noise';

test.each(['', '   ', '-----', '* * *', '.', '==========', '|', '…', '—', '«»', '~'])(
  '%p carries no meaning',
  (text) => expect(isNoise(text)).toBe(true),
);

test.each(['a', '0', '$', '€', '£-', '2x', 'TOTAL', '5%', 'é', 'ñ', '漢字', 'Ω', '½', '№7'])(
  '%p carries meaning',
  (text) => expect(isNoise(text)).toBe(false),
);
