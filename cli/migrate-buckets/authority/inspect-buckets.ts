import { COLLECTIONS } from '../../../contracts/collections';
import type { BucketEvidence } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { openBucket } from '../aws/bucket';
import { referencesTo, type Survey } from '../discovery/references';
import type { CopyEngine } from '../engine/engine';
import { mergeBuckets } from '../listing/merge-buckets';
import { inspectCollection } from '../snapshots/inspect-collection';
import { BucketTally } from './bucket-tally';
import { Spread } from './spread';

/** Lists the candidates side by side and gathers what {@link ./decide} decides on. Read-only. */
export async function inspectBuckets(
  { aws, report }: Context<MigrationEvent>,
  engine: CopyEngine,
  names: readonly string[],
  survey: Survey,
  { quick, now = Date.now() }: { readonly quick: boolean; readonly now?: number },
): Promise<BucketEvidence[]> {
  const tallies = new Map<string, BucketTally>();
  for (const name of names) {
    await openBucket(aws, name);
    const list = (prefix: string) => engine.list(name, prefix);
    const snapshots = [];
    for (const collection of COLLECTIONS) {
      snapshots.push(await inspectCollection({ s3: aws.s3, bucket: name, list }, collection, { quick }));
    }
    const others = names.filter((other) => other !== name);
    tallies.set(name, new BucketTally(name, snapshots, others, now));
  }
  const spreads = new Map(names.map((name) => [name, new Spread()]));
  const listings = new Map(names.map((name) => [name, engine.list(name)]));
  let listed = 0;
  for await (const { objects } of mergeBuckets(listings)) {
    for (const [name, object] of objects) {
      tallies.get(name)?.add(object, objects);
      spreads.get(name)?.add(object);
    }
    if (++listed % 1000 === 0) report.progress('listing the candidates', listed, undefined);
  }
  return [...tallies].map(([name, tally]) => ({
    ...tally.evidence(referencesTo(survey, name).map(({ where }) => where)),
    spread: spreads.get(name)?.finish(),
  }));
}
