import fc from 'fast-check';
import { textractExpenseSchema, textractOcrSchema } from '../../contracts/textract-ocr';
import { OCR_RESULTS } from '../../demo/receipts/receipts';
import { texts } from '../support/arbitraries';
import { recordedOcr } from '../support/recorded-ocr';

/** JSON has no negative zero. */
const numbers = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const points = fc.record({ X: numbers, Y: numbers });

const textBlocks = fc.record({
  Id: fc.uuid(),
  Text: texts,
  Confidence: numbers.map((value) => value * 100),
  Geometry: fc.record({
    BoundingBox: fc.record({ Width: numbers, Height: numbers, Left: numbers, Top: numbers }),
    Polygon: fc.tuple(points, points, points, points),
  }),
});
const words = textBlocks.map((block) => ({ ...block, BlockType: 'WORD' as const }));
const lines = fc.tuple(textBlocks, fc.array(fc.uuid(), { maxLength: 3 })).map(([block, Ids]) => ({
  ...block,
  BlockType: 'LINE' as const,
  Relationships: [{ Type: 'CHILD', Ids }],
}));
/** What Textract answers besides text; each kind has fields of its own. */
const others = fc.record({
  BlockType: fc.constantFrom('PAGE', 'KEY_VALUE_SET', 'TABLE', 'CELL', 'SIGNATURE', 'LAYOUT_TEXT'),
  Id: fc.uuid(),
});
const blocks = fc.array(fc.oneof(lines, words), { maxLength: 5 });

const read = (value: unknown) => textractOcrSchema.safeParse(JSON.parse(JSON.stringify(value)));

test('lines and words read back as they were written', () => {
  fc.assert(fc.property(blocks, (Blocks) => expect(read({ Blocks }).data).toEqual({ Blocks })));
});

test('blocks of other kinds are passed over, wherever they stand', () => {
  fc.assert(
    fc.property(blocks, fc.array(others), (written, passedOver) => {
      const Blocks = [...passedOver, ...written.flatMap((block) => [block, ...passedOver.slice(0, 1)])];
      expect(read({ Blocks, DocumentMetadata: { Pages: 1 } }).data?.Blocks).toEqual(written);
    }),
  );
});

test('the numbers of pages, and that more is to come, are read', () => {
  const [line] = fc.sample(lines, 1);
  const answer = { JobStatus: 'SUCCEEDED', DocumentMetadata: { Pages: 2 }, NextToken: 'more' };
  expect(read({ ...answer, Blocks: [{ ...line, Page: 2 }] }).data).toMatchObject({
    ...answer,
    Blocks: [{ Page: 2 }],
  });
});

test.each(['IN_PROGRESS', 'FAILED', 'PARTIAL_SUCCESS'])(
  'the answer of a job that is %s is refused: its missing pages are not blank',
  (JobStatus) => {
    for (const schema of [textractOcrSchema, textractExpenseSchema]) {
      const { error } = schema.safeParse({ JobStatus, Blocks: [], ExpenseDocuments: [] });
      expect(error?.issues.map(({ message }) => message)).toEqual([
        expect.stringContaining('keep its whole answer'),
      ]);
    }
  },
);

test('the blocks of expense documents are read like those of text, whatever else was found in it', () => {
  const found = { SummaryFields: [{ Type: { Text: 'TOTAL' } }], LineItemGroups: [{ LineItems: [] }] };
  fc.assert(
    fc.property(fc.array(blocks, { maxLength: 3 }), (all) => {
      const ExpenseDocuments = all.map((Blocks, index) => ({
        ExpenseIndex: index + 1,
        ...(Blocks.length > 0 ? found : {}),
        Blocks,
      }));
      const { data } = textractExpenseSchema.safeParse(JSON.parse(JSON.stringify({ ExpenseDocuments })));
      expect(data?.ExpenseDocuments).toEqual(all.map((Blocks) => ({ Blocks })));
    }),
  );
});

test.each([
  ['no blocks', { SummaryFields: [] }, 'before October 2022'],
  ['fields without blocks', { SummaryFields: [{}], Blocks: [] }, 'is missing'],
  ['line items without blocks', { LineItemGroups: [{}], Blocks: [] }, 'is missing'],
])('an expense document with %s is refused: a receipt would go for it', (_what, document, reason) => {
  const { error } = textractExpenseSchema.safeParse({ ExpenseDocuments: [document] });
  expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining(reason)]);
});

test.each([
  ['a confidence above 100', { Confidence: 101 }, ['Blocks', 0, 'Confidence']],
  ['no geometry', { Geometry: undefined }, ['Blocks', 0, 'Geometry']],
  ['no text', { Text: undefined }, ['Blocks', 0, 'Text']],
  ['no id', { Id: '' }, ['Blocks', 0, 'Id']],
])('a line or word with %s is refused, and the field is named', (_what, change, path) => {
  for (const [block] of [fc.sample(lines, 1), fc.sample(words, 1)]) {
    const { error } = read({ Blocks: [{ ...block, ...change }] });
    expect(error?.issues.map((issue) => issue.path)).toEqual([path]);
  }
});

test.each([
  ['a recorded answer', recordedOcr('textract-hardware-store')],
  ['a made one', OCR_RESULTS['textract-pharmacy']],
])('%s is one', (_what, answer) => {
  expect(textractOcrSchema.parse(JSON.parse(String(answer))).Blocks.length).toBeGreaterThan(0);
});
