import { Construct } from 'constructs';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { queueSettings } from '../queue-settings';
import type { ChromaBucket } from './chroma-bucket';
import { DeadLetterQueue } from './dead-letter-queue';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import { WorkQueue } from './work-queue';

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
    const settings = queueSettings(deployment.config);
    const shared = { deployment, encryption };

    this.ocrResults = new WorkQueue(this, 'ocr-results', {
      ...shared,
      name: 'ocr-results',
      ...settings['ocr-results'],
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
      ...settings['embed-ndjson'],
    });
    const collectionQueue = (collection: Collection) =>
      new WorkQueue(this, collection, { ...shared, name: collection, ...settings[collection] });
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
