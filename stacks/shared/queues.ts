import { Construct } from 'constructs';
import { fromEntries } from '../../contracts/from-entries';
import type { FunctionName } from '../../contracts/functions';
import { deadLetterName, LOST_EVENTS, QUEUE_NAMES, QUEUES, type QueueName } from '../../contracts/queues';
import type { ChromaBucket } from './chroma-bucket';
import { DeadLetterQueue } from './dead-letter-queue';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import type { Statement } from './policy-document';
import { WorkQueue } from './work-queue';

interface QueuesProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  /** The bucket whose notifications go to ocr-results. */
  readonly bucket: ChromaBucket;
}

/** The one set of queues: a row of the table makes one, with its dead letter queue; and one for lost events. */
export class Queues extends Construct {
  readonly work: Readonly<Record<QueueName, WorkQueue>>;
  /** What was not a message: stream batches and schedule ticks that no try could handle. */
  readonly lostEvents: DeadLetterQueue;

  constructor(scope: Construct, id: string, { deployment, encryption, bucket }: QueuesProps) {
    super(scope, id);
    const shared = { deployment, encryption };
    const allow: Partial<Record<QueueName, (queueArn: string) => Statement[]>> = {
      'ocr-results': (queueArn) => [
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
    };
    this.work = fromEntries(
      QUEUE_NAMES.map((name) => [name, new WorkQueue(this, name, { ...shared, name, allow: allow[name] })]),
    );
    this.lostEvents = new DeadLetterQueue(this, LOST_EVENTS, {
      ...shared,
      name: deadLetterName(LOST_EVENTS),
      kind: 'standard',
    });
  }

  /** The queues that a function takes messages from. */
  consumedBy(name: FunctionName): WorkQueue[] {
    return QUEUE_NAMES.filter((queue) => QUEUES[queue].consumer === name).map((queue) => this.work[queue]);
  }

  /** Every queue that holds what failed. */
  get deadLetters(): readonly DeadLetterQueue[] {
    return [...Object.values(this.work).map(({ deadLetters }) => deadLetters), this.lostEvents];
  }
}
