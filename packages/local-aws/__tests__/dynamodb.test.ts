import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateContinuousBackupsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type LocalAws, startLocalAws } from '../src';
import { eventually } from './support/eventually';

let aws: LocalAws<'dynamodb'>;
let dynamodb: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  aws = await startLocalAws({ services: ['dynamodb'] });
  dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
});
afterAll(async () => {
  dynamodb.destroy();
  await aws.stop();
});

/** Two keys and one sparse index. */
async function table(more: Partial<CreateTableCommandInput> = {}): Promise<string> {
  tables += 1;
  const TableName = `table-${tables}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['PK', 'SK', 'open_order', 'created_at'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'open-orders',
          KeySchema: [
            { AttributeName: 'open_order', KeyType: 'HASH' },
            { AttributeName: 'created_at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      ...more,
    }),
  );
  return TableName;
}
const key = (sort: string) => ({ PK: { S: 'IMAGE#1' }, SK: { S: sort } });
const put = (TableName: string, sort: string, more: object = {}) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { ...key(sort), ...more } }));
const get = async (TableName: string, sort: string) =>
  (await dynamodb.send(new GetItemCommand({ TableName, Key: key(sort), ConsistentRead: true }))).Item;
const transact = (
  TransactItems: TransactWriteItemsCommandInput['TransactItems'],
  ClientRequestToken?: string,
) => dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));

describe('the local DynamoDB: items', () => {
  test('gives back an item of every type as it was put', async () => {
    const name = await table();
    const item = {
      ...key('all'),
      text: { S: 'Käse 🧾' },
      number: { N: '3.50' },
      bytes: { B: Uint8Array.from([0, 255]) },
      yes: { BOOL: true },
      nothing: { NULL: true },
      list: { L: [{ S: 'a' }, { N: '1' }] },
      map: { M: { inner: { M: { deep: { S: 'x' } } } } },
      texts: { SS: ['a', 'b'] },
    };
    await dynamodb.send(new PutItemCommand({ TableName: name, Item: item }));
    expect(await get(name, 'all')).toEqual({ ...item, number: { N: '3.5' } });
  });

  test('has no item under an unknown key', async () => {
    expect(await get(await table(), 'nobody')).toBeUndefined();
  });

  test('puts only when the condition holds', async () => {
    const name = await table();
    const once = () =>
      dynamodb.send(
        new PutItemCommand({
          TableName: name,
          Item: key('run'),
          ConditionExpression: 'attribute_not_exists(PK)',
        }),
      );
    await once();
    await expect(once()).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  test('gives the item that made a condition fail, when asked', async () => {
    const name = await table();
    await put(name, 'pointer', { version: { S: 'v2' } });
    for (const ReturnValuesOnConditionCheckFailure of ['ALL_OLD', 'NONE'] as const) {
      const moved = dynamodb.send(
        new UpdateItemCommand({
          TableName: name,
          Key: key('pointer'),
          UpdateExpression: 'SET version = :new',
          ConditionExpression: 'version = :old',
          ExpressionAttributeValues: { ':new': { S: 'v3' }, ':old': { S: 'v1' } },
          ReturnValuesOnConditionCheckFailure,
        }),
      );
      const Item =
        ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
          ? { ...key('pointer'), version: { S: 'v2' } }
          : undefined;
      await expect(moved).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item });
    }
  });

  test('sets, removes and adds in one update, and returns what it became', async () => {
    const name = await table();
    await put(name, 'lease', { fence: { N: '4' }, owner: { S: 'a' } });
    const { Attributes } = await dynamodb.send(
      new UpdateItemCommand({
        TableName: name,
        Key: key('lease'),
        UpdateExpression: 'SET #state = if_not_exists(#state, :state) REMOVE #owner ADD fence :one',
        ExpressionAttributeNames: { '#state': 'state', '#owner': 'owner' },
        ExpressionAttributeValues: { ':state': { S: 'PENDING' }, ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(Attributes).toEqual({ ...key('lease'), fence: { N: '5' }, state: { S: 'PENDING' } });
  });

  test('lets exactly one of many concurrent conditional writers win', async () => {
    const name = await table();
    await put(name, 'pointer', { fence: { N: '0' } });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, writer) =>
        dynamodb.send(
          new UpdateItemCommand({
            TableName: name,
            Key: key('pointer'),
            UpdateExpression: 'SET fence = fence + :one, writer = :writer',
            ConditionExpression: 'fence = :expected',
            ExpressionAttributeValues: {
              ':one': { N: '1' },
              ':expected': { N: '0' },
              ':writer': { N: String(writer) },
            },
          }),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await get(name, 'pointer'))?.fence).toEqual({ N: '1' });
  });

  test('deletes and returns what was there', async () => {
    const name = await table();
    await put(name, 'gone', { text: { S: 'x' } });
    const { Attributes } = await dynamodb.send(
      new DeleteItemCommand({ TableName: name, Key: key('gone'), ReturnValues: 'ALL_OLD' }),
    );
    expect(Attributes).toEqual({ ...key('gone'), text: { S: 'x' } });
    expect(await get(name, 'gone')).toBeUndefined();
  });

  test('queries a partition by prefix of the sort key, in order, page by page', async () => {
    const name = await table();
    for (const sort of ['RUN#3', 'RUN#1', 'RUN#2', 'OTHER']) await put(name, sort);
    const found: (string | undefined)[] = [];
    let ExclusiveStartKey: Record<string, { S: string }> | undefined;
    do {
      const page = await dynamodb.send(
        new QueryCommand({
          TableName: name,
          KeyConditionExpression: 'PK = :pk AND begins_with(SK, :prefix)',
          ExpressionAttributeValues: { ':pk': { S: 'IMAGE#1' }, ':prefix': { S: 'RUN#' } },
          Limit: 2,
          ExclusiveStartKey,
        }),
      );
      found.push(...(page.Items ?? []).map((item) => item.SK?.S));
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
    } while (ExclusiveStartKey);
    expect(found).toEqual(['RUN#1', 'RUN#2', 'RUN#3']);
  });

  test('keeps a sparse index: an item is in it while it has the attribute, in order of the sort key', async () => {
    const name = await table();
    const pending = { open_order: { S: 'PENDING' } };
    await put(name, 'b', { ...pending, created_at: { S: '2026-01-02' } });
    await put(name, 'a', { ...pending, created_at: { S: '2026-01-03' } });
    await put(name, 'c', { created_at: { S: '2026-01-01' } });
    const query = async () =>
      (
        await dynamodb.send(
          new QueryCommand({
            TableName: name,
            IndexName: 'open-orders',
            KeyConditionExpression: 'open_order = :pending',
            ExpressionAttributeValues: { ':pending': { S: 'PENDING' } },
          }),
        )
      ).Items?.map(({ SK }) => SK?.S);
    expect(await query()).toEqual(['b', 'a']);
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: name,
        Key: key('b'),
        UpdateExpression: 'REMOVE open_order',
      }),
    );
    expect(await query()).toEqual(['a']);
  });

  test('scans with a filter', async () => {
    const name = await table();
    for (const [sort, state] of Object.entries({ a: 'PENDING', b: 'FAILED' })) {
      await put(name, sort, { lines_state: { S: state } });
    }
    const { Items } = await dynamodb.send(
      new ScanCommand({
        TableName: name,
        FilterExpression: 'lines_state = :state',
        ExpressionAttributeValues: { ':state': { S: 'FAILED' } },
      }),
    );
    expect(Items?.map(({ SK }) => SK?.S)).toEqual(['b']);
  });

  test('writes and reads in batches', async () => {
    const name = await table();
    await put(name, 'old');
    await dynamodb.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [name]: [{ PutRequest: { Item: key('new') } }, { DeleteRequest: { Key: key('old') } }],
        },
      }),
    );
    const { Responses } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [name]: { Keys: [key('new'), key('old')] } } }),
    );
    expect(Responses?.[name]).toEqual([key('new')]);
  });

  test('refuses an item without its key, and a table that does not exist', async () => {
    const name = await table();
    await expect(
      dynamodb.send(new PutItemCommand({ TableName: name, Item: { PK: { S: 'IMAGE#1' } } })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('nowhere', 'a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('answers 501 for what it does not know', async () => {
    await expect(
      dynamodb.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM "a"' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
  });
});

describe('the local DynamoDB: transactions', () => {
  test('writes all of puts, updates and deletes', async () => {
    const name = await table();
    await put(name, 'update', { n: { N: '1' } });
    await put(name, 'delete');
    await transact([
      { Put: { TableName: name, Item: key('put') } },
      {
        Update: {
          TableName: name,
          Key: key('update'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
      { Delete: { TableName: name, Key: key('delete') } },
    ]);
    expect(await get(name, 'put')).toBeDefined();
    expect((await get(name, 'update'))?.n).toEqual({ N: '2' });
    expect(await get(name, 'delete')).toBeUndefined();
  });

  test('writes nothing when one condition fails, and gives the reason of each item', async () => {
    const name = await table();
    await put(name, 'taken', { owner: { S: 'a' } });
    const failed = transact([
      { Put: { TableName: name, Item: key('first') } },
      {
        Put: {
          TableName: name,
          Item: key('taken'),
          ConditionExpression: 'attribute_not_exists(PK)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
    ]);
    await expect(failed).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { ...key('taken'), owner: { S: 'a' } } },
      ],
    });
    expect(await get(name, 'first')).toBeUndefined();
  });

  test('undoes what it wrote when a later update turns out to be impossible', async () => {
    const name = await table();
    await put(name, 'first', { n: { N: '1' } });
    await put(name, 'text', { n: { S: 'no number' } });
    const add = (sort: string) => ({
      Update: {
        TableName: name,
        Key: key(sort),
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    });
    await expect(transact([add('first'), add('text')])).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }],
    });
    expect((await get(name, 'first'))?.n).toEqual({ N: '1' });
  });

  test('checks a condition on an item that it does not write', async () => {
    const name = await table();
    await put(name, 'lease', { owner: { S: 'a' } });
    const writeAs = (owner: string) =>
      transact([
        {
          ConditionCheck: {
            TableName: name,
            Key: key('lease'),
            ConditionExpression: '#owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': { S: owner } },
          },
        },
        { Put: { TableName: name, Item: key(`by ${owner}`) } },
      ]);
    await writeAs('a');
    await expect(writeAs('b')).rejects.toMatchObject({ name: 'TransactionCanceledException' });
    expect(await get(name, 'by a')).toBeDefined();
    expect(await get(name, 'by b')).toBeUndefined();
    expect(await get(name, 'lease')).toEqual({ ...key('lease'), owner: { S: 'a' } });
  });

  test('does a transaction of a known token once, and refuses the token for another', async () => {
    const name = await table();
    await put(name, 'counter', { n: { N: '0' } });
    const add = (amount: string) =>
      transact(
        [
          {
            Update: {
              TableName: name,
              Key: key('counter'),
              UpdateExpression: 'ADD n :amount',
              ExpressionAttributeValues: { ':amount': { N: amount } },
            },
          },
        ],
        'token-1',
      );
    await add('1');
    await add('1');
    expect((await get(name, 'counter'))?.n).toEqual({ N: '1' });
    await expect(add('2')).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' });
  });

  test('refuses two operations on one item', async () => {
    const name = await table();
    await expect(
      transact([
        { Put: { TableName: name, Item: key('same') } },
        { Delete: { TableName: name, Key: key('same') } },
      ]),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('reads several items at one moment', async () => {
    const name = await table();
    await put(name, 'a');
    const { Responses } = await dynamodb.send(
      new TransactGetItemsCommand({
        TransactItems: ['a', 'b'].map((sort) => ({ Get: { TableName: name, Key: key(sort) } })),
      }),
    );
    expect(Responses?.map(({ Item }) => Item)).toEqual([key('a'), undefined]);
  });

  test('keeps a counter exact under concurrent transactions', async () => {
    const name = await table();
    await put(name, 'counter', { n: { N: '0' } });
    await Promise.all(
      Array.from({ length: 25 }, () =>
        transact([
          {
            Update: {
              TableName: name,
              Key: key('counter'),
              UpdateExpression: 'ADD n :one',
              ExpressionAttributeValues: { ':one': { N: '1' } },
            },
          },
        ]),
      ),
    );
    expect((await get(name, 'counter'))?.n).toEqual({ N: '25' });
  });
});

describe('the local DynamoDB: tables', () => {
  test('describes, lists and deletes a table', async () => {
    const name = await table();
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      TableArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`,
    });
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toContain(name);
    await dynamodb.send(new DeleteTableCommand({ TableName: name }));
    await expect(dynamodb.send(new DescribeTableCommand({ TableName: name }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('does not delete a table that is protected', async () => {
    const name = await table({ DeletionProtectionEnabled: true });
    await expect(dynamodb.send(new DeleteTableCommand({ TableName: name }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await dynamodb.send(new UpdateTableCommand({ TableName: name, DeletionProtectionEnabled: false }));
    await dynamodb.send(new DeleteTableCommand({ TableName: name }));
  });

  test('remembers point-in-time recovery', async () => {
    const name = await table();
    await dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName: name,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
    const { ContinuousBackupsDescription } = await dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName: name }),
    );
    expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
      'ENABLED',
    );
  });

  test('deletes expired items once time to live is on, and no others', async () => {
    const name = await table();
    await dynamodb.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' },
      }),
    );
    const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: name }));
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
    const now = Math.floor(Date.now() / 1000);
    await put(name, 'old', { expires: { N: String(now - 10) } });
    await put(name, 'young', { expires: { N: String(now + 3600) } });
    await put(name, 'eternal');
    await eventually('the old item to expire', async () => (await get(name, 'old')) === undefined);
    expect(await get(name, 'young')).toBeDefined();
    expect(await get(name, 'eternal')).toBeDefined();
  });
});
