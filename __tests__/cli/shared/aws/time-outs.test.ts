import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { GetObjectCommand, HeadBucketCommand, ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { makeAws } from '../../../../cli/shared/aws/clients';
import { limitAnswers, tellSilence, timeOuts } from '../../../../cli/shared/aws/time-outs';

let server: Server;
let answer: RequestListener;
beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const TIMED_OUT = { name: 'TimeoutError' };

it.each<[string, RequestListener]>([
  ['never begins', () => undefined],
  [
    'stops amid its body',
    (_request, response) => {
      response.write('<ListAllMyBucketsResult>');
    },
  ],
  [
    'trickles and never ends',
    (_request, response) => {
      const timer = setInterval(() => response.write(' '), 10);
      response.once('close', () => clearInterval(timer));
    },
  ],
])('an answer that %s is given up (C13)', async (_what, listener) => {
  answer = listener;
  const { s3 } = makeAws({ region: 'us-east-1', requestTimeout: 0.1 });
  await expect(s3.send(new ListBucketsCommand({}))).rejects.toMatchObject(TIMED_OUT);
  s3.destroy();
});

it('an object whose bytes trickle and never end is given up (C13)', async () => {
  answer = (_request, response) => {
    response.setHeader('Content-Length', 1_000);
    const timer = setInterval(() => response.write('.'), 50);
    response.once('close', () => clearInterval(timer));
  };
  const { s3 } = makeAws({ region: 'us-east-1', requestTimeout: 0.1 });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }));
  await expect(Body?.transformToString()).rejects.toMatchObject(TIMED_OUT);
  s3.destroy();
});

it.each([
  [undefined, 10_000],
  [1024 * 1024, 74_000],
])('an object of %s bytes is given up after %i ms, and not before', async (size, limit) => {
  jest.useFakeTimers();
  const body = new PassThrough().on('error', () => {});
  const headers = size === undefined ? {} : { 'content-length': String(size) };
  const handle = async () => ({ response: { statusCode: 200, headers, body } as never });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const { S3Client: Client }: typeof import('@aws-sdk/client-s3') = jest.requireActual('@aws-sdk/client-s3');
  const client = new Client({ region: 'us-east-1', credentials, requestHandler: { handle } });
  limitAnswers(client, 1);
  await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }));
  await jest.advanceTimersByTimeAsync(limit - 1);
  expect(body.destroyed).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(body.errored).toMatchObject(TIMED_OUT);
  jest.useRealTimers();
});

it('Lambda, Step Functions and STS are not waited for without an end either', () => {
  expect(timeOuts(20)).toEqual({
    connectionTimeout: 10_000,
    requestTimeout: 20_000,
    throwOnRequestTimeout: true,
    socketTimeout: 20_000,
  });
  expect(timeOuts(1).connectionTimeout).toBe(1000);
});

it('says what is waited for, once for all that wait at the time, and no more once it is answered', async () => {
  const { S3Client: Client }: typeof import('@aws-sdk/client-s3') = jest.requireActual('@aws-sdk/client-s3');
  jest.useFakeTimers();
  const told: string[] = [];
  let respond: (() => void)[] = [];
  const client: S3Client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    requestHandler: {
      handle: () =>
        new Promise((resolve) =>
          respond.push(() =>
            resolve({ response: { statusCode: 200, headers: {}, body: undefined } as never }),
          ),
        ),
    },
  });
  tellSilence(client, (message) => told.push(message));
  const asked = ['one', 'two'].map((Bucket) => client.send(new HeadBucketCommand({ Bucket })));
  await jest.advanceTimersByTimeAsync(14_999);
  expect(told).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(told).toEqual(['S3 has not answered HeadBucket in one for 15 s.']);
  await jest.advanceTimersByTimeAsync(15_000);
  expect(told[1]).toBe('S3 has not answered HeadBucket in one for 30 s.');
  for (const each of respond) each();
  await Promise.all(asked);
  respond = [];
  await jest.advanceTimersByTimeAsync(60_000);
  expect(told).toHaveLength(2);
  jest.useRealTimers();
});
