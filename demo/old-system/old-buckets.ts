import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { COLLECTIONS, type Collection, perCollection } from '../../contracts/collections';
import { oldReceipts, oldRecords } from './old-receipts';
import { writeOldDelta, writeOldSnapshot } from './write-snapshot';

/** What the old system left behind. */
export interface OldBuckets {
  /** The bucket that the pipeline really used. */
  readonly truth: string;
  /** The copy that a component quietly made: older snapshots, and deltas that nobody compacted. */
  readonly decoy: string;
  /** Deltas that only the decoy holds. */
  readonly strandedKeys: readonly string[];
  /** Records in the truth's snapshots. */
  readonly records: Readonly<Record<Collection, number>>;
}

const TRUTH = 'chromadb-dev-shared-bucket-5f3b2c1';
const DECOY = 'chromadb-dev-bucket-a94d07e';
/** In each bucket, by the old infrastructure. They are not data. */
const DECOYS: Readonly<Record<string, string>> = {
  'snapshot/.placeholder': 'This folder contains ChromaDB snapshots',
  'delta/.placeholder': 'This folder contains ChromaDB delta files',
  'snapshot/latest/pointer.txt': 'snapshot/initial/',
};
export const DECOY_KEYS = Object.keys(DECOYS);
/** The receipts that each compacted run of the truth began with; each brought ten. */
const COMPACTED_RUNS = [10, 20, 30];
/** Two receipts that only the decoy ever got. */
const STRANDED = oldReceipts(40, 2);
/** A receipt that the truth got last, and that was not compacted any more. */
const PENDING = oldReceipts(42, 1);
const STRANDED_RUN = '7d1f2c54-9a0e-4b1f-8f3d-52f6f1c0a9be';

/** Makes the two buckets with real Chroma snapshots and deltas. The decoy first: the truth was written last. */
export async function makeOldBuckets(s3: S3Client): Promise<OldBuckets> {
  for (const Bucket of [DECOY, TRUTH]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    for (const [Key, Body] of Object.entries(DECOYS))
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }
  const strandedKeys: string[] = [];
  const records = perCollection(() => 0);
  for (const collection of COLLECTIONS) {
    await writeOldSnapshot(s3, DECOY, collection, oldRecords(oldReceipts(0, 10), collection), {
      version: '20250811_070000',
      hash: false,
    });
    for (const [run, first] of COMPACTED_RUNS.entries()) {
      const delta = oldRecords(oldReceipts(first, 10), collection);
      await writeOldDelta(s3, TRUTH, collection, `compacted-run-${run + 1}`, delta);
      const merged = oldRecords(oldReceipts(0, first + 10), collection);
      await writeOldSnapshot(s3, TRUTH, collection, merged, { version: `202509${10 + run}_101500` });
      records[collection] = merged.length;
    }
    strandedKeys.push(
      await writeOldDelta(s3, DECOY, collection, STRANDED_RUN, oldRecords(STRANDED, collection)),
    );
    await writeOldDelta(s3, TRUTH, collection, 'pending-run', oldRecords(PENDING, collection));
  }
  return { truth: TRUTH, decoy: DECOY, strandedKeys, records };
}
