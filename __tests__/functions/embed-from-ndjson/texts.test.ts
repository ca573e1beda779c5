import fc from 'fast-check';
import { EDGE } from '../../../contracts/embedding';
import { STRAIGHT, turned } from '../../../demo/receipts/lay-out';
import { beginning, lineTexts, wordTexts } from '../../../functions/embed-from-ndjson/texts';
import { layOut, type Page } from '../../support/pages';

const meaningful = fc.stringMatching(/^[a-z]{1,6}$/);
const noise = fc.constantFrom('---', '*', '.');
const wordsOfLine = fc.array(fc.oneof({ weight: 4, arbitrary: meaningful }, noise), {
  minLength: 1,
  maxLength: 4,
});
const pages: fc.Arbitrary<Page> = fc.array(fc.array(wordsOfLine, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 6,
});

const documents = (page: Page, camera = STRAIGHT) => {
  const { lines, words } = layOut(page, camera);
  return {
    lines: lineTexts(lines).map(({ row, text }) => [row.line_id, text]),
    words: wordTexts(lines, words).map(({ row, text }) => [row.line_id, row.word_id, text]),
  };
};

test('a line is embedded with the visual rows above and below it', () => {
  const page = [[['CAFE']], [['Flat', 'white'], ['4.60']], [['Total'], ['4.60']]];
  expect(documents(page).lines).toEqual([
    [1, `${EDGE}\nCAFE\nFlat white 4.60`],
    [2, 'CAFE\nFlat white 4.60\nTotal 4.60'],
    [3, 'CAFE\nFlat white 4.60\nTotal 4.60'],
    [4, `Flat white 4.60\nTotal 4.60\n${EDGE}`],
    [5, `Flat white 4.60\nTotal 4.60\n${EDGE}`],
  ]);
});

test('a logo that is as high as two rows is in neither, since its centre lies between them', () => {
  const { lines } = layOut([
    [['LOGO'], ['first']],
    [['left'], ['second']],
  ]);
  const [logo, first, , second] = lines;
  if (!logo || !first || !second) throw new Error('The page was laid out in another way.');
  const tall = {
    ...logo,
    bottom_left: { ...logo.bottom_left, y: second.bottom_left.y },
    bottom_right: { ...logo.bottom_right, y: second.bottom_right.y },
  };
  expect(lineTexts([tall, first, second]).map(({ text }) => text)).toEqual([
    `${EDGE}\nfirst\nLOGO`,
    `first\nLOGO\nsecond`,
    `LOGO\nsecond\n${EDGE}`,
  ]);
});

test('a word is embedded with two words to each side on its visual row, across its lines', () => {
  expect(documents([[['one', 'two', 'three'], ['4.60']]]).words).toEqual([
    [1, 1, `${EDGE} ${EDGE} one two three`],
    [1, 2, `${EDGE} one two three 4.60`],
    [1, 3, `one two three 4.60 ${EDGE}`],
    [2, 1, `two three 4.60 ${EDGE} ${EDGE}`],
  ]);
});

test('noise has no text, is in none, and does not part its neighbours', () => {
  const { lines, words } = documents([[['above']], [['-----']], [['left', '*', 'right']]]);
  expect(lines).toEqual([
    [1, `${EDGE}\nabove\nleft * right`],
    [3, `above\nleft * right\n${EDGE}`],
  ]);
  expect(words).toEqual([
    [1, 1, `${EDGE} ${EDGE} above ${EDGE} ${EDGE}`],
    [3, 1, `${EDGE} ${EDGE} left right ${EDGE}`],
    [3, 3, `${EDGE} left right ${EDGE} ${EDGE}`],
  ]);
});

test('however the receipt was photographed, its texts are the same', () => {
  fc.assert(
    fc.property(
      pages,
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 0.4, max: 2.5, noNaN: true }),
      (page, degrees, aspect) => {
        expect(documents(page, turned(degrees, aspect))).toEqual(documents(page));
      },
    ),
  );
});

test('the order of the rows in the file does not matter', () => {
  fc.assert(
    fc.property(
      pages.chain((page) => {
        const { lines, words } = layOut(page);
        return fc.tuple(
          fc.constant({ lines, words }),
          fc.shuffledSubarray(lines, { minLength: lines.length }),
          fc.shuffledSubarray(words, { minLength: words.length }),
        );
      }),
      ([page, lines, words]) => {
        expect(lineTexts(lines)).toEqual(lineTexts(page.lines));
        expect(wordTexts(lines, words)).toEqual(wordTexts(page.lines, page.words));
      },
    ),
  );
});

test('every meaningful row has exactly one text, which holds its own, and noise has none', () => {
  fc.assert(
    fc.property(pages, (page) => {
      const { lines, words } = layOut(page);
      const embedded = [...lineTexts(lines), ...wordTexts(lines, words)];
      const wanted = [...lines, ...words].filter(({ is_noise }) => !is_noise);
      expect(new Set(embedded.map(({ row }) => row))).toEqual(new Set(wanted));
      expect(embedded).toHaveLength(wanted.length);
      for (const { row, text } of embedded) expect(text).toContain(row.text);
    }),
  );
});

test('a word always has four neighbours or edges, and edges only outside', () => {
  fc.assert(
    fc.property(pages, (page) => {
      const { lines, words } = layOut(page);
      for (const { row, text } of wordTexts(lines, words)) {
        const parts = text.split(' ');
        expect(parts).toHaveLength(5);
        expect(parts[2]).toBe(row.text);
        expect(parts.join(' ')).toMatch(/^(<EDGE> ){0,2}[^<]*( <EDGE>){0,2}$/);
      }
    }),
  );
});

test('an empty receipt has no texts', () => {
  expect(lineTexts([])).toEqual([]);
  expect(wordTexts([], [])).toEqual([]);
});

test('lines whose corners all lie on one point do not break the others', () => {
  const { lines } = layOut([[['first']], [['second']]]);
  const dot = { x: 0.5, y: 0.5 };
  const flat = lines.map((line) => ({
    ...line,
    top_left: dot,
    top_right: dot,
    bottom_left: dot,
    bottom_right: dot,
  }));
  expect(lineTexts(flat).map(({ text }) => text)).toEqual(Array(2).fill(`${EDGE}\nfirst second\n${EDGE}`));
});

test('a text of many bytes is cut at the limit of the model, never inside a character', () => {
  const { lines } = layOut([[['🧾'.repeat(9_000).concat('x')]]]);
  const [long] = lineTexts(lines);
  expect(Buffer.byteLength(long?.text ?? '')).toBeLessThanOrEqual(8_191);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 40 }), (text, bytes) => {
      const start = beginning(text, bytes);
      expect(text.startsWith(start)).toBe(true);
      expect(Buffer.byteLength(start)).toBeLessThanOrEqual(bytes);
      expect(Buffer.from(start).toString()).toBe(start);
      const [next] = [...text.slice(start.length)];
      if (next !== undefined) expect(Buffer.byteLength(start + next)).toBeGreaterThan(bytes);
    }),
  );
});
