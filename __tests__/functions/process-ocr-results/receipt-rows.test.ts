import fc from 'fast-check';
import type { Region } from '../../../contracts/geometry';
import { layOut, turned } from '../../../demo/receipts/lay-out';
import { textractResult, visionResult } from '../../../demo/receipts/ocr-results';
import { OCR_RESULTS } from '../../../demo/receipts/receipts';
import { IMAGE_ID } from '../../support/pages';
import { receiptOfFile } from '../../support/receipt-of-file';
import { RECORDED_OCR, recordedOcr } from '../../support/recorded-ocr';

const receipt = { imageId: IMAGE_ID, receiptId: 3 };
const read = (value: unknown) => receiptOfFile(Buffer.from(JSON.stringify(value)), receipt);
const parsed = (result: string | Buffer) => JSON.parse(String(result));

const FIGURES = {
  'vision-supermarket': [17, 35, 'HARVEST LANE MARKET', 1.2],
  'vision-coffee-shop': [9, 18, 'BLUE HERON COFFEE', -93],
  'textract-pharmacy': [12, 21, 'WILLOWBROOK PHARMACY', -1.6],
  'textract-hardware-store': [7, 12, 'COPPER NAIL HARDWARE', 0.8],
} as const;

test.each([
  ...RECORDED_OCR.map((name) => ['recorded', name, recordedOcr(name)] as const),
  ...Object.entries(OCR_RESULTS).map(
    ([name, result]) => ['made', name as keyof typeof FIGURES, Buffer.from(result)] as const,
  ),
])('the %s %s gives its lines and words, numbered from 1, with their angle', (_how, name, result) => {
  const [lines, words, title, angle] = FIGURES[name];
  const rows = receiptOfFile(result, receipt);
  expect(rows.lines.map(({ line_id }) => line_id)).toEqual(Array.from({ length: lines }, (_, i) => i + 1));
  expect(rows.words).toHaveLength(words);
  expect(rows.lines[0]).toMatchObject({ image_id: IMAGE_ID, receipt_id: 3, text: title });
  expect(rows.lines[0]?.angle_degrees).toBeCloseTo(angle, 0);
  for (const line of rows.lines) {
    const own = rows.words.filter(({ line_id }) => line_id === line.line_id);
    expect(own.map(({ word_id }) => word_id)).toEqual(own.map((_, index) => index + 1));
    expect(own.map(({ text }) => text).join(' ')).toBe(line.text);
  }
});

test('the same receipt gives the same geometry through Vision and through Textract', () => {
  const lines = layOut([['TOTAL', '4.60'], ['Thanks']], turned(4));
  const vision = read(visionResult(lines));
  const textract = read(textractResult(lines));
  vision.lines.forEach((line, index) => {
    const other = textract.lines[index];
    expect(other?.text).toBe(line.text);
    for (const corner of ['top_left', 'top_right', 'bottom_left', 'bottom_right', 'bounding_box'] as const) {
      expect(other?.[corner].x).toBeCloseTo(line[corner].x, 9);
      expect(other?.[corner].y).toBeCloseTo(line[corner].y, 9);
    }
  });
});

test('a receipt on which nothing was found has no rows', () => {
  const nothing = { lines: [], words: [], clamped: 0 };
  expect(read({ lines: [] })).toEqual(nothing);
  expect(read({ DocumentMetadata: { Pages: 1 }, Blocks: [] })).toEqual(nothing);
});

const supermarket = parsed(OCR_RESULTS['vision-supermarket']);
const pharmacy = parsed(OCR_RESULTS['textract-pharmacy']);
const firstLine = supermarket.lines[0];

test.each([
  [5_000, 2, undefined],
  [5_001, 1, 'The receipt has 5001 lines and 5001 words; at most 5000 and 10000 are read.'],
  [2_500, 5, 'The receipt has 2500 lines and 12500 words; at most 5000 and 10000 are read.'],
])(
  'a receipt of %i lines of %i words each would hold up the embedding, or does not',
  (lines, words, reason) => {
    const result = visionResult(layOut([['A']]));
    const [line] = result.lines;
    if (line === undefined) throw new Error('no line');
    const [word] = line.words;
    const long = { lines: Array(lines).fill({ ...line, words: Array(words).fill(word) }) };
    if (reason === undefined) expect(read(long).words).toHaveLength(lines * words);
    else expect(() => read(long)).toThrow(reason);
  },
);

test('B9: corners and boxes that lie a little outside of the image are moved to its border, and counted', () => {
  const [inside, outside] = supermarket.lines;
  const beyond = {
    ...outside,
    words: [],
    top_left: { x: -0.05, y: 1.02 },
    bounding_box: { x: -0.05, y: 0.9, width: 0.45, height: 0.12 },
  };
  const rows = read({ lines: [inside, beyond] });
  expect(rows.clamped).toBe(1);
  expect(rows.lines[0]).toMatchObject({ top_left: inside.top_left, bounding_box: inside.bounding_box });
  expect(rows.lines[1]?.top_left).toEqual({ x: 0, y: 1 });
  expect(rows.lines[1]?.bounding_box).toMatchObject({ x: 0, y: 0.9 });
  expect(rows.lines[1]?.bounding_box.width).toBeCloseTo(0.4, 12);
  expect(rows.lines[1]?.bounding_box.height).toBeCloseTo(0.1, 12);
});

/** Every coordinate of a region: its corners and both ends of its box. */
const places = ({ bounding_box: box, ...region }: Region): number[] => {
  const ends = [box, { x: box.x + box.width, y: box.y + box.height }];
  const corners = [region.top_left, region.top_right, region.bottom_left, region.bottom_right];
  return [...corners, ...ends].flatMap(({ x, y }) => [x, y]);
};

test('B9: what touches the border is not outside', () => {
  const corner = (x: number, y: number) => ({ x, y });
  const whole = {
    ...firstLine,
    words: [],
    top_left: corner(0, 1),
    top_right: corner(1, 1),
    bottom_left: corner(0, 0),
    bottom_right: corner(1, 0),
    bounding_box: { x: 0, y: 0, width: 1, height: 1 },
  };
  expect(read({ lines: [whole] }).clamped).toBe(0);
});

test('B9: wherever the page lies, its rows are on the image, and only what was outside is moved', () => {
  const shift = fc.double({ min: -0.19, max: 0.19, noNaN: true });
  fc.assert(
    fc.property(shift, shift, (dx, dy) => {
      const lines = layOut([['TOTAL', '4.60'], ['Thanks']], ({ x, y }) => ({ x: x + dx, y: y + dy }));
      const rows = read(visionResult(lines));
      const given = lines.flatMap(({ words, ...line }) => [line, ...words]);
      const outside = given.filter((region) =>
        places(region).some((value) => value < 0 || value > 1 + 1e-12),
      );
      expect(rows.clamped).toBe(outside.length);
      for (const value of [...rows.lines, ...rows.words].flatMap(places)) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
  );
});

test('B9: a Vision result whose lines and words have no angle is read', () => {
  const { lines } = supermarket;
  const bare = ({ angle_degrees: _d, angle_radians: _r, ...rest }: typeof firstLine) => rest;
  const rows = read({
    lines: lines.map((line: typeof firstLine) => ({ ...bare(line), words: line.words.map(bare) })),
  });
  expect(rows.lines).toHaveLength(lines.length);
  expect(rows.lines[0]).not.toHaveProperty('angle_degrees');
  expect(read({ lines: [{ ...firstLine, angle_degrees: null }] }).lines).toHaveLength(1);
});

test.each<[string, unknown, string]>([
  ['a list', [], 'neither an Apple Vision result'],
  ['a text', 'hello', 'neither an Apple Vision result'],
  ['null', null, 'neither an Apple Vision result'],
  ['an error message', { message: 'Access denied' }, 'neither an Apple Vision result'],
  ['a Vision line without corners', { lines: [{ text: 'x', words: [] }] }, 'lines.0.'],
  [
    'a Vision file measured in pixels',
    { lines: [{ ...firstLine, top_left: { x: 104, y: 2260 } }] },
    'top_left.x',
  ],
  ['a corner that is no number', { lines: [{ ...firstLine, top_left: { x: null, y: 0.5 } }] }, 'top_left.x'],
  ['a corner far outside', { lines: [{ ...firstLine, top_left: { x: 1.11, y: 0.5 } }] }, 'top_left.x'],
  ['a confidence in percent', { lines: [{ ...firstLine, confidence: 99 }] }, 'confidence'],
  ['a part of an asynchronous answer', { ...pharmacy, NextToken: 'abc' }, 'Join all parts'],
  [
    'a Textract line without its geometry',
    { Blocks: pharmacy.Blocks.map((block: object) => ({ ...block, Geometry: {} })) },
    'Blocks.1.Geometry.Polygon',
  ],
  [
    'a Textract answer that lacks a word',
    { Blocks: pharmacy.Blocks.filter(({ Text }: { Text?: string }) => Text !== 'WILLOWBROOK') },
    'is incomplete',
  ],
])('%s is refused with its reason', (_what, value, reason) => {
  expect(() => read(value)).toThrow(reason);
});

test('a file whose y grows downwards is refused, however it is turned; an upside-down receipt is not', () => {
  const flip = ({ x, y }: { x: number; y: number }) => ({ x, y: 1 - y });
  const half = ({ x, y }: { x: number; y: number }) => ({ x: 1 - x, y: 1 - y });
  const moved = (lines: (typeof firstLine)[], move: typeof flip) => ({
    lines: lines.map((line) => ({
      ...line,
      words: [],
      top_left: move(line.top_left),
      top_right: move(line.top_right),
      bottom_left: move(line.bottom_left),
      bottom_right: move(line.bottom_right),
    })),
  });
  for (const result of [OCR_RESULTS['vision-supermarket'], recordedOcr('vision-coffee-shop')]) {
    const { lines } = parsed(result);
    expect(() => read(moved(lines, flip))).toThrow('measures y from the top');
    expect(read(moved(lines, half)).lines).toHaveLength(lines.length);
  }
});

test('bytes that are not JSON in UTF-8 are refused, and no reason ever quotes the text', () => {
  const secret = 'secret-document-text';
  for (const bytes of [Buffer.from(`{"lines": ${secret}`), Buffer.from([0xff, 0xfe, 0x7b])]) {
    expect(() => receiptOfFile(bytes, receipt)).toThrow('not JSON');
  }
  const wrong = { lines: [{ ...firstLine, text: secret, confidence: secret }] };
  expect(() => read(wrong)).toThrow('confidence');
  expect(() => read(wrong)).not.toThrow(secret);
});

test('whatever the file holds, it gives valid rows or one reason', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      try {
        receiptOfFile(Buffer.from(text), receipt);
      } catch (error) {
        expect(error).toMatchObject({ name: 'UnreadableInput' });
      }
    }),
  );
});
