import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { Construct } from 'constructs';
import type { FunctionName } from '../../contracts/functions';
import type { PipelineConfig } from '../config';
import { physicalName } from '../names';

/**
 * Where and under which names everything is deployed. Every physical name and every hand-built ARN comes
 * from here: two places that spell one name are how two sets of queues once came to be.
 */
export class Deployment extends Construct {
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  /** True when the environment's data may be destroyed with it; its configuration says so by name. */
  readonly ephemeral: boolean;

  constructor(
    scope: Construct,
    id: string,
    readonly config: PipelineConfig,
  ) {
    super(scope, id);
    this.accountId = new DataAwsCallerIdentity(this, 'caller').accountId;
    this.partition = new DataAwsPartition(this, 'partition').partition;
    this.region = config.region;
    this.ephemeral = config.ephemeral !== undefined;
  }

  /** `{name}-{environment}-{suffix}`. */
  physicalName(suffix: string): string {
    return physicalName(this.config, suffix);
  }

  functionName(name: FunctionName): string {
    return this.physicalName(name);
  }

  /** An ARN in this account and region. */
  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.accountId}:${resource}`;
  }

  /**
   * The lifecycle of what holds data: never destroyed by Terraform, unless the environment is ephemeral.
   */
  get statefulLifecycle(): { preventDestroy: true } | undefined {
    return this.ephemeral ? undefined : { preventDestroy: true };
  }
}
