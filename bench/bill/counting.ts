import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { type Counts, minus, NOTHING } from './model';

/** Counts what goes through two clients from now on. */
export interface Counter {
  /** What was counted so far, with the seconds of the clock; the difference of two is what came in between. */
  now(): Counts;
}

/** The S3 requests that are priced as writes. `PutObjectTagging` is left out: it is counted by the receipt. */
const S3_WRITES = [
  'PutObjectCommand',
  'ListObjectsV2Command',
  'CreateMultipartUploadCommand',
  'UploadPartCommand',
  'CompleteMultipartUploadCommand',
];
const S3_FREE = ['DeleteObjectCommand', 'PutObjectTaggingCommand'];
const READS = ['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand'];

/** Counts requests and bytes in the middleware of the clients themselves, and asks DynamoDB for its units. */
export function countRequests(s3: S3Client, dynamodb: DynamoDBClient): Counter {
  const counted = { ...NOTHING };
  s3.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        if (S3_WRITES.includes(commandName)) counted.s3Writes += 1;
        else if (!S3_FREE.includes(commandName)) counted.s3Reads += 1;
        const { Body, ContentLength }: { Body?: unknown; ContentLength?: number } = Object(args.input);
        if (Body !== undefined) counted.s3Written += ContentLength ?? lengthOf(Body);
        const { ContentLength: answered = 0 }: { ContentLength?: number } = Object(result.output);
        if (commandName === 'GetObjectCommand') counted.s3Read += answered;
        return result;
      },
    { step: 'initialize', name: 'count' },
  );
  dynamodb.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
        const { ConsumedCapacity }: { ConsumedCapacity?: { CapacityUnits?: number } } = Object(result.output);
        const units = ConsumedCapacity?.CapacityUnits ?? 0;
        if (READS.includes(commandName)) counted.readUnits += units;
        else counted.writeUnits += units;
        return result;
      },
    { step: 'initialize', name: 'count', priority: 'low' },
  );
  return { now: () => ({ ...counted, seconds: performance.now() / 1000 }) };
}

const lengthOf = (body: unknown): number =>
  typeof body === 'string' || body instanceof Uint8Array ? Buffer.byteLength(body) : 0;

/** What came of `act`, alone. */
export async function during(counter: Counter, act: () => Promise<unknown>): Promise<Counts> {
  const before = counter.now();
  await act();
  return minus(counter.now(), before);
}
