import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  type StreamViewType,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type ShardIteratorType,
} from '@aws-sdk/client-dynamodb-streams';
import { type LocalAws, startLocalAws } from '../src';
import { eventually } from './support/eventually';

let aws: LocalAws<'dynamodb'>;
let dynamodb: DynamoDBClient;
let streams: DynamoDBStreamsClient;
let tables = 0;

beforeAll(async () => {
  aws = await startLocalAws({ services: ['dynamodb'] });
  dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  streams = new DynamoDBStreamsClient(aws.clientOptions('dynamodb'));
});
afterAll(async () => {
  dynamodb.destroy();
  streams.destroy();
  await aws.stop();
});

async function tableWithStream(view: StreamViewType = 'NEW_AND_OLD_IMAGES') {
  tables += 1;
  const name = `table-${tables}`;
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    }),
  );
  return { name, arn: String(TableDescription?.LatestStreamArn) };
}
const item = (PK: string, state?: string) => ({
  PK: { S: PK },
  ...(state !== undefined && { state: { S: state } }),
});
const put = (TableName: string, PK: string, state?: string) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: item(PK, state) }));

async function read(
  StreamArn: string,
  ShardIteratorType: ShardIteratorType = 'TRIM_HORIZON',
  SequenceNumber?: string,
) {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType, SequenceNumber }),
  );
  return streams.send(new GetRecordsCommand({ ShardIterator }));
}
const names = async (arn: string) => (await read(arn)).Records?.map(({ eventName }) => eventName);

describe('the local DynamoDB Streams', () => {
  test('tells insert, change and removal with both images, in order', async () => {
    const { name, arn } = await tableWithStream();
    await put(name, 'run', 'PENDING');
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: name,
        Key: item('run'),
        UpdateExpression: 'SET #state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': { S: 'COMPLETED' } },
      }),
    );
    await dynamodb.send(new DeleteItemCommand({ TableName: name, Key: item('run') }));
    const { Records = [] } = await read(arn);
    expect(
      Records.map(({ eventName, dynamodb: change }) => [eventName, change?.OldImage, change?.NewImage]),
    ).toEqual([
      ['INSERT', undefined, item('run', 'PENDING')],
      ['MODIFY', item('run', 'PENDING'), item('run', 'COMPLETED')],
      ['REMOVE', item('run', 'COMPLETED'), undefined],
    ]);
    expect(Records[0]?.dynamodb?.Keys).toEqual(item('run'));
    const sequence = Records.map(({ dynamodb: change }) => String(change?.SequenceNumber));
    expect(sequence).toEqual([...sequence].sort());
  });

  test('says nothing of a write that changes nothing, of one that fails, or of deleting nothing', async () => {
    const { name, arn } = await tableWithStream();
    await put(name, 'run', 'PENDING');
    await put(name, 'run', 'PENDING');
    await dynamodb.send(new DeleteItemCommand({ TableName: name, Key: item('nobody') }));
    const refused = new PutItemCommand({
      TableName: name,
      Item: item('run', 'OTHER'),
      ConditionExpression: 'attribute_not_exists(PK)',
    });
    await expect(dynamodb.send(refused)).rejects.toThrow();
    expect(await names(arn)).toEqual(['INSERT']);
  });

  test('tells a batch’s and a transaction’s writes, and nothing of a cancelled transaction', async () => {
    const { name, arn } = await tableWithStream();
    await dynamodb.send(
      new BatchWriteItemCommand({ RequestItems: { [name]: [{ PutRequest: { Item: item('batch') } }] } }),
    );
    const write = (PK: string) =>
      dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName: name, Item: item(PK) } },
            {
              Put: {
                TableName: name,
                Item: item(`second of ${PK}`),
                ConditionExpression: 'attribute_not_exists(PK)',
              },
            },
          ],
        }),
      );
    await write('transaction');
    await expect(write('transaction')).rejects.toThrow();
    const { Records } = await read(arn);
    expect(Records?.map(({ dynamodb: change }) => change?.Keys?.PK?.S)).toEqual([
      'batch',
      'transaction',
      'second of transaction',
    ]);
  });

  test.each([
    ['KEYS_ONLY', false, false],
    ['NEW_IMAGE', true, false],
    ['OLD_IMAGE', false, true],
  ] as const)('holds with %s only what that view has', async (view, newImage, oldImage) => {
    const { name, arn } = await tableWithStream(view);
    await put(name, 'run', 'PENDING');
    await put(name, 'run', 'COMPLETED');
    const change = (await read(arn)).Records?.[1]?.dynamodb;
    expect([change?.NewImage !== undefined, change?.OldImage !== undefined]).toEqual([newImage, oldImage]);
  });

  test('starts at the beginning, at the end, at or after a record', async () => {
    const { name, arn } = await tableWithStream();
    for (const PK of ['a', 'b', 'c']) await put(name, PK);
    const keys = async (...where: [ShardIteratorType, string?]) =>
      (await read(arn, ...where)).Records?.map(({ dynamodb: change }) => change?.Keys?.PK?.S);
    const second = (await read(arn)).Records?.[1]?.dynamodb?.SequenceNumber;
    expect(await keys('TRIM_HORIZON')).toEqual(['a', 'b', 'c']);
    expect(await keys('LATEST')).toEqual([]);
    expect(await keys('AT_SEQUENCE_NUMBER', second)).toEqual(['b', 'c']);
    expect(await keys('AFTER_SEQUENCE_NUMBER', second)).toEqual(['c']);
  });

  test('goes on where the last read ended', async () => {
    const { name, arn } = await tableWithStream();
    await put(name, 'a');
    const { NextShardIterator } = await read(arn);
    await put(name, 'b');
    const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator: NextShardIterator }));
    expect(Records?.map(({ dynamodb: change }) => change?.Keys?.PK?.S)).toEqual(['b']);
  });

  test('marks a removal by time to live as the service’s own', async () => {
    const { name, arn } = await tableWithStream();
    await dynamodb.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' },
      }),
    );
    await dynamodb.send(
      new PutItemCommand({ TableName: name, Item: { ...item('old'), expires: { N: '1' } } }),
    );
    const removal = await eventually('the removal in the stream', async () =>
      (await read(arn)).Records?.find(({ eventName }) => eventName === 'REMOVE'),
    );
    expect(removal.userIdentity).toEqual({ Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' });
  });

  test('is found from the table, can be switched on later, and off', async () => {
    const { name, arn } = await tableWithStream();
    expect((await streams.send(new ListStreamsCommand({ TableName: name }))).Streams).toMatchObject([
      { StreamArn: arn, TableName: name },
    ]);
    const off = new UpdateTableCommand({ TableName: name, StreamSpecification: { StreamEnabled: false } });
    await dynamodb.send(off);
    await put(name, 'unheard');
    const on = new UpdateTableCommand({
      TableName: name,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    });
    await dynamodb.send(on);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    expect(Table?.LatestStreamArn).not.toBe(arn);
    await put(name, 'heard');
    expect(await names(arn)).toEqual([]);
    expect(await names(String(Table?.LatestStreamArn))).toEqual(['INSERT']);
  });
});
