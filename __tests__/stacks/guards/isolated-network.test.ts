import { isolatedNetwork } from '../../../stacks/guards/isolated-network';
import { findings, one } from '../../support/guard-findings';

it.each([
  'aws_nat_gateway',
  'aws_internet_gateway',
  'aws_egress_only_internet_gateway',
  'aws_eip',
  'aws_lambda_function_url',
  'aws_vpc_peering_connection',
])('refuses an %s', (type) => {
  expect(findings(isolatedNetwork, { [`${type}.mine`]: {} })).toEqual(
    one(RegExp(`^${type}.mine: ${type}.mine opens the network`)),
  );
});

it('refuses a subnet that gives out public addresses, and no other', () => {
  const subnet = (attributes: object) => ({ 'aws_subnet.mine': attributes });
  expect(findings(isolatedNetwork, subnet({ map_public_ip_on_launch: true }))).toEqual(
    one(/gives out public addresses/),
  );
  expect(findings(isolatedNetwork, subnet({ map_public_ip_on_launch: false }))).toEqual([]);
  expect(findings(isolatedNetwork, subnet({}))).toEqual([]);
});

describe.each([
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_security_group_rule',
])('an %s', (type) => {
  const rule = (attributes: object) => ({ [`${type}.mine`]: attributes });

  it.each([
    { cidr_ipv4: '0.0.0.0/0' },
    { cidr_ipv6: '::/0' },
    { cidr_blocks: ['10.0.0.0/8', '0.0.0.0/0'] },
    { ipv6_cidr_blocks: ['::/0'] },
  ])('is refused with %j', (attributes) => {
    expect(findings(isolatedNetwork, rule(attributes))).toEqual(
      one(/opens a security group to the whole world/),
    );
  });

  it('is accepted with ranges of its own', () => {
    expect(
      findings(isolatedNetwork, rule({ cidr_ipv4: '10.0.0.0/8', cidr_blocks: ['10.1.0.0/16'] })),
    ).toEqual([]);
  });
});

it.each([
  ['aws_security_group', 'has rules of its own'],
  ['aws_default_security_group', 'lets traffic through'],
])('refuses rules inside an %s', (type, sentence) => {
  const group = (attributes: object) => findings(isolatedNetwork, { [`${type}.mine`]: attributes });
  expect(group({ ingress: [{}] })).toEqual(one(RegExp(sentence)));
  expect(group({ egress: [{}] })).toEqual(one(RegExp(sentence)));
  expect(group({ ingress: [{}], egress: [{}] })).toEqual(one(RegExp(sentence)));
  expect(group({ ingress: [], egress: [] })).toEqual([]);
  expect(group({})).toEqual([]);
});

it('lets only the compaction into the VPC', () => {
  const lambda = (name: string, attributes: object) =>
    findings(isolatedNetwork, { [`aws_lambda_function.${name}`]: attributes });
  const vpc = { vpc_config: [{ subnet_ids: [] }] };
  expect(lambda('enhanced_compaction', vpc)).toEqual([]);
  expect(lambda('reconcile_runs', {})).toEqual([]);
  expect(lambda('reconcile_runs', vpc)).toEqual(one(/reconcile_runs is in the VPC/));
});

it.each([
  [{ principal: '*', source_arn: 'arn' }, false],
  [{ principal: '123456789012', source_arn: 'arn' }, false],
  [{ principal: 'https://s3.amazonaws.com', source_arn: 'arn' }, false],
  [{ principal: 's3.amazonaws.com.example', source_arn: 'arn' }, false],
  [{ principal: 's3.amazonaws.com' }, false],
  [{ principal: 's3.amazonaws.com', source_arn: 'arn' }, true],
])('of permissions to call a function, for %j answers %p', (attributes, accepted) => {
  expect(findings(isolatedNetwork, { 'aws_lambda_permission.mine': attributes })).toEqual(
    accepted ? [] : one(/lets anybody, or a whole service, call the function/),
  );
});
