import { makeSnapshot } from '../../../support/chroma-snapshots';
import { createBucket, put, putDelta, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** B7: two buckets were written to at the same time, and the operator names one as the source. */
let harness: CliHarness;
const [NAMED, OTHER, NEW] = ['brain-named', 'brain-other', 'brain-new'];
const options = ['--bucket', OTHER, '--source', NAMED, '--dest', NEW, '--include-stranded'];

beforeAll(async () => {
  const [few, many] = await Promise.all([makeSnapshot(1), makeSnapshot(90)]);
  harness = await startCliHarness();
  const { s3 } = harness;
  for (const bucket of [NAMED, OTHER, NEW]) await createBucket(s3, bucket);
  await putSnapshot(s3, NAMED, 'lines', '20260101_000000', few);
  await putSnapshot(s3, OTHER, 'lines', '20260202_000000', many);
  // It was published nowhere, and is newer than what the source has.
  await putSnapshot(s3, OTHER, 'lines', '20260303_000000', few);
  await put(s3, OTHER, 'lines/snapshot/latest-pointer.txt', '20260202_000000');
  await putDelta(s3, OTHER, 'words', 'stranded');
  await put(s3, OTHER, 'ocr/late.json', '{}');
});

afterAll(() => harness?.stop());

it('names everything that the other bucket has and the source has not', async () => {
  const { code, result } = await harness.json('plan', ...options);
  expect(code).toBe(0);
  expect(result.authority).toMatchObject({
    winner: NAMED,
    left_behind: [
      {
        bucket: OTHER,
        collections: [
          {
            collection: 'lines',
            winner: { version: '20260101_000000', records: 1 },
            snapshots: [
              { version: '20260303_000000', records: 1, current: false, newer: true },
              { version: '20260202_000000', records: 90, current: true, newer: true },
            ],
          },
          { collection: 'words', deltas: { objects: 1 }, stranded: 1 },
        ],
        others: { objects: 1 },
      },
    ],
  });
});

it('says it on the screen of plan, and again in show, which needs no AWS', async () => {
  const said = [
    `${NAMED} lacks what ${OTHER} has: the lines snapshot 20260202_000000 (90 records), which its pointer names, newer than ${NAMED}'s 20260101_000000 (1 record).`,
    `${NAMED} lacks what ${OTHER} has: the lines snapshot 20260303_000000 (1 record), newer than`,
    `${NAMED} lacks what ${OTHER} has: 1 words delta, 1 not older than ${NAMED}'s snapshot.`,
    `${NAMED} lacks what ${OTHER} has: 1 object of no collection.`,
  ];
  const { stdout } = await harness.run(['plan', ...options]);
  const shown = await harness.run(['show', 'plan.json']);
  for (const sentence of said) {
    expect(stdout).toContain(sentence);
    expect(shown.stdout).toContain(sentence);
  }
});

it('says it in authority as well, of whatever bucket loses', async () => {
  const beside = 'brain-beside';
  await createBucket(harness.s3, beside);
  await put(harness.s3, beside, 'notes.txt', 'kept here by hand');
  const { stdout } = await harness.run(['authority', '--bucket', NAMED, '--bucket', beside]);
  expect(stdout).toContain(`${NAMED} lacks what ${beside} has: 1 object of no collection.`);
});
