import type { VersionManifest } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import { addDigests, EMPTY_DIGEST } from '../../../contracts/content-digest';
import { METRICS } from '../../../contracts/metrics';
import { talliedRecords } from '../../../contracts/record-form';
import type { Telemetry } from '../../shared/logging';
import type { Census } from './census';

/** By how much a collection on a server differs from what the pipeline has merged. */
export type OthersShare = NonNullable<VersionManifest['others']>;

/**
 * Holds what is there against what is known of it, and says so where other programs have added or removed records.
 *
 * @param before - what was known of them: each change of theirs is said once.
 * @returns what they have done by now; undefined when it is nothing.
 */
export function holdAgainst(
  known: Census,
  there: Census,
  before: OthersShare | undefined,
  collection: Collection,
  { logger, metrics }: Telemetry,
): OthersShare | undefined {
  const [expected, records] = [talliedRecords(known.tally), talliedRecords(there.tally)];
  const digest = addDigests(there.digest, known.digest, -1);
  if (records === expected && digest === EMPTY_DIGEST) return before;
  logger.warn(
    'Other programs have added or removed records of a collection on the Chroma server. It is published as it is; what they added is not in S3',
    { collection, known: expected, there: records },
  );
  metrics.addDimension('collection', collection);
  metrics.addMetric(METRICS.othersRecords, 'Count', Math.max(1, Math.abs(records - expected)));
  metrics.publishStoredMetrics();
  const all = {
    records: (before?.records ?? 0) + records - expected,
    digest: addDigests(before?.digest ?? EMPTY_DIGEST, digest),
  };
  return all.records === 0 && all.digest === EMPTY_DIGEST ? undefined : all;
}
