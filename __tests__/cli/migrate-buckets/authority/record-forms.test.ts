import { makeSnapshot } from '../../../support/chroma-snapshots';
import { createBucket, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** A2: a collection that took a year to fill, in the forms of three times. */
let harness: CliHarness;
const [OLD, NEW] = ['forms-old', 'forms-new'];
const SOURCE = { source: 'openai_embedding_batch', receipt_id: 1, text: 'SECRET TEXT' };
const times = <Value>(count: number, value: Value): Value[] => Array(count).fill(value);

beforeAll(async () => {
  const [lines, words] = await Promise.all([
    makeSnapshot([
      ...times(5, { ...SOURCE, row_line_ids: '[1]', label_TOTAL: true }),
      ...times(3, { ...SOURCE, valid_labels: ',TOTAL,' }),
      ...times(2, { receipt_id: '1', embedding_type: 'line', text: 'SECRET TEXT' }),
    ]),
    makeSnapshot(times(4, SOURCE)),
  ]);
  harness = await startCliHarness();
  const { s3 } = harness;
  for (const bucket of [OLD, NEW]) await createBucket(s3, bucket);
  await putSnapshot(s3, OLD, 'lines', '20260101_000000', lines);
  await putSnapshot(s3, OLD, 'words', '20260101_000000', words);
});

afterAll(() => harness?.stop());

const PLAN = ['plan', '--bucket', OLD, '--source', OLD, '--dest', NEW];
const SHARES = [
  'row 50.0 % (5), line 30.0 % (3), bare 20.0 % (2); labels: flags 5, valid-text 3',
  'word 100.0 % (4)',
];
const WARNING = /5 records of lines have an older form than "row": .* drop the OCR results of their receipts/;

/** What a command says, whatever the width that its lines were broken at. */
const said = async (...command: string[]) => (await harness.run(command)).stdout.replaceAll(/\s+/g, ' ');

it.each([['authority', '--bucket', OLD], PLAN])(
  'says in %s which forms the records of each collection have, and once what older ones mean',
  async (...command) => {
    const text = await said(...command);
    for (const shares of SHARES) expect(text).toContain(shares);
    expect(text).toMatch(WARNING);
    expect(text.match(/older form/g)).toHaveLength(1);
    expect(text).not.toContain('SECRET');
  },
);

it('gives the figures of both as JSON, too, and in the report', async () => {
  const authority = {
    buckets: [
      {
        collections: [
          { record_forms: { forms: { row: 5, line: 3, bare: 2 }, labels: { flags: 5, 'valid-text': 3 } } },
          { record_forms: { forms: { word: 4 }, labels: {} } },
        ],
      },
    ],
  };
  expect((await harness.json('authority', '--bucket', OLD)).result).toMatchObject(authority);
  expect((await harness.json(...PLAN)).result).toMatchObject({ authority });
  expect((await harness.json('report', 'plan.json')).result).toMatchObject({ report: { authority } });
});

it('does not look at them with --quick, and says so', async () => {
  const quick = ['authority', '--bucket', OLD, '--quick'];
  expect(await said(...quick)).not.toContain('row 50.0 %');
  expect(await said(...quick)).toContain('nor which forms their records have.');
  expect((await harness.json(...quick)).result).toMatchObject({
    buckets: [{ collections: [{ record_forms: null }, { record_forms: null }] }],
  });
});
