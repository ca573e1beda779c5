import { Construct } from 'constructs';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import type { ChromaBucket } from './chroma-bucket';
import { DeadLetterQueue } from './dead-letter-queue';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import { WorkQueue } from './work-queue';

/**
 * Seconds between a function's timeout and the end of its messages' invisibility: Lambda's poller needs a
 * moment to hand over and to delete.
 */
export const VISIBILITY_MARGIN = 60;

/**
 * AWS's advice for queues whose consumer may be throttled: six times the function's timeout. FIFO queues do
 * not follow it: there a crashed batch blocks its whole group until it is visible again.
 */
const STANDARD_VISIBILITY_FACTOR = 6;

interface QueuesProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  /** The bucket whose notifications go to ocr-results. */
  readonly bucket: ChromaBucket;
}

/** The one set of queues: two Standard, two FIFO, each with its dead letter queue, and one for lost events. */
export class Queues extends Construct {
  readonly ocrResults: WorkQueue;
  readonly embedNdjson: WorkQueue;
  /** FIFO, one message group: one batch in flight per collection makes the single writer. */
  readonly collections: Readonly<Record<Collection, WorkQueue>>;
  /** What was no message: stream batches and schedule ticks that no try could handle. */
  readonly lostEvents: DeadLetterQueue;

  constructor(scope: Construct, id: string, { deployment, encryption, bucket }: QueuesProps) {
    super(scope, id);
    const { timeout } = deployment.config.functions;
    const shared = { deployment, encryption };

    this.ocrResults = new WorkQueue(this, 'ocr-results', {
      ...shared,
      name: 'ocr-results',
      fifo: false,
      visibilityTimeout: STANDARD_VISIBILITY_FACTOR * timeout['process-ocr-results'] + VISIBILITY_MARGIN,
      maximumReceives: 5,
      allow: (queueArn) => [
        {
          Sid: 'AllowBucketNotifications',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: queueArn,
          Condition: {
            StringEquals: { 'aws:SourceAccount': deployment.accountId },
            ArnEquals: { 'aws:SourceArn': bucket.arn },
          },
        },
      ],
    });
    this.embedNdjson = new WorkQueue(this, 'embed-ndjson', {
      ...shared,
      name: 'embed-ndjson',
      fifo: false,
      visibilityTimeout: STANDARD_VISIBILITY_FACTOR * timeout['embed-from-ndjson'] + VISIBILITY_MARGIN,
      maximumReceives: 5,
    });
    const collectionQueue = (collection: Collection) =>
      new WorkQueue(this, collection, {
        ...shared,
        name: collection,
        fifo: true,
        visibilityTimeout: timeout['enhanced-compaction'] + VISIBILITY_MARGIN,
        // Doorbells: a bulk change rings thousands of times, and receives that only wait must not use it up.
        maximumReceives: 20,
      });
    const [lines, words] = COLLECTIONS.map(collectionQueue) as [WorkQueue, WorkQueue];
    this.collections = { lines, words };
    this.lostEvents = new DeadLetterQueue(this, 'lost-events', {
      ...shared,
      name: 'lost-events-dlq',
      fifo: false,
    });
  }

  /** Every queue with a consumer. */
  get work(): readonly WorkQueue[] {
    return [this.ocrResults, this.embedNdjson, this.collections.lines, this.collections.words];
  }

  /** Every queue that holds what failed. */
  get deadLetters(): readonly DeadLetterQueue[] {
    return [...this.work.map(({ deadLetters }) => deadLetters), this.lostEvents];
  }
}
