/**
 * `npm run bench:bill [-- --sizes 2000,10000 --json]`: what 1,000 receipts cost in the compaction of one collection, by
 * how many come a minute and how large the collection is. The real handler is counted on the embedded AWS at two sizes;
 * larger ones are a straight line through both. `bill/model.ts` says what the clock is taken to do.
 *
 * "before" is a model, too: each publish writes the whole collection to the file system, as it was until a version
 * became a checkpoint and the deltas since. It is given the same coalescing: what comes during a merge is the next one's.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startLocalAws } from 'local-aws';
import { measure } from './bill/measure';
import { ASSUMPTIONS, type Bill, bill, extrapolate, type Variant } from './bill/model';
import { PRICES } from './bill/prices';

const RATES = [1, 10, 100] as const;
const SIZES = [10_000, 100_000] as const;
const VARIANTS: readonly Variant[] = ['before', 'efs', 'none'];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: '2000,10000' }, json: { type: 'boolean', default: false } },
  });
  const [small = 0, large = 0] = values.sizes.split(',').map(Number);
  const aws = await startLocalAws();
  const [first, second] = await measureBoth(small, large, aws).finally(() => aws.stop());
  const rows = SIZES.flatMap((records) => {
    const measured = records === large ? second : extrapolate(first, second, records);
    return RATES.flatMap((receiptsAMinute) => {
      const bills = VARIANTS.map((variant) => ({
        variant,
        bill: bill(variant, { records, receiptsAMinute }, measured),
      }));
      return bills.map((each) => ({ records, receiptsAMinute, ...each }));
    });
  });
  if (values.json) {
    console.log(
      JSON.stringify({ assumptions: ASSUMPTIONS, prices: PRICES, measured: [first, second], rows }),
    );
    return;
  }
  console.log(`1,000 receipts of ${ASSUMPTIONS.recordsAReceipt} lines each, ${cpus()[0]?.model.trim()}`);
  console.log(`Measured at ${small} and ${large} records; other sizes are a straight line through both.`);
  console.log(HEAD.join(' | '));
  for (const { records, receiptsAMinute, variant, bill: each } of rows) {
    console.log([records, receiptsAMinute, variant, ...cells(each)].join(' | '));
  }
  for (const { records, receiptsAMinute, bill: before } of rows.filter(
    ({ variant }) => variant === 'before',
  )) {
    const of = (wanted: Variant) =>
      rows.find(
        (row) => row.variant === wanted && row.records === records && row.receiptsAMinute === receiptsAMinute,
      )?.bill.dollars ?? 0;
    console.log(
      `${records} records, ${receiptsAMinute} a minute: before ${(before.dollars / of('efs')).toFixed(1)} times ` +
        `efs, ${(before.dollars / of('none')).toFixed(1)} times none`,
    );
  }
}

const measureBoth = async (small: number, large: number, aws: Awaited<ReturnType<typeof startLocalAws>>) =>
  [await measure(aws, small), await measure(aws, large)] as const;

const HEAD = [
  ...['records', 'receipts a minute', 'variant', 'publishes', 'checkpoints', 'EFS MB written', 'EFS MB read'],
  ...['S3 MB written', 'S3 MB read', 'S3 writes', 'S3 reads', 'write units', 'read units', 'SQS requests'],
  ...['Lambda s', 'dollars'],
];

const cells = (each: Bill): string[] => [
  each.publishes.toFixed(0),
  each.checkpoints.toFixed(1),
  ...[each.efsWritten, each.efsRead, each.s3Written, each.s3Read].map((bytes) => (bytes / 1e6).toFixed(0)),
  ...[each.s3Writes, each.s3Reads, each.writeUnits, each.readUnits, each.queueRequests, each.seconds].map(
    (count) => count.toFixed(0),
  ),
  each.dollars.toFixed(3),
];

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
