import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { QUEUE_NAMES, type QueueName } from '../../stacks/queue-settings';
import type { QueueHandle } from './resources';

/** Messages of a queue: waiting, and in flight. */
interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
}
export type QueueDepths = Readonly<Record<QueueName, QueueDepth>>;
export type DeadLetterDepths = Readonly<Record<QueueName | 'lost-events', number>>;

type Queues = Readonly<Record<QueueName, QueueHandle>>;

export async function queueDepths(sqs: SQSClient, queues: Queues): Promise<QueueDepths> {
  const entries = QUEUE_NAMES.map(async (name) => [name, await depth(sqs, queues[name].url)] as const);
  return Object.fromEntries(await Promise.all(entries)) as QueueDepths;
}

export async function deadLetterDepths(
  sqs: SQSClient,
  queues: Queues,
  lostEventsUrl: string,
): Promise<DeadLetterDepths> {
  const urls = QUEUE_NAMES.map((name) => [name, queues[name].deadLetters.url] as const);
  const entries = [...urls, ['lost-events', lostEventsUrl] as const].map(
    async ([name, url]) => [name, (await depth(sqs, url)).waiting] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as DeadLetterDepths;
}

async function depth(sqs: SQSClient, url: string): Promise<QueueDepth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}
