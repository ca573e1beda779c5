import type { BucketEvidence, LeftBehind } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import type { CopyEngine } from '../engine/engine';
import { mergeBuckets } from '../listing/merge-buckets';
import { inspectVersion } from '../snapshots/inspect-collection';
import { LeftBehindTally } from './left-behind';
import { type StrandedObject, strandedAt } from './stranded';

export interface Losses {
  readonly stranded: readonly StrandedObject[];
  readonly leftBehind: readonly LeftBehind[];
}

/** Of the snapshots that no pointer names, so many are opened in each collection: the newest. */
const OPENED = 3;

/** Lists the buckets side by side again, now that the winner is known, for what only the losing ones hold. Read-only. */
export async function findLeftBehind(
  { aws: { s3 }, report }: Context<MigrationEvent>,
  engine: CopyEngine,
  winner: BucketEvidence,
  losers: readonly BucketEvidence[],
  quick: boolean,
): Promise<Losses> {
  const stranded: StrandedObject[] = [];
  const tallies = losers.map((loser) => new LeftBehindTally(loser, winner));
  if (losers.length === 0) return { stranded, leftBehind: [] };
  const listings = new Map([winner, ...losers].map(({ name }) => [name, engine.list(name)]));
  let listed = 0;
  for await (const holding of mergeBuckets(listings)) {
    const found = strandedAt(winner, holding);
    if (found !== undefined) stranded.push(found);
    for (const tally of tallies) tally.add(holding);
    if (++listed % 1000 === 0) report.progress('comparing the candidates', listed, undefined);
  }
  const leftBehind = tallies.map((tally) => tally.finish());
  for (const { bucket, collections } of leftBehind) {
    const list = (prefix: string) => engine.list(bucket, prefix);
    for (const { collection, snapshots } of collections) {
      const unopened = snapshots.filter(({ current, newer }) => newer && !current).slice(0, OPENED);
      for (const snapshot of unopened) {
        const inspected = await inspectVersion({ s3, bucket, list }, collection, snapshot.version, quick);
        snapshot.records = inspected.records;
      }
    }
  }
  return { stranded, leftBehind };
}
