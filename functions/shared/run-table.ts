import type { Logger } from '@aws-lambda-powertools/logger';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  type QueryCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import {
  type CollectionRun,
  type CompactionRun,
  decodeRun,
  encodeRun,
  imagePartition,
  isForeignRun,
  isUnfinished,
  PENDING_PARTITION,
  pendingAttribute,
  pendingIndex,
  type RunReference,
  runAttribute,
  runKey,
  runOf,
  runSortPrefix,
} from '../../contracts/compaction-run';
import type { ReceiptReference } from '../../contracts/record-id';

/** The run table, as every function reads and writes it. */
export interface RunTable {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/**
 * All runs of one receipt in order of creation, read consistently. Those of another system in the same table are passed
 * over, and counted in the log of whoever hands one in.
 *
 * @throws {ZodError} when an item of this pipeline's is malformed.
 */
export async function runsOfReceipt(
  table: RunTable,
  { imageId, receiptId }: ReceiptReference,
  telemetry?: { readonly logger: Pick<Logger, 'info'> },
): Promise<CompactionRun[]> {
  const items = await queryAll(table, {
    KeyConditionExpression: 'PK = :image AND begins_with(SK, :receipt)',
    ExpressionAttributeValues: { ':image': imagePartition(imageId), ':receipt': runSortPrefix(receiptId) },
    ConsistentRead: true,
  });
  const own = items.filter((item) => !isForeignRun(item));
  const count = items.length - own.length;
  if (count > 0)
    telemetry?.logger.info('Runs of another system were passed over', { imageId, receiptId, count });
  return own.map(decodeRun).sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
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
 * Writes over a run that has not got its deltas yet: with them, or with how it ended without them. Returns false, and
 * changes nothing, when it has got them or has ended meanwhile.
 */
export async function changeUnembedded({ client, name }: RunTable, run: CompactionRun): Promise<boolean> {
  const isUnembedded = COLLECTIONS.map(
    (each) =>
      `${runAttribute(each, 'state')} = :pending AND attribute_not_exists(${runAttribute(each, 'delta_sha256')})`,
  );
  const put = new PutCommand({
    TableName: name,
    Item: encodeRun(run),
    ConditionExpression: isUnembedded.join(' AND '),
    ExpressionAttributeValues: { ':pending': 'PENDING' },
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
 * Moves a collection of an unfinished run to another state, with what is noted beside it; a final state takes it
 * off the pending index. Returns false, and changes nothing, when it has reached a final state meanwhile.
 */
export async function changeRun(
  { client, name }: RunTable,
  run: CompactionRun,
  collection: Collection,
  change: Partial<CollectionRun> & Pick<CollectionRun, 'state'>,
): Promise<boolean> {
  const fields = Object.entries(change);
  const isFinal = !isUnfinished(change.state);
  const update = new UpdateCommand({
    TableName: name,
    Key: runKey(runOf(run)),
    UpdateExpression: `SET ${fields.map(([field]) => `#${field} = :${field}`).join(', ')}${isFinal ? ' REMOVE #pending' : ''}`,
    ConditionExpression: '#state IN (:pending, :processing)',
    ExpressionAttributeNames: {
      ...Object.fromEntries(fields.map(([field]) => [`#${field}`, runAttribute(collection, field)])),
      ...(isFinal && { '#pending': pendingAttribute(collection) }),
    },
    ExpressionAttributeValues: {
      ...Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])),
      ':pending': 'PENDING',
      ':processing': 'PROCESSING',
    },
  });
  return succeeds(client.send(update));
}

export const completeRun = (
  table: RunTable,
  run: CompactionRun,
  collection: Collection,
  mergedVectors: number,
): Promise<boolean> =>
  changeRun(table, run, collection, {
    state: 'COMPLETED',
    finished_at: new Date().toISOString(),
    merged_vectors: mergedVectors,
  });

/** Notes in a run, whatever its state, where it left what others had put on the records that it replaced. */
export async function noteReplaced(
  { client, name }: RunTable,
  run: RunReference,
  collection: Collection,
  { key, records }: { readonly key: string; readonly records: number },
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName: name,
    Key: runKey(run),
    UpdateExpression: 'SET #key = :key, #records = :records',
    // A rebuild may put in the delta of a run that the table has lost.
    ConditionExpression: 'attribute_exists(PK)',
    ExpressionAttributeNames: {
      '#key': runAttribute(collection, 'replaced_key'),
      '#records': runAttribute(collection, 'replaced_records'),
    },
    ExpressionAttributeValues: { ':key': key, ':records': records },
  });
  return succeeds(client.send(update));
}

/** One item, read consistently. */
export async function readItem(
  { client, name }: RunTable,
  Key: { readonly PK: string; readonly SK: string },
): Promise<Record<string, unknown> | undefined> {
  return (await client.send(new GetCommand({ TableName: name, Key, ConsistentRead: true }))).Item;
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
