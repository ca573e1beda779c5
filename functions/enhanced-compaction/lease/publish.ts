import { isDeepStrictEqual } from 'node:util';
import {
  type Checkpoint,
  type CollectionPointer,
  collectionPointerSchema,
  type VersionManifest,
} from '../../../contracts/collection-pointer';
import { collectionKey } from '../../../contracts/compaction-run';
import { type RunTable, readItem } from '../../shared/run-table';
import { type Lease, LeaseLost, updateIfOurs } from './lease';

/** What a collection's pointer says of its content. */
export type Published = Pick<CollectionPointer, 'version' | 'manifest' | 'snapshot_version' | 'snapshot_at'>;

/** A pointer's content once something was published. */
export interface Publication extends Published {
  readonly version: string;
  readonly manifest: VersionManifest;
}

export const isPublication = (published: Published): published is Publication =>
  published.version !== undefined && published.manifest !== undefined;

/**
 * Moves the pointer by one conditional write: the version must be the one that was merged onto, and the
 * lease must be ours. Without a version before, none may have come into being meanwhile.
 *
 * An answer may be lost after the write was made, and the SDK's own retry then finds the condition false: so
 * whatever is not a success is read back before it is called a failure.
 *
 * @throws {LeaseLost} when either is no longer so; the pointer is not, and never will be, moved to `next`.
 * @throws {Error} whatever else went wrong: the write may yet be made, so what `next` names must stay.
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
  const attempt = updateIfOurs(table, collection, owner, fence, {
    UpdateExpression: gone.length === 0 ? set : `${set} REMOVE ${gone.join(', ')}`,
    ConditionExpression: before.version === undefined ? 'attribute_not_exists(version)' : 'version = :before',
    ExpressionAttributeValues: {
      ...Object.fromEntries(kept.map(([name, value]) => [`:${name}`, value])),
      ...(before.version !== undefined && { ':before': before.version }),
    },
  });
  const outcome = await attempt.then(
    (written) => ({ written, failure: undefined }),
    (failure: unknown) => ({ written: false, failure }),
  );
  if (outcome.written) return next;
  const now = collectionPointerSchema.parse(await readItem(table, collectionKey(collection)));
  if (isDeepStrictEqual(contentOf(now), contentOf(next))) return next;
  // The condition cannot come true again once the version or the fence has moved on.
  if (outcome.failure !== undefined && now.version === before.version && now.fence === fence) {
    throw outcome.failure;
  }
  throw new LeaseLost(`The pointer of ${collection} was moved by another writer; this merge is thrown away.`);
}

const contentOf = ({ version, manifest, snapshot_version, snapshot_at }: Published): Published => ({
  version,
  manifest,
  snapshot_version,
  snapshot_at,
});

/** What the pointer says once a checkpoint holds all of it. */
export const onCheckpoint = (
  { version, manifest }: Publication,
  base: Checkpoint,
  at: Date,
): Publication => ({
  version,
  manifest: {
    ...manifest,
    base,
    uncovered_deltas: [],
    delta_sha256s: [],
    unmerged_deltas: [],
    uncovered_records: 0,
  },
  snapshot_version: base.version,
  snapshot_at: at.toISOString(),
});
