import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  type CreateQueueCommandInput,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type LocalAws, startLocalAws } from '../src';
import { eventually } from './support/eventually';

let aws: LocalAws<'sqs'>;
let sqs: SQSClient;
let queues = 0;

beforeAll(async () => {
  aws = await startLocalAws({ services: ['sqs'] });
  sqs = new SQSClient(aws.clientOptions('sqs'));
});
afterAll(async () => {
  sqs.destroy();
  await aws.stop();
});

async function queue(attributes: CreateQueueCommandInput['Attributes'] = {}): Promise<string> {
  queues += 1;
  const name = `queue-${queues}${attributes.FifoQueue === 'true' ? '.fifo' : ''}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return String(QueueUrl);
}
const fifo = (attributes: CreateQueueCommandInput['Attributes'] = {}) =>
  queue({ FifoQueue: 'true', ...attributes });
const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
const sendInGroup = (QueueUrl: string, body: string, group: string) =>
  send(QueueUrl, body, { MessageGroupId: group, MessageDeduplicationId: `${body} of ${group}` });
async function receive(QueueUrl: string, more: object = {}): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      ...more,
    }),
  );
  return Messages;
}
const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);
const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
const attributes = async (QueueUrl: string) =>
  (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};
async function withDeadLetterQueue(attributesOfSource: CreateQueueCommandInput['Attributes'] = {}) {
  const kind = attributesOfSource.FifoQueue === 'true' ? { FifoQueue: 'true' } : {};
  const deadLetters = await queue(kind);
  const { QueueArn } = await attributes(deadLetters);
  const source = await queue({
    VisibilityTimeout: '0',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 2 }),
    ...attributesOfSource,
  });
  return { source, deadLetters };
}

describe('the local SQS', () => {
  test('names the caller’s own address in a queue’s URL', async () => {
    expect(await queue()).toMatch(new RegExp(`^${aws.endpoints.sqs}/000000000000/queue-\\d+$`));
  });

  test('finds a queue by its name and lists by prefix', async () => {
    const url = await queue();
    const name = url.split('/').at(-1);
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl).toBe(url);
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: name }));
    expect(QueueUrls).toContain(url);
  });

  test('refuses a queue that does not exist', async () => {
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'nobody' }))).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
    });
  });

  test('keeps changed attributes', async () => {
    const url = await queue({ VisibilityTimeout: '7' });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '9' } }));
    expect(await attributes(url)).toMatchObject({ VisibilityTimeout: '9' });
  });

  test('delivers a body and its attributes unchanged, characters of every plane included', async () => {
    const url = await queue();
    const body = 'Käse 3,50 € 🧾 “quoted” \n line';
    const kind = { DataType: 'String', StringValue: 'order' };
    await send(url, body, { MessageAttributes: { kind } });
    const [message] = await receive(url);
    expect(message?.Body).toBe(body);
    expect(message?.MessageAttributes?.kind).toMatchObject(kind);
  });

  test('hides a received message until its visibility timeout is over, and counts each receive', async () => {
    const url = await queue({ VisibilityTimeout: '1' });
    await send(url, 'once more');
    expect((await receive(url))[0]?.Attributes?.ApproximateReceiveCount).toBe('1');
    expect(await receive(url)).toEqual([]);
    const [again] = await eventually('the message to come back', async () => {
      const messages = await receive(url, { WaitTimeSeconds: 1 });
      return messages.length > 0 && messages;
    });
    expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
  });

  test('gives a message back at once when its visibility is set to zero', async () => {
    const url = await queue({ VisibilityTimeout: '600' });
    await send(url, 'mine');
    const [message] = await receive(url);
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(bodies(await receive(url))).toEqual(['mine']);
  });

  test('does not give a deleted message again', async () => {
    const url = await queue({ VisibilityTimeout: '0' });
    await send(url, 'gone');
    for (const message of await receive(url, { VisibilityTimeout: 60 })) await remove(url, message);
    expect(await receive(url)).toEqual([]);
  });

  test('wakes a long poll when a message arrives', async () => {
    const url = await queue();
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await send(url, 'wake up');
    expect(bodies(await polled)).toEqual(['wake up']);
  });

  test('holds a delayed message back', async () => {
    const url = await queue();
    await send(url, 'later', { DelaySeconds: 2 });
    expect(await receive(url)).toEqual([]);
    expect(bodies(await receive(url, { WaitTimeSeconds: 20 }))).toEqual(['later']);
  });

  test('sends and deletes ten messages in one request each', async () => {
    const url = await queue();
    const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: String(n), MessageBody: `body ${n}` }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    const messages = await receive(url);
    expect(messages).toHaveLength(10);
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })),
      }),
    );
    expect(await attributes(url)).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  });

  test('refuses more than ten entries in one request', async () => {
    const url = await queue();
    const Entries = Array.from({ length: 11 }, (_, n) => ({ Id: String(n), MessageBody: 'body' }));
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
  });

  test('counts waiting and received messages', async () => {
    const url = await queue();
    await send(url, 'a');
    await send(url, 'b');
    await receive(url, { MaxNumberOfMessages: 1 });
    expect(await attributes(url)).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
    });
  });

  test('forgets everything when it is purged', async () => {
    const url = await queue();
    await send(url, 'a');
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    expect(await receive(url)).toEqual([]);
  });

  test('moves a message to the dead-letter queue once it was received too often', async () => {
    const { source, deadLetters } = await withDeadLetterQueue();
    await send(source, 'poison');
    await receive(source);
    await receive(source);
    expect(await receive(source)).toEqual([]);
    expect(bodies(await receive(deadLetters))).toEqual(['poison']);
  });

  test('moves a FIFO message to a FIFO dead-letter queue and goes on with its group', async () => {
    const { source, deadLetters } = await withDeadLetterQueue({ FifoQueue: 'true' });
    await sendInGroup(source, 'poison', 'lines');
    await receive(source);
    await receive(source);
    await sendInGroup(source, 'healthy', 'lines');
    expect(bodies(await receive(source))).toEqual(['healthy']);
    expect(bodies(await receive(deadLetters))).toEqual(['poison']);
  });

  test('gives a FIFO group’s messages in order, ten in one receive', async () => {
    const url = await fifo();
    const sent = Array.from({ length: 12 }, (_, n) => `message ${n}`);
    for (const body of sent) await sendInGroup(url, body, 'lines');
    const first = await receive(url);
    expect(bodies(first)).toEqual(sent.slice(0, 10));
    for (const message of first) await remove(url, message);
    expect(bodies(await receive(url))).toEqual(sent.slice(10));
  });

  test('blocks a FIFO group while any of its messages is in flight, and no other group', async () => {
    const url = await fifo();
    for (const body of ['a', 'b', 'c']) await sendInGroup(url, body, 'lines');
    const [first, second] = await receive(url, { MaxNumberOfMessages: 2 });
    await sendInGroup(url, 'x', 'words');
    expect(bodies(await receive(url))).toEqual(['x']);
    await remove(url, first ?? {});
    expect(await receive(url)).toEqual([]);
    await remove(url, second ?? {});
    expect(bodies(await receive(url))).toEqual(['c']);
  });

  test('gives FIFO messages that come back together in their old order', async () => {
    const url = await fifo({ VisibilityTimeout: '1' });
    for (const body of ['a', 'b', 'c']) await sendInGroup(url, body, 'lines');
    expect(bodies(await receive(url))).toEqual(['a', 'b', 'c']);
    const again = await eventually('the group to come back', async () => {
      const messages = await receive(url, { WaitTimeSeconds: 1 });
      return messages.length > 0 && messages;
    });
    expect(bodies(again)).toEqual(['a', 'b', 'c']);
  });

  test('takes a FIFO message of a known deduplication id once', async () => {
    const url = await fifo();
    const first = await sendInGroup(url, 'ring', 'lines');
    const second = await sendInGroup(url, 'ring', 'lines');
    expect(second.MessageId).toBe(first.MessageId);
    expect(bodies(await receive(url))).toEqual(['ring']);
  });

  test('refuses a FIFO message without a group, and a FIFO queue without the suffix', async () => {
    const url = await fifo();
    await expect(send(url, 'no group', { MessageDeduplicationId: '1' })).rejects.toThrow(/MessageGroupId/);
    await expect(
      sqs.send(new CreateQueueCommand({ QueueName: 'plain', Attributes: { FifoQueue: 'true' } })),
    ).rejects.toThrow(/\.fifo/);
  });

  test('answers 501 for S3 and for SNS', async () => {
    expect((await fetch(`${aws.endpoints.sqs}/bucket?policy`, { method: 'DELETE' })).status).toBe(501);
    const sns = await fetch(aws.endpoints.sqs, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=ListTopics',
    });
    expect(sns.status).toBe(501);
  });
});
