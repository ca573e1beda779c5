import { bill, type Measured, NOTHING, receiptsACheckpoint, together } from '../../bench/bill/model';

describe('The clock of the bill', () => {
  it('lets one publish take what came during the one before, and one receipt at least', () => {
    expect(together(100, 0.6)).toBe(1);
    expect(together(100, 6)).toBe(10);
  });

  it.each([
    [10_000, 1, 60],
    [10_000, 10, 250],
    [10_000, 100, 250],
    [100_000, 10, 500],
    [1_000_000, 100, 1000],
  ])(
    'at %i records and %i receipts a minute has a checkpoint every %i receipts',
    (records, rate, receipts) => {
      expect(receiptsACheckpoint({ records, receiptsAMinute: rate })).toBe(receipts);
    },
  );
});

it('Without a file system nothing of it is billed, and before every publish wrote all of it', () => {
  const measured: Measured = {
    records: 100_000,
    publish: { ...NOTHING, writeUnits: 8 },
    receipt: NOTHING,
    logged: NOTHING,
    checkpoint: { ...NOTHING, efsWritten: 1e9, s3Written: 1e9 },
    coldFromEfs: { ...NOTHING, efsRead: 1e9 },
    coldFromS3: { ...NOTHING, s3Read: 1e9 },
  };
  const at = { records: 100_000, receiptsAMinute: 1 };
  const [before, efs, none] = [
    bill('before', at, measured),
    bill('efs', at, measured),
    bill('none', at, measured),
  ];
  expect([none.efsWritten, none.efsRead]).toEqual([0, 0]);
  expect(before.efsWritten).toBe(before.publishes * 1e9);
  expect(efs.efsWritten).toBeCloseTo(efs.checkpoints * 1e9);
  expect(before.dollars).toBeGreaterThan(efs.dollars);
  expect(efs.dollars).toBeGreaterThan(none.dollars);
});
