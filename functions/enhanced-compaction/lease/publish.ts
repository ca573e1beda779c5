import type { CollectionPointer, VersionManifest } from '../../../contracts/collection-pointer';
import type { RunTable } from '../../shared/run-table';
import { type Lease, LeaseLost, updateIfOurs } from './lease';

/** What a collection's pointer says of its content. */
export type Published = Pick<CollectionPointer, 'version' | 'manifest' | 'snapshot_version' | 'snapshot_at'>;

/**
 * Moves the pointer by one conditional write: the version must be the one that was merged onto, and the
 * lease must be ours. Without a version before, none may have come into being meanwhile.
 *
 * @throws {LeaseLost} when either is no longer so; the pointer is then unchanged.
 */
export async function publish(
  table: RunTable,
  lease: Lease,
  before: Published,
  version: string,
  manifest: VersionManifest,
): Promise<Published> {
  await changePointer(table, lease, before, {
    UpdateExpression: 'SET version = :version, manifest = :manifest',
    ExpressionAttributeValues: { ':version': version, ':manifest': manifest },
  });
  return { ...before, version, manifest };
}

/** Notes on the pointer that a snapshot covers the published version, under the same conditions. */
export async function noteSnapshot(
  table: RunTable,
  lease: Lease,
  before: Published,
  at: Date,
): Promise<Published> {
  const { version, manifest } = before;
  if (version === undefined || manifest === undefined) return before;
  const covered = { ...manifest, uncovered_deltas: [], uncovered_records: 0 };
  const snapshotAt = at.toISOString();
  await changePointer(table, lease, before, {
    UpdateExpression: 'SET manifest = :manifest, snapshot_version = :snapshot, snapshot_at = :at',
    ExpressionAttributeValues: { ':manifest': covered, ':snapshot': version, ':at': snapshotAt },
  });
  return { version, manifest: covered, snapshot_version: version, snapshot_at: snapshotAt };
}

async function changePointer(
  table: RunTable,
  { collection, owner, fence }: Lease,
  before: Published,
  change: { UpdateExpression: string; ExpressionAttributeValues: Record<string, unknown> },
): Promise<void> {
  const written = await updateIfOurs(table, collection, owner, fence, {
    UpdateExpression: change.UpdateExpression,
    ConditionExpression: before.version === undefined ? 'attribute_not_exists(version)' : 'version = :before',
    ExpressionAttributeValues: {
      ...change.ExpressionAttributeValues,
      ...(before.version !== undefined && { ':before': before.version }),
    },
  });
  if (!written) {
    throw new LeaseLost(
      `The pointer of ${collection} was moved by another writer; this merge is thrown away.`,
    );
  }
}
