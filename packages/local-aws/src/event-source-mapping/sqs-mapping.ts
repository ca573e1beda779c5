import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { failedItems } from './batch-response';
import {
  type BatchReport,
  type EventSourceMapping,
  type Invoke,
  pause,
  TROUBLE_PAUSE_MS,
  trouble,
} from './mapping';
import { sqsEvent } from './sqs-event';

export interface SqsMappingOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly invoke: Invoke;
  /** Messages an invocation, at most. @default 10 */
  readonly batchSize?: number;
  /** How long a batch may be gathered. Seconds; not for FIFO queues. @default 0 */
  readonly batchingWindowSeconds?: number;
  /** Batches in hand at once, at most. @default 2, and 1 for a FIFO queue */
  readonly maximumConcurrency?: number;
  /** @default true */
  readonly reportBatchItemFailures?: boolean;
  readonly onBatch?: (report: BatchReport) => void;
}

/** The bound of one ReceiveMessage and of one DeleteMessageBatch. */
const MOST_MESSAGES = 10;
/** Short, so that stopping is quick: a poll that is cut off may take messages with it. */
const POLL_SECONDS = 1;

/**
 * Maps a queue to a function as Lambda does: what succeeded is deleted; what failed is left alone, so it comes
 * back after the QUEUE's visibility timeout with a higher receive count, and goes to the dead-letter queue by the
 * queue's own redrive policy. A FIFO queue blocks the group of a message that is in flight, and keeps its order.
 */
export function startSqsMapping(options: SqsMappingOptions): EventSourceMapping {
  const fifo = options.queueUrl.endsWith('.fifo');
  const { maximumConcurrency = fifo ? 1 : 2, batchingWindowSeconds = 0 } = options;
  if (fifo && batchingWindowSeconds > 0) {
    throw new Error(`${options.queueUrl} is a FIFO queue, which Lambda gives no batching window. Remove it.`);
  }
  const stopping = new AbortController();
  const workers = Array.from({ length: maximumConcurrency }, () => work(options, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(workers);
    },
  };
}

async function work(options: SqsMappingOptions, signal: AbortSignal): Promise<void> {
  let source: { readonly arn: string; readonly region: string } | undefined;
  while (!signal.aborted) {
    try {
      source ??= await describe(options);
      const messages = await gather(options, signal);
      if (messages.length === 0) continue;
      const report = await settle(options, messages, sqsEvent(messages, source.arn, source.region));
      options.onBatch?.(report);
    } catch (error) {
      options.onBatch?.(trouble(error));
      await pause(TROUBLE_PAUSE_MS, signal);
    }
  }
}

async function describe({ client, queueUrl }: SqsMappingOptions) {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  return { arn: Attributes?.QueueArn ?? queueUrl, region: await client.config.region() };
}

/** One batch: what is there at once, and with a batching window also what comes until it is over. */
async function gather(options: SqsMappingOptions, signal: AbortSignal): Promise<Message[]> {
  const { client, queueUrl, batchSize = MOST_MESSAGES, batchingWindowSeconds = 0 } = options;
  const gathered: Message[] = [];
  let end = Number.POSITIVE_INFINITY;
  do {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(MOST_MESSAGES, batchSize - gathered.length),
        WaitTimeSeconds: POLL_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    if (gathered.length === 0) end = Date.now() + batchingWindowSeconds * 1000;
    gathered.push(...Messages);
  } while (gathered.length > 0 && gathered.length < batchSize && Date.now() < end && !signal.aborted);
  return gathered;
}

async function settle(
  options: SqsMappingOptions,
  messages: readonly Message[],
  event: unknown,
): Promise<BatchReport> {
  const { invoke, reportBatchItemFailures = true } = options;
  const records = messages.map(({ MessageId }) => MessageId ?? '');
  let failed: readonly string[] = [];
  try {
    const answer = await invoke(event);
    if (reportBatchItemFailures) failed = failedItems(answer, records);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return { records, failed: records, error };
  }
  await deleteAll(
    options,
    messages.filter((_, index) => !failed.includes(records[index] ?? '')),
  );
  return { records, failed };
}

async function deleteAll({ client, queueUrl }: SqsMappingOptions, messages: readonly Message[]) {
  for (let start = 0; start < messages.length; start += MOST_MESSAGES) {
    const Entries = messages
      .slice(start, start + MOST_MESSAGES)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}
