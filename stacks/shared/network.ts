import { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones';
import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import type { Deployment } from './deployment';
import type { Encryption } from './encryption';
import { LogGroup } from './log-group';
import { policyDocument, trustPolicy } from './policy-document';

interface NetworkProps {
  readonly deployment: Deployment;
  readonly encryption: Encryption;
}

/**
 * Two isolated subnets in pinned zones for the compaction, which alone needs a file system: no NAT, no
 * internet gateway, nothing to pay by the hour. Ours, or an existing VPC's.
 */
export class Network extends Construct {
  readonly vpcId: string;
  readonly subnetIds: readonly [string, string];
  /** Route tables that need gateway endpoints; empty when an adopted VPC has its own. */
  readonly endpointRouteTableIds: readonly string[];

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const adopted = props.deployment.config.adopt.vpc;
    if (adopted !== undefined) {
      const [first = '', second = ''] = adopted.subnetIds;
      this.vpcId = adopted.id;
      this.subnetIds = [first, second];
      this.endpointRouteTableIds = adopted.endpointRouteTableIds;
      return;
    }
    const { network } = props.deployment.config;
    const vpc = new Vpc(this, 'vpc', {
      cidrBlock: network.cidr,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: { Name: props.deployment.physicalName('vpc') },
    });
    // Without rules: whatever lands in it by accident reaches nothing.
    new DefaultSecurityGroup(this, 'default-security-group', { vpcId: vpc.id, ingress: [], egress: [] });
    const routes = new RouteTable(this, 'routes', {
      vpcId: vpc.id,
      tags: { Name: props.deployment.physicalName('isolated') },
    });
    const zones = network.availabilityZones ?? this.twoZones();
    const subnet = (index: 0 | 1): string => {
      const created = new Subnet(this, `subnet-${index}`, {
        vpcId: vpc.id,
        availabilityZone: zones[index],
        // A zone that AWS opens must not move a subnet, with the file system's mount target in it.
        lifecycle:
          network.availabilityZones === undefined ? { ignoreChanges: ['availability_zone'] } : undefined,
        cidrBlock: network.cidr.replace(/0\/24$/, index === 0 ? '0/25' : '128/25'),
        mapPublicIpOnLaunch: false,
        tags: { Name: props.deployment.physicalName(`isolated-${index}`) },
      });
      new RouteTableAssociation(this, `subnet-${index}-routes`, {
        subnetId: created.id,
        routeTableId: routes.id,
      });
      return created.id;
    };
    this.vpcId = vpc.id;
    this.subnetIds = [subnet(0), subnet(1)];
    this.endpointRouteTableIds = [routes.id];
    this.recordRefusals(props, vpc);
  }

  /** The account's first two. Which letters there are differs: in ap-northeast-1 newer accounts have no zone b. */
  private twoZones(): [string, string] {
    const zones = new DataAwsAvailabilityZones(this, 'zones', {
      state: 'available',
      filter: [
        { name: 'zone-type', values: ['availability-zone'] },
        { name: 'opt-in-status', values: ['opt-in-not-required'] },
      ],
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(self.names) >= 2}`,
            errorMessage:
              'This account has fewer than two availability zones in the region. Name two in network.availabilityZones, or set chroma.cache to "none", which needs no network.',
          },
        ],
      },
    });
    zones.overrideLogicalId('zones');
    return [Fn.element(zones.names, 0), Fn.element(zones.names, 1)];
  }

  /** Flow logs of refused traffic: in an isolated network each refusal is a mistake or an attack. */
  private recordRefusals({ deployment, encryption }: NetworkProps, vpc: Vpc): void {
    const group = new LogGroup(this, 'flow-log-group', {
      deployment,
      encryption,
      name: `/aws/vpc/${deployment.physicalName('flow-logs')}`,
    }).resource;
    const role = new IamRole(this, 'flow-log-role', {
      name: deployment.physicalName('flow-logs'),
      assumeRolePolicy: trustPolicy('vpc-flow-logs.amazonaws.com', {
        StringEquals: { 'aws:SourceAccount': deployment.accountId },
      }),
    });
    new IamRolePolicy(this, 'flow-log-policy', {
      name: 'write-flow-logs',
      role: role.id,
      policy: policyDocument([
        {
          Sid: 'WriteFlowLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: `${group.arn}:*`,
        },
        {
          // https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html. Of groups it knows no narrower form.
          Sid: 'FindItsGroup',
          Effect: 'Allow',
          Action: 'logs:DescribeLogGroups',
          Resource: deployment.arn('logs', 'log-group:*'),
        },
      ]),
    });
    new FlowLog(this, 'flow-log', {
      vpcId: vpc.id,
      trafficType: 'REJECT',
      iamRoleArn: role.arn,
      logDestination: group.arn,
    });
  }
}
