import { deltaPrefix } from '../../../contracts/bucket-layout';
import type { Authority, LeftBehind } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import { ALL_LIVE, type Filter } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import { type AuthorityRequest, findAuthority } from '../authority/find-authority';
import { describeLeftBehind } from '../authority/left-behind';
import type { CopyEngine } from '../engine/engine';
import { Placement } from '../listing/placement';
import { readLosses } from './accepted-losses';
import { type NamedSource, placementsOf } from './named-sources';
import type { SourceChoice } from './source-choice';
import { chooseStranded } from './stranded-choice';

export interface TruthRequest extends AuthorityRequest {
  readonly includeStranded: boolean;
  /** A file with the keys, one a line, of stranded deltas that may be lost. */
  readonly acceptLoss: string | undefined;
  readonly filters: readonly Filter[];
}

/**
 * The bucket that the evidence shows to be the truth, or that the operator named.
 *
 * @throws {UserError} exit 6 when deltas would be lost without consent.
 */
export async function chooseTruth(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: TruthRequest,
): Promise<SourceChoice | { readonly source: null; readonly evidence: Authority }> {
  const { authority: evidence, stranded } = await findAuthority(context, engine, request);
  const { winner: source, reasons, left_behind: leftBehind, unchecked } = evidence;
  if (source === null) return { source, evidence };
  return {
    source,
    placement: ALL_LIVE,
    ...chooseStranded(
      stranded,
      await readLosses(request.acceptLoss),
      request.includeStranded,
      filteredBy(source, request),
    ),
    authority: [...reasons, ...leftBehind.flatMap((each) => describeLeftBehind(each, source)), ...unchecked],
    evidence,
  };
}

/**
 * The same where each collection has a source of its own: for each bucket, what it lacks of the collections that it is
 * the source of. Of the others it says nothing: they have a truth of their own.
 *
 * @throws {UserError} exit 6 when deltas would be lost without consent.
 */
export async function choosePerCollection(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  request: TruthRequest & { readonly sources: readonly [NamedSource, ...NamedSource[]] },
): Promise<[SourceChoice, ...SourceChoice[]]> {
  const { sources, search } = request;
  const losses = await readLosses(request.acceptLoss);
  const placements = placementsOf(sources);
  const named = [...search.named, ...sources.map(({ bucket }) => bucket)];
  const [first, ...others] = sources;
  const choose = async ({ bucket, collections }: NamedSource): Promise<SourceChoice> => {
    const found = await findAuthority(context, engine, {
      ...request,
      search: { ...search, named },
      named: bucket,
    });
    const isIts = (key: string) => collections.some((each) => key.startsWith(deltaPrefix(each)));
    const stranded = found.stranded.filter(({ object: { key } }) => isIts(key));
    const reasons = [`You named ${bucket} as the source of ${collections.join(' and ')}.`];
    const leftBehind = found.authority.left_behind.map(
      (each): LeftBehind => ({
        ...each,
        collections: each.collections.filter(({ collection }) => collections.includes(collection)),
        // Objects of no collection are kept of every bucket.
        others: bucket === first.bucket ? each.others : { objects: 0, bytes: 0 },
      }),
    );
    const evidence = {
      ...found.authority,
      reasons,
      stranded: found.authority.stranded.filter(({ key }) => isIts(key)),
      left_behind: leftBehind,
    };
    return {
      source: bucket,
      placement: placements.get(bucket) ?? ALL_LIVE,
      ...chooseStranded(stranded, losses, request.includeStranded, filteredBy(bucket, request)),
      authority: [
        ...reasons,
        ...leftBehind.flatMap((each) => describeLeftBehind(each, bucket)),
        ...evidence.unchecked,
      ],
      evidence,
    };
  };
  const choices: [SourceChoice, ...SourceChoice[]] = [await choose(first)];
  for (const each of others) choices.push(await choose(each));
  return choices;
}

/** Whether the filters leave a key out. */
function filteredBy(source: string, { filters }: Pick<TruthRequest, 'filters'>): (key: string) => boolean {
  const placement = new Placement(source, { ...ALL_LIVE, filters: [...filters] });
  return (key) => placement.leavesOut(key);
}
