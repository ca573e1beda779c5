import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import type { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy';
import { SqsQueueRedriveAllowPolicy } from '@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy';
import { Construct } from 'constructs';
import {
  deadLetterName,
  maximumConcurrency,
  QUEUES,
  type QueueName,
  visibilityTimeout,
} from '../../contracts/queues';
import { terraformName } from '../names';
import { DeadLetterQueue, type QueueProps, queueBasics, queuePolicy } from './dead-letter-queue';
import type { Statement } from './policy-document';

const DAY_SECONDS = 86_400;

interface WorkQueueProps extends Omit<QueueProps, 'kind'> {
  readonly name: QueueName;
  /** Who else may do what, given the queue's ARN. @default nobody */
  readonly allow?: ((queueArn: string) => Statement[]) | undefined;
}

/** A queue that has exactly one consumer, with its dead letter queue of the same kind. */
export class WorkQueue extends Construct {
  readonly queue: SqsQueue;
  readonly policy: SqsQueuePolicy;
  readonly deadLetters: DeadLetterQueue;
  /** The queue's row of the table. */
  readonly row: (typeof QUEUES)[QueueName];
  /** Batches that Lambda hands to the consumer at once. */
  readonly maximumConcurrency: number;
  /** Seconds that a message is hidden while one consumer has it. */
  readonly visibilityTimeout: number;
  /** The queue's Terraform address without its type, such as `ocr_results`. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const { config } = props.deployment;
    this.row = QUEUES[props.name];
    const { kind } = this.row;
    this.maximumConcurrency = maximumConcurrency(props.name, config.functions.reserveConcurrency);
    this.visibilityTimeout = visibilityTimeout(props.name, config.functions.timeout);
    this.name = terraformName(props.name);
    this.deadLetters = new DeadLetterQueue(this, 'dead-letters', {
      ...props,
      name: deadLetterName(props.name),
      kind,
    });
    this.queue = new SqsQueue(this, 'queue', {
      ...queueBasics({ ...props, kind }),
      visibilityTimeoutSeconds: this.visibilityTimeout,
      messageRetentionSeconds: config.retention.queueDays * DAY_SECONDS,
      receiveWaitTimeSeconds: 20,
      // Compact and in this order, as AWS returns it: else every plan shows a change of whitespace.
      redrivePolicy: JSON.stringify({
        deadLetterTargetArn: this.deadLetters.queue.arn,
        maxReceiveCount: this.row.maximumReceives,
      }),
    });
    this.queue.overrideLogicalId(this.name);
    this.policy = queuePolicy(this, this.queue, props.allow?.(this.queue.arn));
    new SqsQueueRedriveAllowPolicy(this, 'redrive-allow', {
      queueUrl: this.deadLetters.queue.url,
      redriveAllowPolicy: JSON.stringify({
        redrivePermission: 'byQueue',
        sourceQueueArns: [this.queue.arn],
      }),
    });
  }
}
