import { isolatedNetwork } from '../../../stacks/guards/isolated-network';
import { at, blocks } from '../../../stacks/synthesized/json';
import { allowed } from '../../../stacks/synthesized/policy';
import { isTagged, type Rule, refusedBy, rulesFor } from '../rule';

const closedToTheWorld = refusedBy(isolatedNetwork, /opens a security group to the whole world/);

const isDescribed: Rule['holds'] = ({ attributes }) => String(attributes.description ?? '').length > 0;

const vpcRules = [
  ...rulesFor('aws_vpc', [
    [
      'CKV2_AWS_11 AVD-AWS-0178 EC2.6',
      'logs its flows',
      (vpc, stack) => stack.about(vpc, 'aws_flow_log').length > 0,
    ],
    [
      'CKV2_AWS_12 AVD-AWS-0173 EC2.2',
      'has its default security group emptied',
      (vpc, stack) => stack.about(vpc, 'aws_default_security_group').length > 0,
    ],
    [
      'CKV_AWS_148 AVD-AWS-0101',
      'is not the default one',
      (_vpc, stack) => stack.resources('aws_default_vpc').length === 0,
    ],
    ['EC2.46', 'is tagged', isTagged],
    ['', 'has no way to the internet and none from it', refusedBy(isolatedNetwork, /opens the network/)],
    [
      'EC2.10',
      'has an endpoint for EC2',
      (_vpc, stack) =>
        stack
          .resources('aws_vpc_endpoint')
          .some(({ attributes }) => /\.ec2$/.test(String(attributes.service_name))),
    ],
  ]),
  ...rulesFor('aws_default_security_group', [
    ['CKV2_AWS_12 AVD-AWS-0173 EC2.2', 'has no rule', refusedBy(isolatedNetwork, /lets traffic through/)],
  ]),
  ...rulesFor('aws_subnet', [
    [
      'CKV_AWS_130 AVD-AWS-0164 EC2.15',
      'gives out no public addresses',
      refusedBy(isolatedNetwork, /gives out public addresses/),
    ],
    ['EC2.44', 'is tagged', isTagged],
  ]),
  ...rulesFor('aws_route_table', [
    ['EC2.42', 'is tagged', isTagged],
    [
      '',
      'leads nowhere but to the gateway endpoints',
      (table, stack) =>
        blocks(table.attributes.route).length === 0 && stack.about(table, 'aws_route').length === 0,
    ],
  ]),
  ...rulesFor('aws_route_table_association', [
    [
      '',
      'ties a subnet of this stack to a route table of this stack',
      ({ attributes }, stack) =>
        stack.resources('aws_subnet').some((subnet) => stack.mentions(attributes.subnet_id, subnet)) &&
        stack.resources('aws_route_table').some((table) => stack.mentions(attributes.route_table_id, table)),
    ],
  ]),
  ...rulesFor('aws_vpc_endpoint', [
    [
      '',
      'reaches named resources alone, for this account alone',
      (endpoint) =>
        allowed(endpoint).length > 0 &&
        allowed(endpoint).every(
          ({ resources, conditions }) =>
            !resources.includes('*') && conditions.StringEquals?.['aws:PrincipalAccount'] !== undefined,
        ),
    ],
  ]),
  ...rulesFor('aws_flow_log', [
    [
      'EC2.6',
      'records refused traffic',
      ({ attributes }) => ['REJECT', 'ALL'].includes(String(attributes.traffic_type)),
    ],
    ['EC2.48', 'is tagged', isTagged],
  ]),
];

const securityGroupRules = [
  ...rulesFor('aws_security_group', [
    ['CKV_AWS_23 AVD-AWS-0099', 'is described', isDescribed],
    [
      'CKV2_AWS_5',
      'is attached to something',
      (group, stack) =>
        ['aws_lambda_function', 'aws_efs_mount_target', 'aws_vpc_endpoint'].some(
          (type) => stack.about(group, type).length > 0,
        ),
    ],
    ['EC2.43', 'is tagged', isTagged],
    [
      '',
      'has its rules beside it: rules inside would fight with them',
      refusedBy(isolatedNetwork, /has rules of its own/),
    ],
  ]),
  ...rulesFor('aws_vpc_security_group_ingress_rule', [
    ['CKV_AWS_23 AVD-AWS-0124', 'is described', isDescribed],
    ['CKV_AWS_24 AVD-AWS-0107 EC2.13', 'opens no SSH to the internet', closedToTheWorld],
    ['CKV_AWS_25 EC2.14', 'opens no remote desktop to the internet', closedToTheWorld],
    ['CKV_AWS_260', 'opens no HTTP to the internet', closedToTheWorld],
    ['CKV_AWS_277 EC2.18 EC2.19', 'opens nothing to the internet', closedToTheWorld],
  ]),
  ...rulesFor('aws_vpc_security_group_egress_rule', [
    ['CKV_AWS_23 AVD-AWS-0124', 'is described', isDescribed],
    ['CKV_AWS_382 AVD-AWS-0104', 'does not lead everywhere', closedToTheWorld],
    [
      '',
      'names one port',
      ({ attributes }) =>
        attributes.from_port === attributes.to_port && at(attributes, 'ip_protocol') === 'tcp',
    ],
  ]),
];

/** VPC and security groups. */
export const networkRules = [...vpcRules, ...securityGroupRules];
