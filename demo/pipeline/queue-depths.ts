import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { fromEntries } from '../../contracts/from-entries';
import { LOST_EVENTS, QUEUE_NAMES, type QueueName } from '../../contracts/queues';
import type { Resources } from './resources';

/** Messages of a queue: waiting, and in flight. */
interface QueueDepth {
  readonly waiting: number;
  readonly inFlight: number;
}
export type QueueDepths = Readonly<Record<QueueName, QueueDepth>>;
export type DeadLetterDepths = Readonly<Record<QueueName | typeof LOST_EVENTS, number>>;

export const queueDepths = async (sqs: SQSClient, { queues }: Resources): Promise<QueueDepths> =>
  fromEntries(
    await Promise.all(QUEUE_NAMES.map(async (name) => [name, await depth(sqs, queues[name].url)] as const)),
  );

export async function deadLetterDepths(
  sqs: SQSClient,
  { queues, lostEventsUrl }: Resources,
): Promise<DeadLetterDepths> {
  const urls = QUEUE_NAMES.map((name) => [name, queues[name].deadLetters.url] as const);
  return fromEntries(
    await Promise.all(
      [...urls, [LOST_EVENTS, lostEventsUrl] as const].map(
        async ([name, url]) => [name, (await depth(sqs, url)).waiting] as const,
      ),
    ),
  );
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
