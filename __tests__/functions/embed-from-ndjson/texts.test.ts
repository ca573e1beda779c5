import fc from 'fast-check';
import { EDGE } from '../../../contracts/embedding';
import { beginning, ending, rowTexts, wordText } from '../../../functions/embed-from-ndjson/texts';

const LIMIT = 8_191;
const bytes = (text: string | undefined): number => Buffer.byteLength(text ?? '');

test('a row is embedded with the row above it and the row below it', () => {
  expect(rowTexts(['CAFE', 'Flat white 4.60', 'Total 4.60'])).toEqual([
    `${EDGE}\nCAFE\nFlat white 4.60`,
    'CAFE\nFlat white 4.60\nTotal 4.60',
    `Flat white 4.60\nTotal 4.60\n${EDGE}`,
  ]);
  expect(rowTexts([])).toEqual([]);
});

test('a word is embedded with two words to each side, the nearest beside it and edges outside', () => {
  expect(wordText(['near', 'far'], 'word', ['near', 'far'])).toBe('far near word near far');
  expect(wordText(['near'], 'word', ['near'])).toBe(`${EDGE} near word near ${EDGE}`);
  expect(wordText([], 'word', [])).toBe(`${EDGE} ${EDGE} word ${EDGE} ${EDGE}`);
});

test('A1: a text over the model’s limit is cut from its far ends, and never loses itself', () => {
  const [, text = ''] = rowTexts([`far${'a'.repeat(9_000)}near`, 'ITSELF', `near${'b'.repeat(9_000)}far`]);
  expect(bytes(text)).toBe(LIMIT);
  expect(text).toMatch(/^a+near\nITSELF\nnearb+$/);
  const [above, below] = text.split('ITSELF').map(bytes);
  expect(Math.abs((above ?? 0) - (below ?? 0))).toBeLessThanOrEqual(1);
});

test.each([
  ['above', ['x'.repeat(9_000), 'ITSELF', 'b'], /^x{8182}\nITSELF\nb$/],
  ['below', ['a', 'ITSELF', 'x'.repeat(9_000)], /^a\nITSELF\nx{8182}$/],
  ['in itself', ['a', `MY${'x'.repeat(9_000)}`, 'b'], /^a\nMYx{8185}\nb$/],
  ['all over', ['x', 'y', 'z'].map((each) => each.repeat(9_000)), /^x{1022}\ny{6144}\nz{1023}$/],
])(
  'A1, C13: what is long %s takes what the others leave, and leaves them their share',
  (_where, rows, expected) => {
    expect(rowTexts(rows)[1]).toMatch(expected);
  },
);

test('A1, C13: no text is over the limit, each holds three quarters of its own and what stands beside it, and no character is torn', () => {
  const long = (...units: string[]) =>
    fc
      .tuple(fc.constantFrom(...units), fc.integer({ min: 1, max: 9_000 }))
      .map(([unit, times]) => unit.repeat(times));
  fc.assert(
    fc.property(long('a', 'é'), long('漢', '🧾', 'x'), long('b', 'ö'), (before, own, after) => {
      for (const [text = '', between] of [
        [rowTexts([before, own, after])[1], '\n'],
        [wordText([before], own, [after]), ' '],
      ] as const) {
        expect(bytes(text)).toBeLessThanOrEqual(LIMIT);
        expect(Buffer.from(text).toString()).toBe(text);
        const start = text.indexOf(between + beginning(own, 4));
        const [kept = ''] = text.slice(start + 1).split(between);
        expect(own.startsWith(kept)).toBe(true);
        expect(bytes(kept)).toBeGreaterThanOrEqual(Math.min(bytes(own), (LIMIT * 3) / 4 - 4));
        expect(text.slice(0, start).endsWith(ending(before, 4))).toBe(true);
        expect(text.slice(start + 1 + kept.length).startsWith(between + beginning(after, 4))).toBe(true);
      }
    }),
  );
});

test('the beginning and the end of a text are the longest that fit, never inside a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 40 }), (text, room) => {
      const [start, end] = [beginning(text, room), ending(text, room)];
      expect(text.startsWith(start) && text.endsWith(end)).toBe(true);
      for (const part of [start, end]) {
        expect(bytes(part)).toBeLessThanOrEqual(room);
        expect(Buffer.from(part).toString()).toBe(part);
      }
      const [next] = [...text.slice(start.length)];
      if (next !== undefined) expect(bytes(start + next)).toBeGreaterThan(room);
      const last = [...text.slice(0, text.length - end.length)].at(-1);
      if (last !== undefined) expect(bytes(last + end)).toBeGreaterThan(room);
    }),
  );
});
