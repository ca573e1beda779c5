import type { BegunLoad } from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import type { RunTable } from '../../shared/run-table';
import { type Lease, LeaseLost, updateIfOurs } from '../lease/lease';

/** What is known of what a collection is loaded from, as of a version. */
export interface KnownContent {
  readonly lineage: string[];
  readonly snapshotVersion: string | undefined;
  readonly embedding: EmbeddingSpace;
}

/**
 * Whether a collection was loaded as the pointer's version and is not published yet, since its loader ended in between. A
 * note of before another version was published says nothing: what was merged elsewhere since is not in its collection.
 */
export const isLoadOf = (
  noted: BegunLoad | undefined,
  { version }: Pick<Lease['pointer'], 'version'>,
  id: string,
): noted is BegunLoad => noted?.collection_id === id && noted.of.split(' ')[0] === (version ?? '');

/** What a note says of the content; undefined in one of before that was noted. */
export function knownOf({ known }: BegunLoad): KnownContent | undefined {
  if (known === undefined) return undefined;
  const { lineage, snapshot_version, model, dimensions } = known;
  return { lineage, snapshotVersion: snapshot_version, embedding: { model, dimensions } };
}

/**
 * Notes what is being loaded for whoever has the lease next; undefined once nothing is.
 *
 * @throws {LeaseLost} when the lease is another writer's.
 */
export async function noteLoad(
  { table }: { readonly table: RunTable },
  { collection, owner, fence }: Lease,
  begun: BegunLoad | undefined,
): Promise<void> {
  const isOurs = await updateIfOurs(
    table,
    collection,
    owner,
    fence,
    begun === undefined
      ? { UpdateExpression: 'REMOVE loading' }
      : { UpdateExpression: 'SET loading = :loading', ExpressionAttributeValues: { ':loading': begun } },
  );
  if (!isOurs)
    throw new LeaseLost(`The lease of ${collection} went to another writer, which goes on with the load.`);
}
