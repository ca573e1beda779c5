import type { Authority } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { UserError } from '../../shared/user-error';
import { discoverBuckets, type Search } from '../discovery/discover';
import type { CopyEngine } from '../engine/engine';
import { decide } from './decide';
import { findLeftBehind } from './find-left-behind';
import { inspectBuckets } from './inspect-buckets';
import type { StrandedObject } from './stranded';

export interface AuthorityRequest {
  readonly search: Search;
  /** The bucket that the operator holds to be the truth. @default - what the evidence shows */
  readonly named?: string | undefined;
  /** The bucket that is migrated to: it takes no part. */
  readonly destination?: string | undefined;
  /** Whether snapshots are not checked, but only looked at for records. @default false */
  readonly quick?: boolean;
}

export interface Finding {
  readonly authority: Authority;
  /** Deltas that only a losing bucket holds; none while there is no winner. */
  readonly stranded: readonly StrandedObject[];
}

/**
 * Finds the candidates, looks into each, and decides which is the truth. Read-only.
 *
 * @throws {UserError} when a candidate cannot be read: it may hold stranded deltas, or be the truth, so nothing
 * is decided around it.
 */
export async function findAuthority(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  { search, named, destination, quick = false }: AuthorityRequest,
): Promise<Finding> {
  const { candidates, survey, unchecked } = await discoverBuckets(context.aws, {
    ...search,
    named: named === undefined ? search.named : [...search.named, named],
  });
  const competing = candidates.filter(({ name }) => name !== destination);
  for (const { name, problem } of competing) {
    if (problem === null) continue;
    const wasFound = name !== named && !search.named.includes(name);
    throw new UserError(
      wasFound ? `${problem} To leave it out, name the buckets that count with --bucket.` : problem,
    );
  }
  const names = competing.map(({ name }) => name);
  const evidence = await inspectBuckets(context, engine, names, survey, { quick });
  const verdict =
    named === undefined
      ? decide(evidence)
      : { winner: named, reasons: [`You named ${named} as the source.`], signals: [] };
  const winner = evidence.find(({ name }) => name === verdict.winner);
  const losers = evidence.filter(({ name }) => name !== verdict.winner);
  const { stranded, leftBehind } =
    winner === undefined
      ? { stranded: [], leftBehind: [] }
      : await findLeftBehind(context, engine, winner, losers, quick);
  const authority = {
    ...verdict,
    buckets: evidence,
    left_behind: [...leftBehind],
    stranded: stranded.map(({ bucket, object: { key } }) => ({ bucket, key })),
    unchecked: quick
      ? [
          ...unchecked,
          'snapshots: not checked (--quick). Nobody looked whether their databases are whole, nor which forms their records have.',
        ]
      : unchecked,
  };
  return { authority, stranded };
}
