import { EfsFileSystemPolicy } from '@cdktf/provider-aws/lib/efs-file-system-policy';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { dependable } from 'cdktf';
import { Construct } from 'constructs';
import {
  deltaPrefix,
  QUARANTINE_PREFIX,
  replacedPrefix,
  snapshotPrefix,
} from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { type FileSystem, NFS_PORT } from '../shared/file-system';
import type { GatewayEndpoints } from '../shared/gateway-endpoints';
import type { Network } from '../shared/network';
import { policyDocument, type Statement } from '../shared/policy-document';
import { MOUNT_PATH } from './environment';
import { decryptTable, list, objects, readSecret } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';

/** The file system that keeps checkpoints, and the network without which Lambda mounts none. */
export interface MountedPlacement {
  readonly network: Network;
  readonly endpoints: GatewayEndpoints;
  readonly fileSystem: FileSystem;
}

interface CompactionProps extends PipelineContext {
  /** Undefined in server and cloud mode and without a cache: then there is neither network nor file system. */
  readonly mounted: MountedPlacement | undefined;
}

/** Pending runs become a published version of their collection, and snapshots from time to time. */
export class Compaction extends Construct {
  readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: CompactionProps) {
    super(scope, id);
    const { deployment, mounted } = props;
    const group = mounted && this.securityGroup(props, mounted);
    this.function = new PipelineFunction(this, 'enhanced-compaction', {
      ...props,
      name: 'enhanced-compaction',
      permissions: [...this.dataPermissions(props), ...this.modePermissions(props)],
      placement: {
        ephemeralStorage: { size: deployment.config.functions.compactionStorage },
        ...(mounted &&
          group && {
            vpcConfig: { subnetIds: [...mounted.network.subnetIds], securityGroupIds: [group.id] },
            fileSystemConfig: { arn: mounted.fileSystem.accessPoint.arn, localMountPath: MOUNT_PATH },
          }),
      },
      dependsOn: mounted?.fileSystem.mountTargets,
    });
    // Lambda takes its network interfaces down with the role's rights, up to three quarters of an hour after the function is
    // gone, and the provider waits for that with the security group: so the rights go last.
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    if (group !== undefined) group.dependsOn = [dependable(this.function.policy)];
    if (mounted !== undefined) this.restrictFileSystem(mounted.fileSystem);
  }

  private dataPermissions({ bucket, deployment, runTable }: CompactionProps): Statement[] {
    const deltas = COLLECTIONS.map(deltaPrefix);
    const snapshots = COLLECTIONS.map(snapshotPrefix);
    const replaced = COLLECTIONS.map(replacedPrefix);
    return [
      objects('ReadDeltasAndSnapshots', bucket, ['s3:GetObject'], [...deltas, ...snapshots]),
      objects('MarkCoveredDeltas', bucket, ['s3:PutObjectTagging', 's3:GetObjectTagging'], deltas),
      objects('WriteAndCollectSnapshots', bucket, ['s3:PutObject', 's3:DeleteObject'], snapshots),
      // Read as well: lines are added to those that stand there. Never deleted.
      objects('KeepReplacedMetadata', bucket, ['s3:GetObject', 's3:PutObject'], replaced),
      objects('QuarantineMessages', bucket, ['s3:PutObject'], [QUARANTINE_PREFIX]),
      list(bucket, [...deltas, ...snapshots, ...replaced]),
      {
        Sid: 'MoveRunsAndPointers',
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:Query'],
        Resource: runTable.arn,
      },
      {
        Sid: 'FindUnfinishedRuns',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: runTable.indexArns,
      },
      ...decryptTable(deployment),
    ];
  }

  private modePermissions({ deployment, mounted }: CompactionProps): Statement[] {
    if (mounted === undefined) {
      const { chroma } = deployment.config;
      if (chroma.mode === 'embedded' || chroma.secretName === undefined) return [];
      const { secretName, secretKeyArn } = chroma;
      return readSecret(deployment, { secretName, secretKeyArn });
    }
    const { accessPoint, resource } = mounted.fileSystem;
    const interfaces = [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ];
    return [
      {
        Sid: 'MountItsAccessPoint',
        Effect: 'Allow',
        Action: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
        Resource: resource.arn,
        Condition: { StringEquals: { 'elasticfilesystem:AccessPointArn': accessPoint.arn } },
      },
      {
        // Lambda's service attaches the function to the subnets with the role's rights. EC2's Describe
        // actions know no resources and Lambda demands all of these on "*" before it makes the function.
        Sid: 'LetLambdaAttachTheNetwork',
        Effect: 'Allow',
        Action: interfaces,
        Resource: '*',
      },
      {
        // The function's own code never needs them: AWS's documented counterpart to the statement above.
        Sid: 'DenyTheNetworkToTheCode',
        Effect: 'Deny',
        Action: interfaces,
        Resource: '*',
        Condition: {
          ArnEquals: {
            'lambda:SourceFunctionArn': [
              deployment.arn('lambda', `function:${deployment.functionName('enhanced-compaction')}`),
            ],
          },
        },
      },
    ];
  }

  /** Out: NFS to the file system, TLS to S3 and DynamoDB. In: nothing. */
  private securityGroup({ deployment }: CompactionProps, mounted: MountedPlacement): SecurityGroup {
    const group = new SecurityGroup(this, 'security-group', {
      name: deployment.physicalName('enhanced-compaction'),
      description: 'The compaction function',
      vpcId: mounted.network.vpcId,
    });
    new VpcSecurityGroupEgressRule(this, 'to-file-system', {
      securityGroupId: group.id,
      description: 'NFS to the Chroma file system',
      referencedSecurityGroupId: mounted.fileSystem.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: NFS_PORT,
      toPort: NFS_PORT,
    });
    mounted.endpoints.prefixListIds.forEach((prefixListId, index) => {
      new VpcSecurityGroupEgressRule(this, `to-${index === 0 ? 's3' : 'dynamodb'}`, {
        securityGroupId: group.id,
        description: `TLS to ${index === 0 ? 'S3' : 'DynamoDB'} through its gateway endpoint`,
        prefixListId,
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
      });
    });
    mounted.fileSystem.admit('compaction', group.id);
    return group;
  }

  /** Only the compaction's role, only through the access point, only over TLS. */
  private restrictFileSystem({ resource, accessPoint }: FileSystem): void {
    new EfsFileSystemPolicy(this, 'file-system-policy', {
      fileSystemId: resource.id,
      policy: policyDocument([
        {
          Sid: 'OnlyTheCompaction',
          Effect: 'Allow',
          Principal: { AWS: this.function.resource.role },
          Action: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'],
          Resource: resource.arn,
          Condition: { StringEquals: { 'elasticfilesystem:AccessPointArn': accessPoint.arn } },
        },
        {
          Sid: 'DenyWithoutTls',
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: '*',
          Resource: resource.arn,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ]),
    });
  }
}
