import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, startLocalAws } from 'local-aws';
import { type CollectionPointer, collectionPointerSchema } from '../../contracts/collection-pointer';
import { collectionKey } from '../../contracts/compaction-run';
import type { RunTable } from '../../functions/shared/run-table';

/** A run table without anything around it. */
export interface LoneRunTable extends RunTable {
  /** The pointer of lines as it stands there. */
  pointer(): Promise<CollectionPointer>;
  /** Sets attributes of the pointer of lines, as another writer may. */
  setPointer(attributes: Readonly<Record<string, unknown>>): Promise<void>;
}

/**
 * Gives every test of the suite an empty run table of its own, on one DynamoDB that is stopped after the last one.
 *
 * @returns the same object all along, which is filled anew before each test.
 */
export function useRunTable(): LoneRunTable {
  const table = {} as LoneRunTable;
  let aws: LocalAws<'dynamodb'>;
  let dynamodb: DynamoDBClient;
  beforeAll(async () => {
    aws = await startLocalAws({ services: ['dynamodb'] });
    dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  });
  beforeEach(async () => {
    const name = `runs-${randomUUID()}`;
    const client = DynamoDBDocumentClient.from(dynamodb, {
      marshallOptions: { removeUndefinedValues: true },
    });
    const keys = ['PK', 'SK'] as const;
    await dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema: keys.map((AttributeName, index) => ({
          AttributeName,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    const at = { TableName: name, Key: collectionKey('lines') };
    Object.assign(table, {
      client,
      name,
      pointer: async () =>
        collectionPointerSchema.parse(
          (await client.send(new GetCommand({ ...at, ConsistentRead: true }))).Item,
        ),
      setPointer: async (attributes: Readonly<Record<string, unknown>>) => {
        const names = Object.keys(attributes);
        await client.send(
          new UpdateCommand({
            ...at,
            UpdateExpression: `SET ${names.map((each) => `${each} = :${each}`).join(', ')}`,
            ExpressionAttributeValues: Object.fromEntries(
              Object.entries(attributes).map(([each, value]) => [`:${each}`, value]),
            ),
          }),
        );
      },
    });
  });
  afterAll(async () => {
    dynamodb?.destroy();
    await aws?.stop();
  });
  return table;
}
