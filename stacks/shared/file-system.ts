import { EfsAccessPoint } from '@cdktf/provider-aws/lib/efs-access-point';
import { EfsFileSystem } from '@cdktf/provider-aws/lib/efs-file-system';
import { EfsMountTarget } from '@cdktf/provider-aws/lib/efs-mount-target';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Construct } from 'constructs';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import type { Network } from './network';

export const NFS_PORT = 2049;

/** Any id but root's: the access point makes every file belong to it. */
const OWNER = { uid: 1000, gid: 1000 } as const;

interface FileSystemProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
  readonly network: Network;
}

/** Where published versions of the collections live: encrypted, and reached through one access point. */
export class FileSystem extends Construct {
  readonly resource: EfsFileSystem;
  readonly accessPoint: EfsAccessPoint;
  readonly securityGroupId: string;
  /** A function that mounts the file system must wait for these. */
  readonly mountTargets: readonly EfsMountTarget[];

  constructor(scope: Construct, id: string, { deployment, encryption, network }: FileSystemProps) {
    super(scope, id);
    const name = deployment.physicalName('chroma');
    this.resource = new EfsFileSystem(this, 'file-system', {
      // No creation token of ours: it would stop a new file system while one that was left lies beside it.
      encrypted: true,
      kmsKeyId: encryption.keyArn,
      // Bills per GB moved and nothing while idle: publishes come in bursts.
      throughputMode: 'elastic',
      tags: { Name: name },
      lifecycle: deployment.statefulLifecycle,
    });
    this.resource.overrideLogicalId('chroma');
    this.accessPoint = new EfsAccessPoint(this, 'access-point', {
      fileSystemId: this.resource.id,
      posixUser: OWNER,
      rootDirectory: {
        path: '/chroma',
        creationInfo: { ownerUid: OWNER.uid, ownerGid: OWNER.gid, permissions: '0750' },
      },
      tags: { Name: name },
    });
    const group = new SecurityGroup(this, 'security-group', {
      name: deployment.physicalName('file-system'),
      description: 'The mount targets of the Chroma file system',
      vpcId: network.vpcId,
    });
    this.securityGroupId = group.id;
    this.mountTargets = network.subnetIds.map(
      (subnetId, index) =>
        new EfsMountTarget(this, `mount-target-${index}`, {
          fileSystemId: this.resource.id,
          subnetId,
          securityGroups: [group.id],
        }),
    );
  }

  /** Lets NFS in from a client's security group. */
  admit(client: string, clientSecurityGroupId: string): void {
    new VpcSecurityGroupIngressRule(this, `from-${client}`, {
      securityGroupId: this.securityGroupId,
      description: `NFS from ${client}`,
      referencedSecurityGroupId: clientSecurityGroupId,
      ipProtocol: 'tcp',
      fromPort: NFS_PORT,
      toPort: NFS_PORT,
    });
  }
}
