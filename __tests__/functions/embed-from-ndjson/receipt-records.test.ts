import fc from 'fast-check';
import { EDGE } from '../../../contracts/embedding';
import type { Point } from '../../../contracts/geometry';
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

describe('C13: a receipt that is read from right to left', () => {
  const hebrew = (text: string): string =>
    text.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) - 97 + 0x5d0));
  const mirrored = <Row extends LineRow>(row: Row): Row => {
    const mirror = ({ x, y }: Point): Point => ({ x: 1 - x, y });
    const { x, width } = row.bounding_box;
    return {
      ...row,
      text: hebrew(row.text),
      bounding_box: { ...row.bounding_box, x: 1 - x - width },
      top_left: mirror(row.top_right),
      top_right: mirror(row.top_left),
      bottom_left: mirror(row.bottom_right),
      bottom_right: mirror(row.bottom_left),
    };
  };
  const wordTexts = (rows: ReturnType<typeof layOut>): string[] =>
    receiptRecords(rows).words.map(({ embeddedText }) => embeddedText.replaceAll(EDGE, '-'));

  it('says of its words in reading order what its mirror image says, prices among them', () => {
    const priced = pages.map((page): Page => [[['shop']], ...page.map((row) => [...row, ['4.60']])]);
    fc.assert(
      fc.property(priced, (page) => {
        const { lines, words } = layOut(page);
        expect(wordTexts({ lines: lines.map(mirrored), words: words.map(mirrored) })).toEqual(
          wordTexts({ lines, words }).map(hebrew),
        );
      }),
    );
  });

  it('names the words at its left and right as they stand on the page', () => {
    const { lines, words } = layOut([[['one', 'two', 'three']]]);
    const [, second] = receiptRecords({ lines: lines.map(mirrored), words: words.map(mirrored) }).words;
    expect(second?.metadata).toMatchObject({ left: hebrew('three'), right: hebrew('one') });
  });

  it.each<[string, string[], string]>([
    ['a line goes by its first letter', ['12 שלום abc'], 'abc שלום 12'],
    ['that first letter may be Latin', ['12 abc שלום'], '12 abc שלום'],
    ['digits of other scripts are no letters', ['٣٤ abc def'], '٣٤ abc def'],
    ['a line without letters goes by most of the others', ['שלום', 'سلام', 'abc', '1 2 3'], '3 2 1'],
    ['and as it stands where these are as many as those', ['שלום', 'abc', '1 2 3'], '1 2 3'],
  ])('%s', (_what, texts, read) => {
    const rows = layOut(texts.map((text) => [text.split(' ')]));
    const last = rows.lines.at(-1)?.line_id;
    const middle = receiptRecords(rows).words.find(
      ({ metadata }) => metadata.line_id === last && metadata.word_id === 2,
    );
    expect(middle?.embeddedText.replaceAll(EDGE, '').trim()).toBe(read);
  });
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

test('A1: what was recognised in a word is no longer than Chroma Cloud takes', () => {
  const { lines, words } = layOut([[['x', 'y', 'z']]]);
  const long = 'é'.repeat(5_000);
  const recognised = words.map((word, index) => ({
    ...word,
    extracted_data: { type: index === 0 ? 'address' : 'url', value: long },
  }));
  const records = receiptRecords({ lines, words: recognised });
  const values = [...records.lines, ...records.words].flatMap(({ metadata }) =>
    [metadata.normalized_full_address, metadata.normalized_url].filter((each) => each !== undefined),
  );
  expect(values.map((value) => Buffer.byteLength(String(value)))).toEqual(values.map(() => 4_096));
  expect(values).toHaveLength(5);
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
