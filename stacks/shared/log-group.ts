import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { Construct } from 'constructs';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';

interface LogGroupProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  /** The whole name, such as `/aws/lambda/{function}`. */
  readonly name: string;
}

/** A log group that we make ourselves: one that a service makes keeps its lines for ever. */
export class LogGroup extends Construct {
  readonly resource: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, { deployment, encryption, name }: LogGroupProps) {
    super(scope, id);
    this.resource = new CloudwatchLogGroup(this, 'group', {
      name,
      retentionInDays: deployment.config.retention.logDays,
      kmsKeyId: encryption.keyArn,
    });
  }
}
