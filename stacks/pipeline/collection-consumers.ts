import { DataAwsLambdaFunction } from '@cdktf/provider-aws/lib/data-aws-lambda-function';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { Fn, type TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { VISIBILITY_MARGIN } from '../../contracts/queues';
import type { Deployment } from '../shared/deployment';
import type { Encryption } from '../shared/encryption';
import { policyDocument } from '../shared/policy-document';
import type { Queues } from '../shared/queues';
import type { WorkQueue } from '../shared/work-queue';
import { consume } from './permissions';
import type { PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

interface CollectionConsumersProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  readonly queues: Queues;
  readonly compaction: PipelineFunction;
}

/**
 * Who takes the messages of the collections: ONE declared choice for all.
 *
 * There is one mapping a queue whatever the choice, and a switch updates it in place
 * (docs/decisions/0003-consumer-switch.md): at no moment of a deploy or of its rollback do two exist.
 */
export class CollectionConsumers extends Construct {
  constructor(scope: Construct, id: string, props: CollectionConsumersProps) {
    super(scope, id);
    const { queues, compaction } = props;
    const { consumer } = props.deployment.config;
    const legacy = typeof consumer === 'object' ? this.legacy(consumer.legacyFunction, props) : undefined;
    for (const collection of COLLECTIONS) {
      const queue = queues.work[collection];
      new QueueConsumer(this, `${collection}-consumer`, {
        queue,
        functionName: legacy?.arn ?? compaction.resource.arn,
        enabled: consumer !== 'none',
        lifecycle: legacy?.lifecycle(queue),
        dependsOn: legacy?.policies,
      });
    }
  }

  /** An existing function: it is let in, and refused at plan when it runs longer than a message is hidden. */
  private legacy(name: string, { deployment, encryption, queues }: CollectionConsumersProps) {
    const existing = new DataAwsLambdaFunction(this, 'legacy', { functionName: name });
    // Lambda checks the role when a mapping is moved to its function.
    const policy = new IamRolePolicy(this, 'legacy-policy', {
      name: deployment.physicalName('legacy-consumer'),
      role: Fn.element(Fn.split('/', existing.role), -1),
      policy: policyDocument([
        consume(COLLECTIONS.map((collection) => queues.work[collection])),
        ...encryption.read(),
      ]),
    });
    const lifecycle = (queue: WorkQueue): TerraformResourceLifecycle => ({
      precondition: [
        {
          condition: `\${${existing.fqn}.timeout + ${VISIBILITY_MARGIN} <= ${queue.visibilityTimeout}}`,
          errorMessage: `${name} may run longer than a message of ${queue.name} is hidden (${queue.visibilityTimeout} s less ${VISIBILITY_MARGIN} s of margin), so that messages would be delivered twice. Lower its timeout, or raise functions.timeout.enhanced-compaction.`,
        },
      ],
    });
    return { arn: existing.arn, lifecycle, policies: [policy] };
  }
}
