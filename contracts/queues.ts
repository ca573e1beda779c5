import { type Collection, perCollection } from './collections';
import type { FunctionName } from './functions';

/** A queue that carries work. Everything else about it follows: its dead letters, alarms, rights and variable. */
interface Queue {
  readonly kind: 'standard' | 'fifo';
  /** The one function that takes its messages. */
  readonly consumer: FunctionName;
  /** Messages that one invocation gets at most. FIFO queues allow no more than 10. */
  readonly batchSize: number;
  /** Batches that Lambda hands out at once, where the consumer has concurrency of its own for them. */
  readonly concurrency: number;
  /** Deliveries before a message is a dead letter. */
  readonly maximumReceives: number;
  /** For how many of its consumer's timeouts a received message is hidden, beyond {@link VISIBILITY_MARGIN}. */
  readonly hiddenTimeouts: number;
}

/**
 * The smallest maximum concurrency that Lambda takes for a mapping, and what each has where its function must share the
 * account's: so the four together stay below the ten executions of a new account.
 */
const LEAST_CONCURRENCY = 2;

const STANDARD_QUEUE = {
  kind: 'standard',
  batchSize: 10,
  concurrency: 5,
  maximumReceives: 5,
  // AWS's advice for queues whose consumer may be throttled.
  hiddenTimeouts: 6,
} as const;

const COLLECTION_QUEUE: Queue = {
  kind: 'fifo',
  consumer: 'enhanced-compaction',
  batchSize: 10,
  // Its one message group keeps each collection at one.
  concurrency: LEAST_CONCURRENCY,
  // A bulk change sends thousands of messages, and receives that only wait must not use it up.
  maximumReceives: 20,
  // A crashed batch blocks its whole group until it is visible again.
  hiddenTimeouts: 1,
};

/** The queues that carry work: a row here makes one, on AWS and on the embedded one. */
export const QUEUES = {
  'ocr-results': { ...STANDARD_QUEUE, consumer: 'process-ocr-results' },
  'embed-ndjson': { ...STANDARD_QUEUE, consumer: 'embed-from-ndjson' },
  ...perCollection(() => COLLECTION_QUEUE),
} satisfies Readonly<Record<string, Queue>>;

export type QueueName = keyof typeof QUEUES;

export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

/** The queue of what was not a message: stream batches and schedule ticks that no try could handle. */
export const LOST_EVENTS = 'lost-events';

/** The name of the queue that takes what failed in another, or of {@link LOST_EVENTS}. */
export const deadLetterName = (queue: QueueName | typeof LOST_EVENTS): string => `${queue}-dlq`;

/**
 * Seconds between a function's timeout and the end of its messages' invisibility: Lambda's poller needs a
 * moment to hand over and to delete.
 */
export const VISIBILITY_MARGIN = 60;

/** How long a received message is hidden, given the timeout of each function. Seconds. */
export function visibilityTimeout(
  queue: QueueName,
  timeouts: Readonly<Record<FunctionName, number>>,
): number {
  const { consumer, hiddenTimeouts }: Queue = QUEUES[queue];
  return hiddenTimeouts * timeouts[consumer] + VISIBILITY_MARGIN;
}

/** Batches of a queue that Lambda hands out at once, whether concurrency is reserved for its consumer or not. */
export const maximumConcurrency = (queue: QueueName, reserved: boolean): number =>
  reserved ? QUEUES[queue].concurrency : LEAST_CONCURRENCY;

type Shouted<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Uppercase<Head>}_${Shouted<Tail>}`
  : Uppercase<Name>;

/** The environment variable that holds a queue's URL, such as `EMBED_NDJSON_QUEUE_URL`. */
export type QueueUrlVariable<Name extends QueueName = QueueName> = `${Shouted<Name>}_QUEUE_URL`;

export const queueUrlVariable = <Name extends QueueName>(queue: Name) =>
  `${queue.toUpperCase().replaceAll('-', '_')}_QUEUE_URL` as QueueUrlVariable<Name>;

/** The URL of each collection's queue, from the environment of a function that sends to them. */
export const collectionQueueUrls = (
  environment: Readonly<Record<QueueUrlVariable<Collection>, string>>,
): Record<Collection, string> => perCollection((collection) => environment[queueUrlVariable(collection)]);
