import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Collection } from '../../../contracts/collections';
import {
  type CompactionRun,
  pendingAttribute,
  runAttribute,
  runKey,
} from '../../../contracts/compaction-run';
import type { RunTable } from '../../shared/run-table';

/** Marks an unfinished run PROCESSING. Does nothing when it has reached a final state meanwhile. */
export const startRun = (table: RunTable, run: CompactionRun, collection: Collection): Promise<void> =>
  change(table, run, collection, {
    UpdateExpression: 'SET #state = :state, #instant = :now',
    instant: 'started_at',
    state: 'PROCESSING',
  });

/** Ends an unfinished run for good and takes it off the pending index, with the reason for people. */
export const endRun = (
  table: RunTable,
  run: CompactionRun,
  collection: Collection,
  state: 'FAILED' | 'SUPERSEDED',
  reason: string,
): Promise<void> =>
  change(table, run, collection, {
    UpdateExpression: 'SET #state = :state, #instant = :now, #error = :reason REMOVE #pending',
    instant: 'finished_at',
    state,
    names: { '#error': runAttribute(collection, 'error'), '#pending': pendingAttribute(collection) },
    values: { ':reason': reason },
  });

async function change(
  { client, name }: RunTable,
  run: CompactionRun,
  collection: Collection,
  to: {
    UpdateExpression: string;
    instant: 'started_at' | 'finished_at';
    state: string;
    names?: Record<string, string>;
    values?: Record<string, string>;
  },
): Promise<void> {
  const update = new UpdateCommand({
    TableName: name,
    Key: runKey({ imageId: run.image_id, receiptId: run.receipt_id, runId: run.run_id }),
    UpdateExpression: to.UpdateExpression,
    ConditionExpression: '#state IN (:pending, :processing)',
    ExpressionAttributeNames: {
      '#state': runAttribute(collection, 'state'),
      '#instant': runAttribute(collection, to.instant),
      ...to.names,
    },
    ExpressionAttributeValues: {
      ':state': to.state,
      ':now': new Date().toISOString(),
      ':pending': 'PENDING',
      ':processing': 'PROCESSING',
      ...to.values,
    },
  });
  await client.send(update).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  });
}
