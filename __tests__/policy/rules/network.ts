import { isTagged, type Rule, rulesFor } from '../rule';
import { allowed, blocks, mentions, type Resource, value } from '../synthesized-stack';

const OPEN = ['0.0.0.0/0', '::/0'];

const isOpen = ({ block }: Resource): boolean =>
  OPEN.includes(String(block.cidr_ipv4)) || OPEN.includes(String(block.cidr_ipv6));

const isDescribed: Rule['holds'] = ({ block }) => String(block.description ?? '').length > 0;

/** Whether the rule lets the whole internet reach a port. */
const opens =
  (port: number): Rule['holds'] =>
  (rule) => {
    const { ip_protocol: protocol, from_port: from, to_port: to } = rule.block;
    const covers = protocol === '-1' || (Number(from) <= port && port <= Number(to));
    return !(isOpen(rule) && covers);
  };

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
      (_vpc, stack) => stack.of('aws_default_vpc').length === 0,
    ],
    ['EC2.46', 'is tagged', isTagged],
    [
      '',
      'has no way to the internet and none from it',
      (_vpc, stack) =>
        ['aws_internet_gateway', 'aws_nat_gateway', 'aws_egress_only_internet_gateway'].every(
          (type) => stack.of(type).length === 0,
        ),
    ],
    [
      'EC2.10',
      'has an endpoint for EC2',
      (_vpc, stack) =>
        stack.of('aws_vpc_endpoint').some(({ block }) => /\.ec2$/.test(String(block.service_name))),
    ],
  ]),
  ...rulesFor('aws_default_security_group', [
    [
      'CKV2_AWS_12 AVD-AWS-0173 EC2.2',
      'has no rule',
      ({ block }) => blocks(block, 'ingress').length === 0 && blocks(block, 'egress').length === 0,
    ],
  ]),
  ...rulesFor('aws_subnet', [
    [
      'CKV_AWS_130 AVD-AWS-0164 EC2.15',
      'gives out no public addresses',
      ({ block }) => block.map_public_ip_on_launch === false,
    ],
    ['EC2.44', 'is tagged', isTagged],
  ]),
  ...rulesFor('aws_route_table', [
    ['EC2.42', 'is tagged', isTagged],
    [
      '',
      'leads nowhere but to the gateway endpoints',
      (table, stack) =>
        blocks(table.block, 'route').length === 0 && stack.about(table, 'aws_route').length === 0,
    ],
  ]),
  ...rulesFor('aws_route_table_association', [
    [
      '',
      'ties a subnet of this stack to a route table of this stack',
      ({ block }, stack) =>
        stack.of('aws_subnet').some((subnet) => mentions(block.subnet_id, subnet)) &&
        stack.of('aws_route_table').some((table) => mentions(block.route_table_id, table)),
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
      ({ block }) => ['REJECT', 'ALL'].includes(String(block.traffic_type)),
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
      ({ block }) => blocks(block, 'ingress').length === 0 && blocks(block, 'egress').length === 0,
    ],
  ]),
  ...rulesFor('aws_vpc_security_group_ingress_rule', [
    ['CKV_AWS_23 AVD-AWS-0124', 'is described', isDescribed],
    ['CKV_AWS_24 AVD-AWS-0107 EC2.13', 'opens no SSH to the internet', opens(22)],
    ['CKV_AWS_25 EC2.14', 'opens no remote desktop to the internet', opens(3389)],
    ['CKV_AWS_260', 'opens no HTTP to the internet', opens(80)],
    ['CKV_AWS_277 EC2.18 EC2.19', 'opens nothing to the internet', (rule) => !isOpen(rule)],
  ]),
  ...rulesFor('aws_vpc_security_group_egress_rule', [
    ['CKV_AWS_23 AVD-AWS-0124', 'is described', isDescribed],
    ['CKV_AWS_382 AVD-AWS-0104', 'does not lead everywhere', (rule) => !isOpen(rule)],
    [
      '',
      'names one port',
      ({ block }) => block.from_port === block.to_port && value(block, 'ip_protocol') === 'tcp',
    ],
  ]),
];

/** VPC and security groups. */
export const networkRules = [...vpcRules, ...securityGroupRules];
