import fc from 'fast-check';
import { visionOcrSchema } from '../../contracts/vision-ocr';
import { OCR_RESULTS } from '../../demo/receipts/receipts';
import { regions } from '../support/arbitraries';
import { recordedOcr } from '../support/recorded-ocr';

const lines = fc
  .tuple(regions, fc.array(regions, { maxLength: 3 }))
  .map(([region, words]) => ({ ...region, words }));
const results = fc.record({ lines: fc.array(lines, { minLength: 1, maxLength: 4 }) });

const read = (value: unknown) => visionOcrSchema.safeParse(JSON.parse(JSON.stringify(value)));

test('a result reads back as it was written', () => {
  fc.assert(fc.property(results, (written) => expect(read(written).data).toEqual(written)));
});

test('keys that nobody knows are passed over at every level', () => {
  const withExtra = <Value extends object>(value: Value) => ({ ...value, added_by_a_newer_scanner: [1] });
  fc.assert(
    fc.property(results, (written) => {
      const newer = withExtra({
        lines: written.lines.map((line) =>
          withExtra({ ...line, top_left: withExtra(line.top_left), words: line.words.map(withExtra) }),
        ),
      });
      expect(read(newer).data).toEqual(written);
    }),
  );
});

test('half a character, as a text has that was cut by UTF-16 units, is read as the replacement character', () => {
  fc.assert(
    fc.property(regions, (region) => {
      const half = '\u{1f355}'.slice(0, 1);
      const cut = { ...region, text: `SHOP ${half}` };
      const extracted_data = { type: `t${half}`, value: `v${half}` };
      const [line] =
        read({ lines: [{ ...cut, words: [{ ...cut, letters: [cut], extracted_data }] }] }).data?.lines ?? [];
      const [word] = line?.words ?? [];
      expect([line?.text, word?.text, word?.letters?.[0]?.text]).toEqual(Array(3).fill('SHOP \ufffd'));
      expect(word?.extracted_data).toEqual({ type: 't\ufffd', value: 'v\ufffd' });
    }),
    { numRuns: 5 },
  );
});

test('letters and detected data may stand in a word', () => {
  fc.assert(
    fc.property(results, regions, (written, letter) => {
      const detailed = {
        lines: written.lines.map((line) => ({
          ...line,
          words: line.words.map((word) => ({
            ...word,
            letters: [letter],
            extracted_data: { type: 'date', value: '2026-01-31' },
          })),
        })),
      };
      expect(read(detailed).success).toBe(true);
    }),
  );
});

test.each([
  ['a coordinate in pixels', { top_left: { x: 640, y: 0.5 } }, ['lines', 0, 'top_left', 'x']],
  ['a confidence in percent', { confidence: 97 }, ['lines', 0, 'confidence']],
  ['no text', { text: undefined }, ['lines', 0, 'text']],
  ['no words', { words: undefined }, ['lines', 0, 'words']],
  ['a box of negative width', { bounding_box: { x: 0, y: 0, width: -0.1, height: 0.1 } }, undefined],
])('a line with %s is refused, and the fault is named', (_what, change, path) => {
  const [line] = fc.sample(lines, 1);
  const result = read({ lines: [{ ...line, ...change }] });
  expect(result.error?.issues.map((issue) => issue.path)).toEqual([
    path ?? ['lines', 0, 'bounding_box', 'width'],
  ]);
});

test.each([
  ['a recorded result', recordedOcr('vision-coffee-shop'), 9],
  ['a made one', OCR_RESULTS['vision-supermarket'], 17],
])('%s is one', (_what, result, lines) => {
  expect(visionOcrSchema.parse(JSON.parse(String(result))).lines).toHaveLength(lines);
});
