import { hasFileSystem } from '../../config-schema';
import {
  type Admission,
  everyItem,
  free,
  given,
  is,
  names,
  optional,
  type Property,
  type ReviewedTypes,
} from './property';

const NFS = 2049;
const TLS = 443;

export const withFileSystem: Admission = {
  by: 'chroma.mode to "embedded" and chroma.cache to "efs"',
  holds: hasFileSystem,
};

const withNetwork: Admission = {
  by: `${withFileSystem.by}, and leave adopt.vpc out`,
  holds: (config) => hasFileSystem(config) && config.adopt.vpc === undefined,
};

const MADE = names('aws_subnet');

/** The stack's own subnets, or those of a VPC that exists. */
export const subnets: Property = {
  holds: (values, place) => {
    const adopted: readonly unknown[] | undefined = place.config.adopt.vpc?.subnetIds;
    return adopted === undefined
      ? MADE.holds(values, place)
      : everyItem(values, (item) => adopted.includes(item));
  },
  demand: 'the isolated subnets, or those of adopt.vpc',
  setting: 'adopt.vpc',
};

/** The two services that are reached without paying by the hour. */
const gateways: Property = {
  holds: (values, { config: { region } }) =>
    values.every((name) =>
      ['s3', 'dynamodb'].some((service) => name === `com.amazonaws.${region}.${service}`),
    ),
  demand: 'S3 or DynamoDB in the region of the configuration',
  setting: 'region',
};

const vpc: Property = {
  holds: (values, place) =>
    place.config.adopt.vpc === undefined
      ? names('aws_vpc').holds(values, place)
      : values.every((value) => value === place.config.adopt.vpc?.id),
  demand: "the stack's own, or that of adopt.vpc",
  setting: 'adopt.vpc',
};

/** The isolated network of the compaction. That nothing opens it: `isolatedNetwork`. */
export const network: ReviewedTypes = {
  aws_vpc: {
    admitted: withNetwork,
    properties: {
      cidr_block: given('network.cidr', ({ network: { cidr } }) => cidr),
      enable_dns_hostnames: free,
      enable_dns_support: free,
    },
  },
  aws_subnet: {
    admitted: withNetwork,
    properties: {
      vpc_id: names('aws_vpc'),
      availability_zone: free,
      cidr_block: free,
      map_public_ip_on_launch: free, // isolatedNetwork
      // A zone that AWS opens must not move a subnet.
      'lifecycle.ignore_changes': is(undefined, ['availability_zone']),
    },
  },
  // A route of its own is not here: the endpoints' come with the endpoints.
  aws_route_table: { admitted: withNetwork, properties: { vpc_id: names('aws_vpc') } },
  aws_route_table_association: {
    admitted: withNetwork,
    properties: { subnet_id: names('aws_subnet'), route_table_id: names('aws_route_table') },
  },
  aws_default_security_group: {
    admitted: withNetwork,
    properties: { vpc_id: names('aws_vpc'), ingress: free, egress: free }, // isolatedNetwork
  },
  aws_flow_log: {
    admitted: withNetwork,
    properties: {
      vpc_id: names('aws_vpc'),
      traffic_type: is('REJECT'),
      iam_role_arn: names('aws_iam_role'),
      log_destination: names('aws_cloudwatch_log_group'),
    },
  },
  aws_security_group: {
    admitted: withFileSystem,
    properties: { name: free, description: free, vpc_id: vpc },
  },
  aws_vpc_security_group_ingress_rule: {
    admitted: withFileSystem,
    properties: {
      security_group_id: names('aws_security_group'),
      referenced_security_group_id: names('aws_security_group'),
      description: free,
      ip_protocol: is('tcp'),
      from_port: is(NFS),
      to_port: is(NFS),
    },
  },
  aws_vpc_security_group_egress_rule: {
    admitted: withFileSystem,
    properties: {
      security_group_id: names('aws_security_group'),
      description: free,
      ip_protocol: is('tcp'),
      from_port: is(NFS, TLS),
      to_port: is(NFS, TLS),
      // One of both; neither is an address range.
      referenced_security_group_id: optional(names('aws_security_group')),
      prefix_list_id: optional(names('data.aws_prefix_list')),
    },
  },
  aws_vpc_endpoint: {
    admitted: withFileSystem,
    properties: {
      vpc_id: vpc,
      service_name: gateways,
      vpc_endpoint_type: is('Gateway'),
      route_table_ids: free,
      policy: free, // reviewedStatements
    },
  },
};

/** What is read of a network. */
export const networkData: ReviewedTypes = {
  aws_prefix_list: { admitted: withFileSystem, properties: { name: gateways } },
  aws_availability_zones: {
    admitted: withNetwork,
    properties: {
      state: free,
      'filter.name': free,
      'filter.values': free,
      'lifecycle.postcondition': free,
    },
  },
};
