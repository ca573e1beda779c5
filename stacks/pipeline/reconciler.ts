import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { LambdaPermission } from '@cdktf/provider-aws/lib/lambda-permission';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { ROUND_MINUTES } from '../../contracts/event-sources';
import { decryptTable, send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';

/** On a schedule: sends another message for runs that wait too long, completes what a crash left, reports ages. */
export class Reconciler extends Construct {
  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const { deployment, queues, runTable } = context;
    const lambda = new PipelineFunction(this, 'reconcile-runs', {
      ...context,
      name: 'reconcile-runs',
      // One round at a time: two would send twice, which costs messages and nothing else.
      concurrency: 1,
      permissions: [
        {
          Sid: 'CompleteRuns',
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
        ...decryptTable(deployment),
        send(...COLLECTIONS.map((collection) => queues.work[collection]), queues.lostEvents),
      ],
    });
    const { arn, functionName } = lambda.resource;
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
