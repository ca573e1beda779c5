import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import {
  type EventSourceMapping,
  type LocalAws,
  type StreamMappingOptions,
  startLocalAws,
  startStreamMapping,
} from '../src';
import { eventually } from './support/eventually';
import { startLocalQueues } from './support/local-queues';

let aws: LocalAws<'dynamodb'>;
let queues: Awaited<ReturnType<typeof startLocalQueues>>;
let dynamodb: DynamoDBClient;
let streams: DynamoDBStreamsClient;
let tables = 0;
const mappings: EventSourceMapping[] = [];

beforeAll(async () => {
  queues = await startLocalQueues();
  aws = await startLocalAws({ services: ['dynamodb'] });
  dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  streams = new DynamoDBStreamsClient(aws.clientOptions('dynamodb'));
});
afterAll(async () => {
  await Promise.all(mappings.map((mapping) => mapping.stop()));
  dynamodb.destroy();
  streams.destroy();
  await Promise.all([aws.stop(), queues.stop()]);
});

async function table() {
  tables += 1;
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName: `table-${tables}`,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  return { name: String(TableDescription?.TableName), arn: String(TableDescription?.LatestStreamArn) };
}
type Table = Awaited<ReturnType<typeof table>>;
async function put({ name }: Table, keys: readonly string[], TYPE = 'ORDER'): Promise<void> {
  for (const PK of keys) {
    const Item = { PK: { S: PK }, TYPE: { S: TYPE }, bytes: { B: Uint8Array.from([1, 2]) } };
    await dynamodb.send(new PutItemCommand({ TableName: name, Item }));
  }
}
const keyOf = ({ dynamodb: change }: DynamoDBStreamEvent['Records'][number]) => String(change?.Keys?.PK?.S);
const numberOf = ({ dynamodb: change }: DynamoDBStreamEvent['Records'][number]) =>
  String(change?.SequenceNumber);

function map(
  source: Table,
  handle: (event: DynamoDBStreamEvent) => unknown,
  more: Partial<StreamMappingOptions> = {},
) {
  const batches: string[][] = [];
  const mapping = startStreamMapping({
    client: streams,
    streamArn: source.arn,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:stream-processor',
    invoke: async (event) => {
      const { Records } = event as DynamoDBStreamEvent;
      batches.push(Records.map(keyOf));
      return handle(event as DynamoDBStreamEvent);
    },
    ...more,
  });
  mappings.push(mapping);
  return { batches, stop: () => mapping.stop() };
}
const delivered = (batches: readonly string[][], key: string) =>
  eventually(`the delivery of ${key}`, () => batches.flat().includes(key));
const failAt = (event: DynamoDBStreamEvent, key: string) => {
  const record = event.Records.find((each) => keyOf(each) === key);
  return { batchItemFailures: record ? [{ itemIdentifier: numberOf(record) }] : [] };
};

describe('a stream mapping', () => {
  test('delivers what was written before it started, in order and in Lambda’s shape', async () => {
    const source = await table();
    await put(source, ['a', 'b', 'c']);
    const events: DynamoDBStreamEvent[] = [];
    const { batches } = map(source, (event) => void events.push(event));
    await delivered(batches, 'c');
    expect(batches.flat()).toEqual(['a', 'b', 'c']);
    expect(events[0]?.Records[0]).toMatchObject({
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      eventSourceARN: source.arn,
      dynamodb: {
        Keys: { PK: { S: 'a' } },
        NewImage: { TYPE: { S: 'ORDER' }, bytes: { B: 'AQI=' } },
        ApproximateCreationDateTime: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
  });

  test('delivers what is written later, once', async () => {
    const source = await table();
    const { batches } = map(source, () => undefined);
    await put(source, ['a']);
    await delivered(batches, 'a');
    await put(source, ['b']);
    await delivered(batches, 'b');
    expect(batches).toEqual([['a'], ['b']]);
  });

  test('delivers only what a filter lets through: inserts of orders', async () => {
    const source = await table();
    await put(source, ['run']);
    await put(source, ['run'], 'CHANGED');
    await put(source, ['pointer'], 'POINTER');
    await put(source, ['last']);
    const { batches } = map(source, () => undefined, {
      filters: [{ eventName: ['INSERT'], dynamodb: { NewImage: { TYPE: { S: ['ORDER'] } } } }],
    });
    await delivered(batches, 'last');
    expect(batches.flat()).toEqual(['run', 'last']);
  });

  test('hands over no more records at once than allowed', async () => {
    const source = await table();
    await put(source, ['a', 'b', 'c', 'd', 'e']);
    const { batches } = map(source, () => undefined, { batchSize: 2 });
    await delivered(batches, 'e');
    expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('delivers again from the first failure on, and nothing before it', async () => {
    const source = await table();
    await put(source, ['a', 'b', 'c', 'd']);
    let calls = 0;
    const { batches } = map(source, (event) => {
      calls += 1;
      return calls === 1 ? failAt(event, 'c') : undefined;
    });
    await eventually(
      'the second delivery of d',
      () => batches.flat().filter((key) => key === 'd').length === 2,
    );
    expect(batches[0]).toEqual(['a', 'b', 'c', 'd']);
    expect(batches.slice(1).flat()).toEqual(['c', 'd']);
  });

  test('finds the one poison record by halving, gives it up, and delivers its neighbours', async () => {
    const source = await table();
    const { url } = await queues.queue();
    await put(source, ['a', 'b', 'poison', 'c']);
    const done: string[] = [];
    const { batches } = map(
      source,
      ({ Records }) => {
        const keys = Records.map(keyOf);
        if (keys.includes('poison')) throw new Error('no such order');
        done.push(...keys);
      },
      { maximumRetryAttempts: 2, onFailure: { client: queues.client, queueUrl: url } },
    );
    await eventually('c to be done', () => done.includes('c'));
    expect(done).toEqual(['a', 'b', 'c']);
    expect(batches.filter((keys) => keys.join() === 'poison')).toHaveLength(3);

    const [message] = await eventually('the lost event', async () => {
      const found = await queues.drain(url);
      return found.length > 0 && found;
    });
    expect(JSON.parse(String(message))).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      DDBStreamBatchInfo: { streamArn: source.arn, batchSize: 1 },
    });
  });

  test('gives up the whole batch without halving', async () => {
    const source = await table();
    const { url } = await queues.queue();
    await put(source, ['a', 'b']);
    map(
      source,
      () => {
        throw new Error('always');
      },
      {
        maximumRetryAttempts: 1,
        bisectBatchOnFunctionError: false,
        onFailure: { client: queues.client, queueUrl: url },
      },
    );
    const [message] = await eventually('the lost events', async () => {
      const found = await queues.drain(url);
      return found.length > 0 && found;
    });
    expect(JSON.parse(String(message)).DDBStreamBatchInfo.batchSize).toBe(2);
  });

  test('gives up records that are too old', async () => {
    const source = await table();
    const { url } = await queues.queue();
    await put(source, ['old']);
    const { batches } = map(source, () => undefined, {
      maximumRecordAgeSeconds: -10,
      onFailure: { client: queues.client, queueUrl: url },
    });
    const [message] = await eventually('the lost event', async () => {
      const found = await queues.drain(url);
      return found.length > 0 && found;
    });
    expect(JSON.parse(String(message)).requestContext.condition).toBe('RecordAgeExceeded');
    expect(batches).toEqual([]);
  });

  test('delivers nothing behind a failing record before it is settled', async () => {
    const source = await table();
    await put(source, ['first', 'second']);
    let failures = 3;
    const { batches } = map(
      source,
      () => {
        failures -= 1;
        if (failures >= 0) throw new Error('not yet');
      },
      { batchSize: 1, maximumRetryAttempts: 5 },
    );
    await delivered(batches, 'second');
    expect(batches.flat()).toEqual(['first', 'first', 'first', 'first', 'second']);
  });

  test('tells of a filter that it does not understand instead of letting anything through', async () => {
    const source = await table();
    await put(source, ['a']);
    const told: string[] = [];
    const { batches } = map(source, () => undefined, {
      filters: [{ eventName: [{ cidr: '10.0.0.0/8' }] }],
      onBatch: ({ error }) => error && told.push(error.message),
    });
    await eventually('the complaint', () => told.some((text) => text.includes('"cidr"')));
    expect(batches).toEqual([]);
  });
});
