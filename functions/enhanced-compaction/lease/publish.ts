import type { CollectionPointer, VersionManifest } from '../../../contracts/collection-pointer';
import type { RunTable } from '../../shared/run-table';
import { type Lease, LeaseLost, updateIfOurs } from './lease';

/** What a collection's pointer says of its content. */
export type Published = Pick<CollectionPointer, 'version' | 'manifest' | 'snapshot_version' | 'snapshot_at'>;

/** A pointer's content once something was published. */
export interface Publication extends Published {
  readonly version: string;
  readonly manifest: VersionManifest;
}

/**
 * Moves the pointer by one conditional write: the version must be the one that was merged onto, and the
 * lease must be ours. Without a version before, none may have come into being meanwhile.
 *
 * @throws {LeaseLost} when either is no longer so; the pointer is then unchanged.
 */
export async function publish(
  table: RunTable,
  { collection, owner, fence }: Lease,
  before: Published,
  next: Publication,
): Promise<Publication> {
  const { version, manifest, snapshot_version, snapshot_at } = next;
  const content = Object.entries({ version, manifest, snapshot_version, snapshot_at });
  const kept = content.filter(([, value]) => value !== undefined);
  const gone = content.filter(([, value]) => value === undefined).map(([name]) => name);
  const set = `SET ${kept.map(([name]) => `${name} = :${name}`).join(', ')}`;
  const written = await updateIfOurs(table, collection, owner, fence, {
    UpdateExpression: gone.length === 0 ? set : `${set} REMOVE ${gone.join(', ')}`,
    ConditionExpression: before.version === undefined ? 'attribute_not_exists(version)' : 'version = :before',
    ExpressionAttributeValues: {
      ...Object.fromEntries(kept.map(([name, value]) => [`:${name}`, value])),
      ...(before.version !== undefined && { ':before': before.version }),
    },
  });
  if (!written) {
    throw new LeaseLost(
      `The pointer of ${collection} was moved by another writer; this merge is thrown away.`,
    );
  }
  return next;
}

/** What the pointer says once a snapshot covers the published version. */
export const withSnapshot = ({ version, manifest }: Publication, at: Date): Publication => ({
  version,
  manifest: { ...manifest, uncovered_deltas: [], uncovered_records: 0 },
  snapshot_version: version,
  snapshot_at: at.toISOString(),
});
