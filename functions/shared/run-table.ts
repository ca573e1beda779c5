import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Collection } from '../../contracts/collections';
import {
  type CompactionRun,
  decodeRun,
  encodeRun,
  imagePartition,
  PENDING_PARTITION,
  pendingAttribute,
  pendingIndex,
  runAttribute,
  runKey,
  runSortPrefix,
} from '../../contracts/compaction-run';
import type { ReceiptReference } from '../../contracts/record-id';

/** The run table, as every function reads and writes it. */
export interface RunTable {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** All runs of one receipt in order of creation, read consistently. */
export async function runsOfReceipt(
  table: RunTable,
  { imageId, receiptId }: ReceiptReference,
): Promise<CompactionRun[]> {
  const items = await queryAll(table, {
    KeyConditionExpression: 'PK = :image AND begins_with(SK, :receipt)',
    ExpressionAttributeValues: { ':image': imagePartition(imageId), ':receipt': runSortPrefix(receiptId) },
    ConsistentRead: true,
  });
  return items.map(decodeRun).sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

/** Writes a new run. Returns false, and changes nothing, when the run exists already. */
export async function createRun({ client, name }: RunTable, run: CompactionRun): Promise<boolean> {
  const put = new PutCommand({
    TableName: name,
    Item: encodeRun(run),
    ConditionExpression: 'attribute_not_exists(PK)',
  });
  return succeeds(client.send(put));
}

/**
 * The items of a collection's unfinished runs in order of creation, undecoded, so that one malformed item
 * does not hide the others. The index follows the table with a short delay.
 */
export const pendingItems = (table: RunTable, collection: Collection): Promise<Record<string, unknown>[]> =>
  queryAll(table, {
    IndexName: pendingIndex(collection),
    KeyConditionExpression: '#pending = :pending',
    ExpressionAttributeNames: { '#pending': pendingAttribute(collection) },
    ExpressionAttributeValues: { ':pending': PENDING_PARTITION },
  });

/**
 * Marks one collection of an unfinished run COMPLETED and takes it off the pending index. Returns false,
 * and changes nothing, when it has reached a final state meanwhile.
 */
export async function completeRun(
  { client, name }: RunTable,
  run: CompactionRun,
  collection: Collection,
  mergedVectors: number,
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName: name,
    Key: runKey({ imageId: run.image_id, receiptId: run.receipt_id, runId: run.run_id }),
    UpdateExpression: 'SET #state = :completed, #finished = :now, #merged = :vectors REMOVE #pending',
    ConditionExpression: '#state IN (:pending, :processing)',
    ExpressionAttributeNames: {
      '#state': runAttribute(collection, 'state'),
      '#finished': runAttribute(collection, 'finished_at'),
      '#merged': runAttribute(collection, 'merged_vectors'),
      '#pending': pendingAttribute(collection),
    },
    ExpressionAttributeValues: {
      ':completed': 'COMPLETED',
      ':pending': 'PENDING',
      ':processing': 'PROCESSING',
      ':now': new Date().toISOString(),
      ':vectors': mergedVectors,
    },
  });
  return succeeds(client.send(update));
}

async function queryAll(
  { client, name }: RunTable,
  query: Omit<QueryCommandInput, 'TableName'>,
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for await (const page of paginateQuery({ client }, { TableName: name, ...query })) {
    items.push(...(page.Items ?? []));
  }
  return items;
}

async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
