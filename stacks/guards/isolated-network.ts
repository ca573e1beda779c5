import { block, blocks, type Json, texts } from '../synthesized/json';
import { type Guard, refuse } from './guard';

/** Ways in or out, and what bills by the hour. */
const OPENINGS = [
  'aws_nat_gateway',
  'aws_internet_gateway',
  'aws_egress_only_internet_gateway',
  'aws_eip',
  'aws_lambda_function_url',
  'aws_vpc_peering_connection',
] as const;

const RULES = [
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
  'aws_security_group_rule',
] as const;

const ANYWHERE = ['0.0.0.0/0', '::/0'];

const REMEDY =
  'Remove it: the compaction talks to EFS, S3 and DynamoDB only, and everything else needs no VPC.';

/** The network has no way out but its gateway endpoints, and only the compaction is in it. */
export const isolatedNetwork: Guard = (stack) => {
  const found = (types: readonly string[], what: string, bad?: (attributes: Json) => boolean) =>
    refuse(stack.resources(...types), what, REMEDY, bad);
  const outside = stack.resources('aws_lambda_function').filter(({ name }) => name !== 'enhanced_compaction');
  return [
    ...found(OPENINGS, 'opens the network or a function.'),
    ...found(
      ['aws_subnet'],
      'gives out public addresses.',
      (subnet) => subnet.map_public_ip_on_launch === true,
    ),
    ...found(RULES, 'opens a security group to the whole world.', isOpen),
    ...found(['aws_security_group'], 'has rules of its own, which overrule those made one by one.', hasRules),
    ...found(['aws_default_security_group'], 'lets traffic through.', hasRules),
    ...refuse(outside, 'is in the VPC, where it reaches no queue and no endpoint.', REMEDY, isInNetwork),
    ...found(['aws_lambda_permission'], 'lets anybody, or a whole service, call the function.', isBroad),
  ];
};

const isOpen = ({ cidr_ipv4, cidr_ipv6, cidr_blocks, ipv6_cidr_blocks }: Json): boolean =>
  [cidr_ipv4, cidr_ipv6, cidr_blocks, ipv6_cidr_blocks]
    .flatMap(texts)
    .some((range) => ANYWHERE.includes(range));

const hasRules = ({ ingress, egress }: Json): boolean => blocks(ingress).length + blocks(egress).length > 0;

const isInNetwork = ({ vpc_config }: Json): boolean => Object.keys(block(vpc_config)).length > 0;

/** Whether it lets in more than one service on behalf of one resource. */
const isBroad = ({ principal, source_arn }: Json): boolean =>
  !/^[a-z0-9.-]+\.amazonaws\.com$/.test(String(principal)) || source_arn === undefined;
