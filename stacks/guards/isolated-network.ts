import { block, blocks, texts } from '../synthesized/json';
import type { Finding, Guard } from './guard';

/** Ways in or out, and what bills by the hour. */
const OPENINGS = [
  'aws_nat_gateway',
  'aws_internet_gateway',
  'aws_egress_only_internet_gateway',
  'aws_eip',
  'aws_lambda_function_url',
  'aws_vpc_peering_connection',
] as const;

const ANYWHERE = ['0.0.0.0/0', '::/0'];

/** The network has no way out but its gateway endpoints, and only the compaction is in it. */
export const isolatedNetwork: Guard = (stack) => {
  const found = (where: string, what: string): Finding => ({
    where,
    what,
    remedy: 'Remove it: the compaction talks to EFS, S3 and DynamoDB only, and everything else needs no VPC.',
  });
  return [
    ...stack
      .resources(...OPENINGS)
      .map(({ where, address }) => found(where, `${address} opens the network or a function.`)),
    ...stack
      .resources('aws_subnet')
      .filter(({ attributes }) => attributes.map_public_ip_on_launch === true)
      .map(({ where, address }) => found(where, `${address} gives out public addresses.`)),
    ...stack
      .resources(
        'aws_vpc_security_group_ingress_rule',
        'aws_vpc_security_group_egress_rule',
        'aws_security_group_rule',
      )
      .filter(({ attributes }) =>
        [attributes.cidr_ipv4, attributes.cidr_ipv6, attributes.cidr_blocks, attributes.ipv6_cidr_blocks]
          .flatMap(texts)
          .some((range) => ANYWHERE.includes(range)),
      )
      .map(({ where, address }) => found(where, `${address} opens a security group to the whole world.`)),
    ...stack
      .resources('aws_security_group')
      .filter(({ attributes }) => blocks(attributes.ingress).length + blocks(attributes.egress).length > 0)
      .map(({ where, address }) =>
        found(where, `${address} has rules of its own, which overrule those made one by one.`),
      ),
    ...stack
      .resources('aws_default_security_group')
      .filter(({ attributes }) => blocks(attributes.ingress).length + blocks(attributes.egress).length > 0)
      .map(({ where, address }) => found(where, `${address} lets traffic through.`)),
    ...stack
      .resources('aws_lambda_function')
      .filter(
        ({ name, attributes }) =>
          name !== 'enhanced_compaction' && Object.keys(block(attributes.vpc_config)).length > 0,
      )
      .map(({ where, address }) =>
        found(where, `${address} is in the VPC, where it reaches no queue and no endpoint.`),
      ),
    ...stack
      .resources('aws_lambda_permission')
      .filter(
        ({ attributes }) =>
          !/^[a-z0-9.-]+\.amazonaws\.com$/.test(String(attributes.principal)) ||
          attributes.source_arn === undefined,
      )
      .map(({ where, address }) =>
        found(where, `${address} lets anybody, or a whole service, call the function.`),
      ),
  ];
};
