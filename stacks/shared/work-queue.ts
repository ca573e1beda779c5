import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import type { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy';
import { SqsQueueRedriveAllowPolicy } from '@cdktf/provider-aws/lib/sqs-queue-redrive-allow-policy';
import { Construct } from 'constructs';
import { DeadLetterQueue, type QueueProps, queueBasics, queuePolicy } from './dead-letter-queue';
import type { Statement } from './policy-document';

const DAY_SECONDS = 86_400;

interface WorkQueueProps extends QueueProps {
  /** Seconds that a message is hidden while one consumer has it. */
  readonly visibilityTimeout: number;
  /** Deliveries before a message is a dead letter. */
  readonly maximumReceives: number;
  /** Who else may do what, given the queue's ARN. @default nobody */
  readonly allow?: (queueArn: string) => Statement[];
}

/** A queue that has exactly one consumer, with its dead letter queue of the same kind. */
export class WorkQueue extends Construct {
  readonly queue: SqsQueue;
  readonly policy: SqsQueuePolicy;
  readonly deadLetters: DeadLetterQueue;
  readonly visibilityTimeout: number;
  /** The queue's Terraform address without its type, such as `ocr_results`. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.visibilityTimeout = props.visibilityTimeout;
    this.name = props.name.replaceAll('-', '_');
    this.deadLetters = new DeadLetterQueue(this, 'dead-letters', { ...props, name: `${props.name}-dlq` });
    this.queue = new SqsQueue(this, 'queue', {
      ...queueBasics(props),
      visibilityTimeoutSeconds: props.visibilityTimeout,
      messageRetentionSeconds: props.deployment.config.retention.queueDays * DAY_SECONDS,
      receiveWaitTimeSeconds: 20,
      // Compact and in this order, as AWS returns it: else every plan shows a change of whitespace.
      redrivePolicy: JSON.stringify({
        deadLetterTargetArn: this.deadLetters.queue.arn,
        maxReceiveCount: props.maximumReceives,
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
