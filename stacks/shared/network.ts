import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
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
    const { network, region } = props.deployment.config;
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
    const zones = network.availabilityZones ?? [`${region}a`, `${region}b`];
    const subnet = (index: 0 | 1): string => {
      const created = new Subnet(this, `subnet-${index}`, {
        vpcId: vpc.id,
        availabilityZone: zones[index],
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
