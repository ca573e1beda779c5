import { useControlPlane } from '../../../support/control-plane';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { contents } from '../../../support/old-buckets';
import { retireUnderChange } from './retire-under-change';
import { useVerifiedSource } from './verified-source';

/** `RETIRE_SEED=7 RETIRE_RUNS=1` repeats a run that failed. */
const FIRST = Number(process.env.RETIRE_SEED ?? 1);
const RUNS = Number(process.env.RETIRE_RUNS ?? 25);

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
const controlPlane = useControlPlane();

it('deletes nothing that the destination does not hold at that moment, whatever changes and whenever (A1)', async () => {
  const unproven: string[] = [];
  let hits = 0;
  let deletions = 0;
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    let bucket = '';
    const run = await retireUnderChange(
      embedded,
      controlPlane().clients,
      async (options) => {
        const setting = await prepare(options);
        bucket = setting.source;
        return setting;
      },
      seed,
    );
    hits += run.hits;
    const { retired } = run.retirement ?? {};
    deletions += retired?.deleted ?? 0;
    unproven.push(...run.unproven.map((key) => `seed ${seed}: ${key}`));
    // "Empty" is said only of what is.
    if (retired?.left?.versions === 0 && !retired.bucket_deleted) {
      expect({ seed, left: [...(await contents(embedded.s3, bucket)).keys()] }).toEqual({ seed, left: [] });
    }
  }
  expect(unproven).toEqual([]);
  // Otherwise nothing would have been tried.
  if (RUNS > 1) expect(Math.min(hits, deletions)).toBeGreaterThan(RUNS);
});
