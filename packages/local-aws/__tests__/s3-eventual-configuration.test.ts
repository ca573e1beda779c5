import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type LocalAws, startLocalAws } from '../src';

const servers: LocalAws<'s3'>[] = [];
afterEach(async () => {
  for (const aws of servers.splice(0)) await aws.stop();
});

/** A bucket whose policy and tags can be set and read by name. */
async function bucketOf(eventualConfiguration: object) {
  const aws = await startLocalAws({ services: ['s3'], s3: { eventualConfiguration } });
  servers.push(aws);
  const s3 = new S3Client({ ...aws.clientOptions('s3'), maxAttempts: 1 });
  const Bucket = 'eventual';
  await s3.send(new CreateBucketCommand({ Bucket }));
  const policy = (Sid: string) =>
    JSON.stringify({
      Statement: {
        Sid,
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/*`,
      },
    });
  return {
    put: (sid: string) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(sid) })),
    remove: () => s3.send(new DeleteBucketPolicyCommand({ Bucket })),
    read: () =>
      s3.send(new GetBucketPolicyCommand({ Bucket })).then(
        ({ Policy = '' }) => JSON.parse(Policy).Statement.Sid,
        ({ name }) => name,
      ),
    tag: (Value: string) =>
      s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'tag', Value }] } })),
    tags: () => s3.send(new GetBucketTaggingCommand({ Bucket })).then(({ TagSet }) => TagSet?.[0]?.Value),
  };
}

const times = async <T>(count: number, read: () => Promise<T>): Promise<T[]> => {
  const found: T[] = [];
  for (let number = 0; number < count; number++) found.push(await read());
  return found;
};

test('every other read after a change shows what was before, until the stale ones are used up', async () => {
  const { put, remove, read, tag, tags } = await bucketOf({ staleReads: 2 });
  await put('one');
  expect(await times(5, read)).toEqual(['NoSuchBucketPolicy', 'one', 'NoSuchBucketPolicy', 'one', 'one']);
  await put('two');
  expect(await read()).toBe('one');
  // The change of another configuration is another's.
  await tag('x');
  expect(await times(3, read)).toEqual(['two', 'one', 'two']);
  expect(await times(4, () => tags().catch(({ name }) => name))).toEqual([
    'NoSuchTagSet',
    'x',
    'NoSuchTagSet',
    'x',
  ]);
  await remove();
  expect(await times(2, read)).toEqual(['two', 'NoSuchBucketPolicy']);
});

test('a change that follows another is refused once, and nothing is changed by it', async () => {
  const { put, remove, read, tag } = await bucketOf({ conflicts: true });
  await put('one');
  await expect(put('two')).rejects.toMatchObject({
    name: 'OperationAborted',
    $metadata: { httpStatusCode: 409 },
  });
  expect(await read()).toBe('one');
  await put('two');
  await expect(tag('x')).rejects.toMatchObject({ name: 'OperationAborted' });
  await tag('x');
  await expect(remove()).rejects.toMatchObject({ name: 'OperationAborted' });
  expect(await read()).toBe('two');
});

test('without it configurations are consistent at once', async () => {
  const { put, read } = await bucketOf({});
  await put('one');
  await put('two');
  expect(await times(3, read)).toEqual(['two', 'two', 'two']);
});
