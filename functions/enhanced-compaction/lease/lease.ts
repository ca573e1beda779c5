import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type CollectionPointer, collectionPointerSchema } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import { collectionKey } from '../../../contracts/compaction-run';
import { LEASE_RENEWAL_SECONDS, LEASE_SECONDS } from '../../../contracts/lease';
import { type RunTable, readItem } from '../../shared/run-table';

/** The lease went to another owner: whatever was merged under it is to be thrown away. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Another owner holds the lease. */
export class LeaseTaken extends Error {
  override readonly name = 'LeaseTaken';
}

/** What makes a writer of a collection the only one. */
export interface Lease {
  readonly collection: Collection;
  readonly owner: string;
  /** Higher than that of every owner before. */
  readonly fence: number;
  /** The pointer as it stood when the lease was taken. */
  readonly pointer: CollectionPointer;
  /** Aborted, with a {@link LeaseLost}, as soon as the lease is known to be lost. */
  readonly signal: AbortSignal;
  /** Gives it back, so that the next owner need not wait. Harmless when it is lost already. */
  release(): Promise<void>;
}

export interface LeaseTimes {
  /** @default {@link LEASE_SECONDS} */
  readonly seconds?: number;
  /** @default {@link LEASE_RENEWAL_SECONDS} */
  readonly renewalSeconds?: number;
}

const POLL_MILLISECONDS = 500;

/**
 * Takes a collection's lease, waiting for it until `deadline` (milliseconds since the epoch), and renews it
 * until it is released. Each renewal demands that owner and fence are still ours: an owner that stalled must
 * never steal the lease back.
 *
 * @throws {LeaseTaken} when another owner still holds it at the deadline.
 */
export async function takeLease(
  table: RunTable,
  collection: Collection,
  deadline: number,
  { seconds = LEASE_SECONDS, renewalSeconds = LEASE_RENEWAL_SECONDS }: LeaseTimes = {},
): Promise<Lease> {
  const owner = randomUUID();
  const milliseconds = seconds * 1000;
  let pointer = await tryTake(table, collection, owner, milliseconds);
  while (pointer === undefined) {
    if (Date.now() >= deadline) {
      throw new LeaseTaken(`Another writer holds the lease of ${collection}. The message will come again.`);
    }
    await delay(POLL_MILLISECONDS);
    pointer = await tryTake(table, collection, owner, milliseconds);
  }
  const { fence } = pointer;

  const lost = new AbortController();
  let expiresAt = pointer.lease_expires_at ?? 0;
  let unanswered = 0;
  const couldNotRenew = () => lost.abort(new LeaseLost(`The lease of ${collection} could not be renewed.`));
  const renew = async () => {
    const asked = Date.now();
    // A renewal that hangs fails in no way. One that was never sent, as in a frozen sandbox, may yet succeed.
    if (unanswered > 0 && asked > expiresAt) return couldNotRenew();
    unanswered++;
    try {
      const renewed = await updateIfOurs(table, collection, owner, fence, {
        UpdateExpression: 'SET lease_expires_at = :expires',
        ExpressionAttributeValues: { ':expires': asked + milliseconds },
      });
      if (renewed) expiresAt = asked + milliseconds;
      else lost.abort(new LeaseLost(`The lease of ${collection} went to another writer.`));
    } catch {
      // A failed request is tried again with the next renewal, as long as the lease lasts.
      if (Date.now() > expiresAt) couldNotRenew();
    } finally {
      unanswered--;
    }
  };
  const heartbeat = setInterval(renew, renewalSeconds * 1000);
  heartbeat.unref();

  return {
    collection,
    owner,
    fence,
    pointer,
    signal: lost.signal,
    async release() {
      clearInterval(heartbeat);
      await updateIfOurs(table, collection, owner, fence, {
        UpdateExpression: 'REMOVE lease_owner, lease_expires_at',
      });
    },
  };
}

/**
 * The pointer, if the lease is ours now. An answer may be lost after the write was made, and the SDK's own retry then
 * finds the condition false, by what this very owner wrote.
 */
async function tryTake(
  table: RunTable,
  collection: Collection,
  owner: string,
  milliseconds: number,
): Promise<CollectionPointer | undefined> {
  const now = Date.now();
  const take = new UpdateCommand({
    TableName: table.name,
    Key: collectionKey(collection),
    UpdateExpression:
      'SET lease_owner = :owner, lease_expires_at = :expires, fence = if_not_exists(fence, :zero) + :one',
    ConditionExpression: 'attribute_not_exists(lease_owner) OR lease_expires_at < :now',
    ExpressionAttributeValues: {
      ':owner': owner,
      ':expires': now + milliseconds,
      ':now': now,
      ':zero': 0,
      ':one': 1,
    },
    ReturnValues: 'ALL_NEW',
  });
  try {
    const { Attributes } = await table.client.send(take);
    return collectionPointerSchema.parse(Attributes);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const pointer = collectionPointerSchema
      .optional()
      .parse(await readItem(table, collectionKey(collection)));
    return pointer?.lease_owner === owner ? pointer : undefined;
  }
}

interface Change {
  readonly UpdateExpression: string;
  /** A further demand, beside "the lease is mine". */
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Changes a collection's item on the condition that owner and fence are ours. Returns false when they are not. */
export async function updateIfOurs(
  { client, name }: RunTable,
  collection: Collection,
  owner: string,
  fence: number,
  change: Change,
): Promise<boolean> {
  const ours = 'lease_owner = :owner AND fence = :fence';
  const { ConditionExpression: further } = change;
  const update = new UpdateCommand({
    TableName: name,
    Key: collectionKey(collection),
    ...change,
    ConditionExpression: further === undefined ? ours : `${ours} AND (${further})`,
    ExpressionAttributeValues: { ...change.ExpressionAttributeValues, ':owner': owner, ':fence': fence },
  });
  try {
    await client.send(update);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
