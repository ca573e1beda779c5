import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import { SqsQueuePolicy } from '@cdktf/provider-aws/lib/sqs-queue-policy';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { queueName, terraformName } from '../names';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import { denyWithoutTls, policyDocument, type Statement } from './policy-document';

const DAY_SECONDS = 86_400;

export interface QueueProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  /** The queue's name without the environment's prefix and without `.fifo`. */
  readonly name: string;
  readonly kind: 'standard' | 'fifo';
}

/** What an SQS queue of ours has whatever it is for: its name, its kind, and how it is encrypted. */
export const queueBasics = ({ deployment, encryption, name, kind }: QueueProps) => ({
  name: queueName(deployment.config, name, kind),
  fifoQueue: kind === 'fifo',
  ...(encryption.keyArn === undefined
    ? { sqsManagedSseEnabled: true }
    : { kmsMasterKeyId: encryption.keyArn, kmsDataKeyReusePeriodSeconds: 300 }),
  lifecycle: deployment.statefulLifecycle,
});

/** A queue's policy: TLS only, and whoever else is named. */
export const queuePolicy = (scope: Construct, queue: SqsQueue, statements: readonly Statement[] = []) =>
  new SqsQueuePolicy(scope, 'policy', {
    queueUrl: queue.url,
    policy: policyDocument([denyWithoutTls('sqs:*', queue.arn), ...statements]),
  });

/** Where messages rest that could not be handled, until a person looks. It never has a consumer. */
export class DeadLetterQueue extends Construct {
  readonly queue: SqsQueue;
  readonly policy: ITerraformDependable;
  /** The queue's Terraform address without its type, such as `ocr_results_dlq`. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: QueueProps) {
    super(scope, id);
    this.name = terraformName(props.name);
    this.queue = new SqsQueue(this, 'queue', {
      ...queueBasics(props),
      messageRetentionSeconds: props.deployment.config.retention.deadLetterDays * DAY_SECONDS,
    });
    this.queue.overrideLogicalId(this.name);
    this.policy = queuePolicy(this, this.queue);
  }
}
