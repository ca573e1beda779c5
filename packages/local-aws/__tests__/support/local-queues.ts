import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { startLocalAws } from '../../src';

export interface TestQueue {
  readonly url: string;
  readonly deadLettersUrl: string;
}
export interface TestQueueOptions {
  readonly fifo?: boolean;
  /** @default 1 */
  readonly visibilityTimeoutSeconds?: number;
  /** @default 100, which is never */
  readonly maximumReceives?: number;
}

/** A local SQS, with what tests of its consumers need. */
export async function startLocalQueues() {
  const aws = await startLocalAws({ services: ['sqs'] });
  const client = new SQSClient(aws.clientOptions('sqs'));
  let made = 0;
  let sent = 0;

  const attributes = async (QueueUrl: string) =>
    (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ??
    {};
  const create = async (QueueName: string, Attributes: Record<string, string>) =>
    String((await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl);

  return {
    client,
    async queue(options: TestQueueOptions = {}): Promise<TestQueue> {
      made += 1;
      const name = `queue-${made}`;
      const [suffix, kind] = options.fifo ? ['.fifo', { FifoQueue: 'true' }] : ['', {}];
      const deadLettersUrl = await create(`${name}-dlq${suffix}`, { ...kind });
      const { QueueArn } = await attributes(deadLettersUrl);
      const url = await create(`${name}${suffix}`, {
        ...kind,
        VisibilityTimeout: String(options.visibilityTimeoutSeconds ?? 1),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: QueueArn,
          maxReceiveCount: options.maximumReceives ?? 100,
        }),
      });
      return { url, deadLettersUrl };
    },
    /** With a group, the queue must be FIFO. */
    async send(QueueUrl: string, bodies: readonly string[], group?: string): Promise<void> {
      for (const MessageBody of bodies) {
        sent += 1;
        const fifo = group && { MessageGroupId: group, MessageDeduplicationId: `message ${sent}` };
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...fifo }));
      }
    },
    /** Takes every waiting message away. */
    async drain(QueueUrl: string): Promise<string[]> {
      const bodies: string[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return bodies;
        for (const { Body = '', ReceiptHandle } of Messages) {
          bodies.push(Body);
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
    /** True once nothing waits and nothing is in flight. */
    async isEmpty(url: string): Promise<boolean> {
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = await attributes(url);
      return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible) === 0;
    },
    async stop(): Promise<void> {
      client.destroy();
      await aws.stop();
    },
  };
}
