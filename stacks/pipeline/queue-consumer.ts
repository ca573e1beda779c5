import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping';
import type { ITerraformDependable, TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import type { WorkQueue } from '../shared/work-queue';

interface QueueConsumerProps {
  readonly queue: WorkQueue;
  /** The function's name or ARN. */
  readonly functionName: string;
  /** False pauses the queue: its messages wait. @default true */
  readonly enabled?: boolean;
  readonly lifecycle?: TerraformResourceLifecycle;
  /** What the function's role needs before. @default [] */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** The one consumer of one queue. A message fails alone: its neighbours in the batch are acknowledged. */
export class QueueConsumer extends Construct {
  constructor(scope: Construct, id: string, props: QueueConsumerProps) {
    super(scope, id);
    const { queue } = props;
    const mapping = new LambdaEventSourceMapping(this, 'mapping', {
      eventSourceArn: queue.queue.arn,
      functionName: props.functionName,
      enabled: props.enabled ?? true,
      batchSize: queue.row.batchSize,
      functionResponseTypes: ['ReportBatchItemFailures'],
      scalingConfig: { maximumConcurrency: queue.maximumConcurrency },
      lifecycle: props.lifecycle,
      dependsOn: [queue.policy, ...(props.dependsOn ?? [])],
    });
    mapping.overrideLogicalId(`${queue.name}_consumer`);
  }
}
