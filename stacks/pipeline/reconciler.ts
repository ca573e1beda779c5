import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import type { Queues } from '../shared/queues';
import type { RunTable } from '../shared/run-table';
import { send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';

interface ReconcilerProps extends PipelineContext {
  readonly queues: Queues;
  readonly runTable: RunTable;
}

/** The ages that alarms watch are as fresh as this. */
export const ROUND_MINUTES = 5;

/** On a schedule: rings again for runs that wait too long, mends what a crash left, reports ages. */
export class Reconciler extends Construct {
  readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    const { deployment, queues, runTable } = props;
    this.function = new PipelineFunction(this, 'reconcile-runs', {
      ...props,
      name: 'reconcile-runs',
      // One round at a time: two would ring twice.
      concurrency: 1,
      permissions: [
        {
          Sid: 'MendRuns',
          Effect: 'Allow',
          Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
          Resource: runTable.arn,
        },
        {
          Sid: 'FindUnfinishedRuns',
          Effect: 'Allow',
          Action: 'dynamodb:Query',
          Resource: runTable.indexArns,
        },
        send(
          ...COLLECTIONS.map((collection) => queues.collections[collection].queue.arn),
          queues.lostEvents.queue.arn,
        ),
      ],
    });
    const { arn, functionName } = this.function.resource;
    const rule = new CloudwatchEventRule(this, 'schedule', {
      name: deployment.physicalName('reconcile-runs'),
      description: 'Rounds of the reconciler',
      scheduleExpression: `rate(${ROUND_MINUTES} minutes)`,
    });
    const permission = new LambdaPermission(this, 'permission', {
      statementId: 'schedule',
      functionName,
      action: 'lambda:InvokeFunction',
      principal: 'events.amazonaws.com',
      sourceArn: rule.arn,
    });
    new CloudwatchEventTarget(this, 'target', {
      rule: rule.name,
      targetId: 'reconcile-runs',
      arn,
      dependsOn: [permission],
    });
    new LambdaFunctionEventInvokeConfig(this, 'failures', {
      functionName,
      // The next round does what this one could not; a backlog of rounds helps nobody.
      maximumRetryAttempts: 1,
      maximumEventAgeInSeconds: ROUND_MINUTES * 60,
      destinationConfig: { onFailure: { destination: queues.lostEvents.queue.arn } },
    });
  }
}
