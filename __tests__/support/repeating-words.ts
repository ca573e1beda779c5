import type { HashedRecord } from '../../contracts/delta';
import { embedText } from '../../demo/embedding-endpoint/embed-text';

const GOODS = 'APPLE BREAD MILK CHEESE EGGS BUTTER COFFEE TEA RICE PASTA BEANS SOAP PAPER GUM WATER'.split(
  ' ',
);

/** A receipt's words, each embedded with its neighbours. Nine of about 23 are the same on every receipt. */
export function wordsOf(receipt: number, dimensions: number): HashedRecord[] {
  const goods = [0, 1, 2, 3].map((good) => {
    const price = (((receipt * 37 + good * 11) % 300) / 10).toFixed(2);
    return `${GOODS[(receipt * 7 + good * 4) % GOODS.length]} ${GOODS[(receipt + good) % GOODS.length]} ${price}`;
  });
  const lines = [
    `MERCHANT ${receipt % 12} STORE`,
    'THANK YOU FOR SHOPPING',
    ...goods,
    'TAX',
    'TOTAL',
    'CASH',
  ];
  return lines.flatMap((line, lineNumber) => {
    const words = line.split(' ');
    return words.map((word, index) => {
      const text = [words[index - 1] ?? '', word, words[index + 1] ?? ''].join(' ');
      const id = `${receipt}-${lineNumber}-${index}`;
      return { id, document: word, metadata: {}, contentHash: '', embedding: embedText(text, dimensions) };
    });
  });
}
