import fc from 'fast-check';
import { EDGE } from '../../../contracts/embedding';
import type { LineRow } from '../../../contracts/ndjson-rows';
import { STRAIGHT, turned } from '../../../demo/receipts/lay-out';
import { receiptRecords } from '../../../functions/embed-from-ndjson/receipt-records';
import { layOut, type Page } from '../../support/pages';

const word = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
  fc.constantFrom('---', '*', '.'),
);
const wordsOfLine = fc.array(word, { minLength: 1, maxLength: 4 });
const pages: fc.Arbitrary<Page> = fc.array(fc.array(wordsOfLine, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 6,
});

/** What a page's records say, without their places. */
const said = (page: Page, camera = STRAIGHT) => {
  const { lines, words } = receiptRecords(layOut(page, camera));
  return {
    lines: lines.map(({ document, embeddedText, metadata }) => [
      metadata.row_line_ids,
      document,
      embeddedText,
    ]),
    words: words.map(({ document, embeddedText }) => [document, embeddedText]),
  };
};
const rowsOf = (lines: readonly LineRow[]): string[] =>
  receiptRecords({ lines, words: [] }).lines.map(({ document }) => document);

test('a name and its price are one record, of the row; a word’s neighbours are those of the row', () => {
  expect(said([[['CAFE']], [['Flat', 'white'], ['4.60']]])).toEqual({
    lines: [
      ['[1]', 'CAFE', `${EDGE}\nCAFE\nFlat white 4.60`],
      ['[2, 3]', 'Flat white 4.60', `CAFE\nFlat white 4.60\n${EDGE}`],
    ],
    words: [
      ['CAFE', `${EDGE} ${EDGE} CAFE ${EDGE} ${EDGE}`],
      ['Flat', `${EDGE} ${EDGE} Flat white 4.60`],
      ['white', `${EDGE} Flat white 4.60 ${EDGE}`],
      ['4.60', `Flat white 4.60 ${EDGE} ${EDGE}`],
    ],
  });
});

test('a noisy word has no record but stays a neighbour; a row of noise has one', () => {
  const { lines, words } = said([[['-----']], [['left', '*', 'right']]]);
  expect(lines.map(([, document]) => document)).toEqual(['-----', 'left * right']);
  expect(words).toEqual([
    ['left', `${EDGE} ${EDGE} left * right`],
    ['right', `left * right ${EDGE} ${EDGE}`],
  ]);
});

test('A1: a row of blank text has no record, but parts its neighbours', () => {
  const { lines, words } = layOut([[['above']], [['blank']], [['below']]]);
  const blanked = lines.map((line) => (line.text === 'blank' ? { ...line, text: ' \u0085' } : line));
  const records = receiptRecords({ lines: blanked, words }).lines;
  expect(records.map(({ embeddedText }) => embeddedText)).toEqual([
    `${EDGE}\nabove\n \u0085`,
    ` \u0085\nbelow\n${EDGE}`,
  ]);
});

test('A1: however the receipt was photographed, its records say the same', () => {
  fc.assert(
    fc.property(
      pages,
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: 0.4, max: 2.5, noNaN: true }),
      (page, degrees, aspect) => {
        expect(said(page, turned(degrees, aspect))).toEqual(said(page));
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
      ([page, lines, words]) => expect(receiptRecords({ lines, words })).toEqual(receiptRecords(page)),
    ),
  );
});

test('every line is in one row, every meaningful word has one record, and each text holds its document', () => {
  fc.assert(
    fc.property(pages, (page) => {
      const rows = layOut(page);
      const { lines, words } = receiptRecords(rows);
      const ids = lines.flatMap(({ metadata }) => JSON.parse(String(metadata.row_line_ids)));
      expect(ids.sort((a, b) => a - b)).toEqual(rows.lines.map(({ line_id }) => line_id));
      expect(words.map(({ document }) => document)).toEqual(
        rows.words.filter(({ is_noise }) => !is_noise).map(({ text }) => text),
      );
      for (const { document, embeddedText } of lines) expect(embeddedText.split('\n')[1]).toBe(document);
      for (const { document, embeddedText } of words) {
        const parts = embeddedText.split(' ');
        expect(parts).toHaveLength(5);
        expect(parts[2]).toBe(document);
      }
    }),
  );
});

test('an empty receipt has no records', () => {
  expect(receiptRecords({ lines: [], words: [] })).toEqual({ lines: [], words: [] });
});

test('lines whose corners all lie on one point go by their boxes', () => {
  const dot = { x: 0.5, y: 0.5 };
  const flat = layOut([[['first']], [['second']]]).lines.map((line) => ({
    ...line,
    top_left: dot,
    top_right: dot,
    bottom_left: dot,
    bottom_right: dot,
  }));
  expect(rowsOf(flat)).toEqual(['first', 'second']);
});

test('A1: a document and a metadata value are no longer than Chroma Cloud takes', () => {
  const long = '🧾'.repeat(5_000);
  const { lines, words } = receiptRecords(layOut([[[long]]]));
  for (const record of [...lines, { ...words[0], ...lines[0] }]) {
    expect(Buffer.byteLength(record.document ?? '')).toBe(16_384);
    expect(Buffer.byteLength(String(record.metadata?.text))).toBe(4_096);
  }
});

test('the line ids of a row are all there as long as Chroma Cloud takes them, and then the first of them, as a list', () => {
  const [line] = layOut([[['x']]]).lines;
  const listed = (lines: number) => {
    const row = Array.from({ length: lines }, (_, index) => ({ ...line, line_id: index + 1 }) as LineRow);
    const [record] = receiptRecords({ lines: row, words: [] }).lines;
    return String(record?.metadata.row_line_ids);
  };
  const isCut: boolean[] = [];
  for (let lines = 838; lines < 844; lines++) {
    const list = listed(lines);
    const ids: number[] = JSON.parse(list);
    const whole = Array.from({ length: lines }, (_, index) => index + 1);
    expect(ids).toEqual(whole.slice(0, ids.length));
    expect(list.length).toBeLessThanOrEqual(4_096);
    // One more would have been too many.
    const next = ids.length < lines ? `, ${ids.length + 1}`.length : Number.POSITIVE_INFINITY;
    expect(list.length + next).toBeGreaterThan(4_096);
    isCut.push(ids.length < lines);
  }
  expect(new Set(isCut)).toEqual(new Set([false, true]));
});
