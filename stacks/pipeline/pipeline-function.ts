import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { LambdaFunction, type LambdaFunctionConfig } from '@cdktf/provider-aws/lib/lambda-function';
import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import type { FunctionName, FunctionPackages } from '../../contracts/functions';
import { terraformName } from '../names';
import type { ChromaBucket } from '../shared/chroma-bucket';
import type { Deployment } from '../shared/deployment';
import type { Encryption } from '../shared/encryption';
import { LogGroup } from '../shared/log-group';
import { policyDocument, type Statement, trustPolicy } from '../shared/policy-document';
import type { Queues } from '../shared/queues';
import type { RunTable } from '../shared/run-table';
import { environmentOf, type Variables } from './environment';
import { consume } from './permissions';

/** The bundler exports `handler` from `index.mjs` at the package's root. */
const HANDLER = 'index.handler';

/** What every function needs, made once and handed to all. */
export interface PipelineContext {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  readonly variables: Variables;
  readonly packages: FunctionPackages;
  readonly bucket: ChromaBucket;
  readonly queues: Queues;
  readonly runTable: RunTable;
}

interface PipelineFunctionProps extends PipelineContext {
  readonly name: FunctionName;
  /**
   * How many may run at once where concurrency is reserved: no neighbour takes it, and this takes from no neighbour.
   *
   * @default as many batches as its queues may hand it together
   */
  readonly concurrency?: number;
  /** What the function does, beyond logging, tracing and taking messages from its queues. */
  readonly permissions: readonly Statement[];
  /** Network and file system. @default none of either */
  readonly placement?: Pick<LambdaFunctionConfig, 'vpcConfig' | 'fileSystemConfig' | 'ephemeralStorage'>;
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * One Lambda with its own role, log group and package.
 *
 * @throws {Error} when no package was given for it.
 */
export class PipelineFunction extends Construct {
  readonly resource: LambdaFunction;
  /** What its role may do. */
  readonly policy: IamRolePolicy;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    super(scope, id);
    const { deployment, encryption, name } = props;
    const { functions } = deployment.config;
    const consumed = props.queues.consumedBy(name);
    const code = props.packages.get(name);
    if (code === undefined) {
      throw new Error(`No package was given for ${name}. Build all functions and pass every package.`);
    }
    const physicalName = deployment.functionName(name);
    const logs = new LogGroup(this, 'logs', { deployment, encryption, name: `/aws/lambda/${physicalName}` });
    const role = new IamRole(this, 'role', {
      name: physicalName,
      description: `What ${physicalName} may do, and nothing else may be`,
      assumeRolePolicy: trustPolicy('lambda.amazonaws.com'),
    });
    this.policy = new IamRolePolicy(this, 'policy', {
      name: 'function',
      role: role.id,
      policy: policyDocument([
        {
          Sid: 'WriteItsLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: `${logs.resource.arn}:*`,
        },
        {
          // X-Ray knows no resources: a narrower form does not exist.
          Sid: 'SendItsTraces',
          Effect: 'Allow',
          Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
          Resource: '*',
        },
        ...(consumed.length === 0 ? [] : [consume(consumed)]),
        ...props.permissions,
        ...encryption.use(),
      ]),
    });
    const asset = new TerraformAsset(this, 'package', { path: code.path, type: AssetType.FILE });
    this.resource = new LambdaFunction(this, 'function', {
      functionName: physicalName,
      description: `chroma-pipeline: ${name}`,
      role: role.arn,
      runtime: functions.runtime,
      architectures: [functions.architecture],
      handler: HANDLER,
      filename: asset.path,
      sourceCodeHash: code.sha256,
      memorySize: functions.memory[name],
      timeout: functions.timeout[name],
      reservedConcurrentExecutions: functions.reserveConcurrency
        ? (props.concurrency ?? consumed.reduce((sum, queue) => sum + queue.maximumConcurrency, 0))
        : undefined,
      kmsKeyArn: encryption.keyArn,
      environment: { variables: environmentOf(name, props.variables) },
      tracingConfig: { mode: 'Active' },
      loggingConfig: { logFormat: 'Text', logGroup: logs.resource.name },
      ...props.placement,
      // Lambda checks the role when a mapping is made, and would make a log group of its own.
      dependsOn: [this.policy, logs.resource, ...(props.dependsOn ?? [])],
    });
    this.resource.overrideLogicalId(terraformName(name));
  }
}
