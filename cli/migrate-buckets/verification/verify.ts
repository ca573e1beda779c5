import type { S3Client } from '@aws-sdk/client-s3';
import { isDecoy, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { SnapshotReference, Tally } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { LEVELS, type Level } from '../../../contracts/migrate-buckets/words';
import type { Context } from '../../shared/command';
import { randomSeed } from '../../shared/seeded-sample';
import { readTextIfAny } from '../aws/read-object';
import { currentObjects, type ListedVersion, listVersions } from '../listing/list-versions';
import type { ListedObject } from '../listing/listed-object';
import { mergeListings } from '../listing/pair';
import type { List } from '../listing/placement';
import { recordPipelineWrites } from '../plan-files/pipeline-writes';
import { recordVersions } from '../plan-files/version-record';
import { evaluateObject, explainLevel, isReachable, type Sides } from './evaluate-object';
import { evaluateRetired } from './evaluate-retired';
import { FidelityCheck } from './fidelity-check';
import { isAtLeast, requiredLevel } from './levels';

export interface VerifyRequest extends Omit<Sides, 'snapshots'> {
  readonly stranded?: readonly ListedObject[];
  /** Where the verified manifest of the source goes, if it is to be kept. */
  readonly versionsPath?: string;
  /** Where what the pipeline had written to the destination goes, if that is to be kept. */
  readonly pipelinePath?: string;
  /** What the source is held to contain. @default - its versions, listed now */
  readonly versions?: AsyncIterable<ListedVersion>;
  /** The snapshots that its pointers name. @default - what its pointers say now */
  readonly snapshots?: readonly SnapshotReference[];
  /** Whether what it is held to contain cannot be read any more. */
  readonly isRetired?: boolean;
  /** Is given each object at the destination that is proven well enough, in key order. */
  readonly onProven?: (object: ListedObject, level: Level) => Promise<void>;
  /** Draws the sample of objects whose properties are compared. @default - a fresh one */
  readonly seed?: number | undefined;
}

const PROBLEMS_SHOWN = 100;

/** Proves, object by object, that the destination holds what the source holds. Read-only. */
export async function verifyBuckets(
  { aws: { s3 }, report, signal }: Context<MigrationEvent>,
  request: VerifyRequest,
): Promise<Verification> {
  const { source, destination } = request;
  const snapshots = request.snapshots ?? (await currentSnapshots(s3, source));
  const sides: Sides = { ...request, snapshots };
  const versions = request.versions ?? listVersions(s3, source, signal);
  const levels = Object.fromEntries(LEVELS.map((level) => [level, { objects: 0, bytes: 0 }])) as Record<
    Level,
    Tally
  >;
  const problems: Verification['problems'] = [];
  let [objects, bytes, decoys, extra, problemCount] = [0, 0, 0, 0, 0];
  const tell = (problem: Verification['problems'][number]) => {
    if (++problemCount <= PROBLEMS_SHOWN) problems.push(problem);
  };
  const { isRetired = false } = request;
  const evaluate = isRetired ? evaluateRetired : evaluateObject;
  // What a pointer leads to was proven by its bytes before the retirement began: our own copy of them stands for that.
  const required = (reachable: boolean) => requiredLevel(reachable && !isRetired);
  const leftOut = { objects: 0, bytes: 0 };
  const fidelity = new FidelityCheck(s3, sides, request.seed ?? randomSeed(), tell);

  const { placement, pipelinePath } = request;
  const there: List = (prefix) => {
    const listing = currentObjects(listVersions(s3, destination, signal, prefix));
    // What the pipeline wrote is kept of all that the destination holds.
    if (prefix !== undefined || pipelinePath === undefined) return listing;
    return recordPipelineWrites(listing, pipelinePath);
  };
  const digest = await recordVersions(versions, request.versionsPath, async (recorded) => {
    const pairs = placement.pair(
      mergeListings(currentObjects(recorded), request.stranded ?? []),
      there,
      ({ size }) => {
        leftOut.objects++;
        leftOut.bytes += size;
      },
    );
    for await (const pair of pairs) {
      if (pair.source === undefined) {
        extra++;
        continue;
      }
      if (isDecoy(pair.source)) {
        decoys++;
        continue;
      }
      objects++;
      bytes += pair.source.size;
      report.progress('verifying', objects, undefined);
      const reachable = isReachable(sides, pair.key);
      const { level, why } = await evaluate(s3, sides, pair, pair.source, signal);
      levels[level].objects++;
      levels[level].bytes += pair.source.size;
      if (!isAtLeast(level, required(reachable))) {
        const at = placement.keyOf(pair.key);
        tell({ key: pair.key, level, why: why ?? explainLevel(pair, level, reachable, at) });
        continue;
      }
      if (!isRetired) await fidelity.offer(pair, level);
      if (pair.destination !== undefined) await request.onProven?.(pair.destination, level);
    }
  });
  const compared = await fidelity.finish();
  return {
    digest,
    objects,
    bytes,
    levels,
    decoys,
    ...(placement.isFiltered ? { left_out: leftOut } : {}),
    extra,
    problems,
    problem_count: problemCount,
    ...(isRetired ? {} : { fidelity: compared }),
    proven: problemCount === 0,
    snapshots: [...snapshots],
  };
}

/** The snapshots that the source's pointers name. */
async function currentSnapshots(s3: S3Client, bucket: string): Promise<SnapshotReference[]> {
  const found = await Promise.all(
    COLLECTIONS.map(async (collection) => {
      const version = (await readTextIfAny(s3, bucket, snapshotPointerKey(collection)))?.trim();
      return version === undefined || version === '' ? [] : [{ collection, version }];
    }),
  );
  return found.flat();
}
