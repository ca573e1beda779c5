import { isDeepStrictEqual } from 'node:util';
import type { Collection } from '../../../contracts/collections';
import { addDigests } from '../../../contracts/content-digest';
import type { WarningTelemetry } from '../../shared/logging';
import type { ChromaCollection } from '../chroma/collection';
import type { Published } from '../lease/publish';
import { takeCensus } from '../merge/census';
import { digestsWithout, type LegacyDelta } from '../snapshot/legacy-delta';
import type { LocatedSnapshot } from '../snapshot/locate';
import { isOfServer } from './collection-store';

/** What S3 gives is less than what was published, or something else. */
export class LostRecords extends Error {
  override readonly name = 'LostRecords';
}

/** What a collection was rebuilt from. */
export interface RebuiltFrom {
  readonly snapshot: LocatedSnapshot | undefined;
  /** Keys of the deltas that came in. */
  readonly keys: readonly string[];
  /** Those of the old system among them, the newest first. */
  readonly legacy: readonly LegacyDelta[];
}

/**
 * A version of before digests were kept tells its count alone; and deltas that came in beyond it are more than it holds,
 * where nothing that it lists is missing. Else the outcome must be what was published, but for the old system's deltas
 * that came in beside it, the newest ones of those.
 *
 * @param isExact - whether the outcome must be what was published, and nothing more.
 * @throws {LostRecords} when it is not.
 */
export async function refuseLoss(
  { collection, telemetry }: { readonly collection: Collection; readonly telemetry: WarningTelemetry },
  chroma: ChromaCollection,
  published: Published,
  { snapshot, keys, legacy }: RebuiltFrom,
  isExact: boolean,
): Promise<void> {
  const { manifest } = published;
  if (manifest === undefined) return;
  const { digest, others, uncovered_deltas, unmerged_deltas, record_tally } = manifest;
  const logged = new Set([...uncovered_deltas, ...unmerged_deltas, ...legacy.map(({ key }) => key)]);
  const there = new Set([...keys, ...(snapshot?.manifest?.content.uncovered_deltas ?? [])]);
  const hasMore = keys.some((key) => !logged.has(key));
  const isListed = uncovered_deltas.every((key) => there.has(key));
  // On a server nothing is listed.
  const mayBeMore = digest === undefined || (!isOfServer(published) && hasMore && isListed);
  const records = await chroma.count();
  if (!isExact && mayBeMore && records >= manifest.records) return;
  if (digest !== undefined) {
    const census = await takeCensus(collection, chroma);
    // What a digest does not tell, the generations of labels do in part.
    const isSameTally = !isExact || isDeepStrictEqual(record_tally, census.tally);
    // What other programs did on a server is in no delta.
    const merged = others === undefined ? digest : addDigests(digest, others.digest, -1);
    const given = isExact ? [census.digest] : await digestsWithout(census.digest, legacy, chroma);
    if (given.some((each) => each === digest || each === merged) && isSameTally) return;
    // Of records of theirs that the pipeline has replaced or removed since, nobody knows how many are left: no digest
    // tells what S3 is to give, but at least how much that is.
    const least = manifest.records - Math.max(0, others?.records ?? 0);
    if (others !== undefined && !isExact && records >= least) {
      telemetry.logger.warn(
        'What S3 gives of a collection is not what was published: other programs wrote to it on the server. What S3 gives is taken',
        { collection, published: manifest.records, given: records, ofOthers: others.records },
      );
      return;
    }
  }
  const ofOld =
    legacy.length === 0
      ? ''
      : ` ${legacy.length} of the deltas are the old system's, which prove nothing of ours.`;
  throw new LostRecords(
    `The published ${collection} cannot be rebuilt: ${manifest.records} records were published, the snapshot and ` +
      `the later deltas give ${records === manifest.records ? 'others' : records}. ` +
      `Restore the missing deltas from the bucket's older object versions.${ofOld}`,
  );
}
