import fc from 'fast-check';
import { layOut } from '../../../demo/receipts/lay-out';
import { textractResult, visionResult } from '../../../demo/receipts/ocr-results';
import { receiptsOfFile } from '../../../functions/process-ocr-results/receipts-of-file';
import { IMAGE_ID } from '../../support/pages';
import { recordedOcr, SEVERAL_RECEIPTS } from '../../support/recorded-ocr';

type Answer = ReturnType<typeof textractResult>;

const read = (value: unknown, receiptId = 1) =>
  receiptsOfFile(Buffer.from(JSON.stringify(value)), { imageId: IMAGE_ID, receiptId });
/** The texts of each receipt's lines, by its number. */
const said = (value: unknown, receiptId = 1) =>
  Object.fromEntries(
    [...read(value, receiptId)].map(([number, { lines }]) => {
      for (const line of lines) expect(line).toMatchObject({ image_id: IMAGE_ID, receipt_id: number });
      return [number, lines.map(({ text }) => text)];
    }),
  );

const laidOut = (texts: readonly string[]) => layOut(texts.map((text) => [text]));
/** The blocks of one receipt, with ids that no other has. */
const blocksOf = (texts: readonly string[], name: string, Page?: number): Answer['Blocks'] => {
  const { Blocks }: Answer = JSON.parse(
    JSON.stringify(textractResult(laidOut(texts))).replaceAll(/"(line-|page")/g, `"${name}-$1`),
  );
  return Blocks.map((block) => ({ ...block, ...(Page && { Page }) }));
};
const DocumentMetadata = (Pages: number) => ({ DocumentMetadata: { Pages } });

/** The texts of one to five receipts; blank ones among them. */
const images = fc.array(fc.array(fc.stringMatching(/^[A-Z]{1,5}( [a-z]{1,5})?$/), { maxLength: 3 }), {
  minLength: 1,
  maxLength: 5,
});

/** Every form in which one file holds several receipts. */
const FORMS: Readonly<Record<string, (image: readonly (readonly string[])[]) => unknown>> = {
  'a list of Vision results': (image) => ({ receipts: image.map((texts) => visionResult(laidOut(texts))) }),
  'a list of Vision results beside the lines of the whole image': (image) => ({
    ...visionResult(laidOut(['EVERYTHING'])),
    receipts: image.map((texts) => ({ ...visionResult(laidOut(texts)), cluster_id: 7 })),
  }),
  'the pages of a Textract job': (image) => ({
    JobStatus: 'SUCCEEDED',
    ...DocumentMetadata(image.length),
    Blocks: image.flatMap((texts, index) => blocksOf(texts, `p${index}`, index + 1)),
  }),
  'expense documents': (image) => ({
    ...DocumentMetadata(1),
    ExpenseDocuments: image.map((texts, index) => ({
      ExpenseIndex: index + 1,
      SummaryFields: [],
      LineItemGroups: [],
      Blocks: blocksOf(texts, `d${index}`),
    })),
  }),
};

test.each(Object.keys(FORMS))('each receipt of %s has a number of its own, in their order', (name) => {
  fc.assert(
    fc.property(images, (image) => {
      const numbered = image.map((texts, index) => [index + 1, texts] as const);
      expect(said(FORMS[name]?.(image))).toEqual(Object.fromEntries(numbered));
    }),
  );
});

test.each(SEVERAL_RECEIPTS)(
  'the two receipts of %s, in AWS’s own shape, are read with their words',
  (name) => {
    const answer = JSON.parse(String(recordedOcr(name)));
    expect(said(answer)).toEqual({
      1: ['JUNIPER STATIONERS', 'NOTEBOOK A5', '6.40', 'TOTAL', '6.40'],
      2: ['GULL ISLAND FERRY', 'DAY RETURN', '14.00', 'TOTAL', '14.00'],
    });
    expect([...read(answer).values()].map(({ words }) => words.map(({ text }) => text).join(' '))).toEqual([
      'JUNIPER STATIONERS NOTEBOOK A5 6.40 TOTAL 6.40',
      'GULL ISLAND FERRY DAY RETURN 14.00 TOTAL 14.00',
    ]);
  },
);

/** Cuts a list at random places. */
const cut = <Item>(items: readonly Item[], parts: number) =>
  fc
    .array(fc.nat(items.length), { minLength: parts - 1, maxLength: parts - 1 })
    .map((at) => [0, ...at.sort((a, b) => a - b), items.length])
    .map((at) => at.slice(1).map((to, index) => items.slice(at[index], to)));

test('the parts of a Textract answer, cut wherever, say what the whole says', () => {
  const parts = images.chain((image) => {
    const whole = FORMS['the pages of a Textract job']?.(image) as Answer;
    return fc
      .integer({ min: 1, max: 4 })
      .chain((count) => cut(whole.Blocks, count))
      .map((blocks) => ({
        whole,
        parts: blocks.map((Blocks, index) => ({
          ...whole,
          Blocks,
          ...(index < blocks.length - 1 && { NextToken: `part-${index}` }),
        })),
      }));
  });
  fc.assert(fc.property(parts, ({ whole, parts }) => expect(said(parts)).toEqual(said(whole))));
});

test('what is called receipts and is no list of some is passed over beside lines, as any key that we do not know', () => {
  for (const receipts of [[], 2, null]) {
    expect(said({ ...visionResult(laidOut(['ONE'])), receipts })).toEqual({ 1: ['ONE'] });
  }
  expect(said({ receipts: [] })).toEqual({});
});

test('a blank page keeps its number, so that the others keep theirs', () => {
  const Blocks = [...blocksOf(['FIRST'], 'a', 1), ...blocksOf(['THIRD'], 'c', 3)];
  expect(said({ ...DocumentMetadata(4), Blocks })).toEqual({ 1: ['FIRST'], 2: [], 3: ['THIRD'], 4: [] });
});

test('receipts that say their numbers have those, in whatever order they stand', () => {
  const numbered = fc.uniqueArray(fc.integer({ min: 0, max: 99_999 }), { maxLength: 5 });
  fc.assert(
    fc.property(numbered, (numbers) => {
      const receipts = numbers.map((receipt_id) => ({
        receipt_id,
        ...visionResult(laidOut([`NO ${receipt_id}`])),
      }));
      const expected = numbers.map((number) => [number, [`NO ${number}`]] as const);
      expect(said({ receipts })).toEqual(Object.fromEntries(expected));
    }),
  );
});

test('a file of another number than the first may hold one receipt, in any form', () => {
  for (const form of Object.values(FORMS)) expect(said(form([['ONE']]), 7)).toEqual({ 7: ['ONE'] });
  const lines = visionResult(laidOut(['ONE']));
  expect(said({ receipts: [{ receipt_id: 7, ...lines }] }, 7)).toEqual({ 7: ['ONE'] });
  expect(said({ receipts: [] }, 7)).toEqual({});
});

const two = [['ONE'], ['TWO']];
const pages = FORMS['the pages of a Textract job']?.(two) as Answer;
const shared = blocksOf(['BOTH'], 's');
const receipt = (receipt_id?: number) => ({ ...visionResult(laidOut(['X'])), receipt_id });

test.each<[string, unknown, number, string]>([
  ...Object.entries(FORMS).map(([name, form]): [string, unknown, number, string] => [
    `two receipts in a second file, as ${name},`,
    form(two),
    2,
    'receipt-00001.json',
  ]),
  ['a receipt of another number', { receipts: [receipt(3)] }, 2, 'receipt-00003.json'],
  ['two receipts of one number', { receipts: [receipt(2), receipt(2)] }, 1, 'a receipt_id of its own'],
  ['numbers for some receipts', { receipts: [receipt(1), receipt()] }, 1, 'or none has one'],
  ['a receipt without lines', { receipts: [receipt(), { total: 1 }] }, 1, 'receipts.1.lines'],
  ['more receipts than are read', { receipts: Array(101).fill(receipt()) }, 1, 'at most 100'],
  ['more pages than are read', { ...DocumentMetadata(101), Blocks: [] }, 1, 'at most 100'],
  [
    'a page number beyond all bounds',
    { Blocks: blocksOf(['FAR'], 'f', Number.MAX_SAFE_INTEGER) },
    1,
    'at most 100',
  ],
  ['an answer whose last part is missing', [{ ...pages, NextToken: 'more' }], 1, 'its rest is missing'],
  ['two answers in one list', [pages, pages], 1, 'Part 1 of 2 of the Textract answer has no NextToken'],
  [
    'a part that is something else',
    [{ ...pages, NextToken: 'more' }, {}],
    1,
    'part 2 of a Textract response',
  ],
  ['a job that failed', { JobStatus: 'FAILED', StatusMessage: 'no' }, 1, 'did not succeed for all pages'],
  [
    'an expense document of two pages',
    { ExpenseDocuments: [{ Blocks: pages.Blocks }] },
    1,
    'The expense document 1 goes over the pages 1, 2',
  ],
  [
    'expense documents that share their text',
    { ExpenseDocuments: [{ Blocks: shared }, { Blocks: shared }] },
    1,
    'The expense documents 1 and 2 hold the same block',
  ],
  ['an expense document without its text', { ExpenseDocuments: [{}] }, 1, 'ExpenseDocuments.0.Blocks'],
  ['an identity document', { IdentityDocuments: [] }, 1, 'AnalyzeID, which is not supported'],
  ['a lending analysis', { JobStatus: undefined, Results: [] }, 1, 'GetLendingAnalysis, which is not'],
])('%s is refused by name', (_what, value, receiptId, reason) => {
  expect(() => read(value, receiptId)).toThrow(expect.objectContaining({ name: 'UnreadableInput' }));
  expect(() => read(value, receiptId)).toThrow(reason);
});
