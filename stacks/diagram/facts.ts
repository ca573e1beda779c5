import { dataAccess } from './grants';
import { type Block, nested, ofType, referenced } from './synthesized';

/** What is worth saying about a resource, a line each. */
export function describe(block: Block, blocks: readonly Block[]): string[] {
  const { properties } = block;
  switch (block.type) {
    case 'aws_sqs_queue':
      return [`hidden ${properties.visibility_timeout_seconds} s at a time`];
    case 'aws_dynamodb_table':
      return [
        `stream: ${String(properties.stream_view_type ?? 'as adopted')
          .toLowerCase()
          .replaceAll('_', ' ')
          .replace(/ images?$/, '')}`,
      ];
    case 'aws_efs_file_system':
      return [
        `${properties.throughput_mode} throughput`,
        ...ofType('aws_efs_access_point', blocks).map(
          ({ properties: point }) => `access point ${nested(point, 'root_directory')?.path}`,
        ),
      ];
    case 'aws_lambda_function':
      return [...schedules(block, blocks), ...dataAccess(block, blocks)];
    case 'aws_s3_bucket':
      return bucketFacts(block, blocks);
    default:
      return [];
  }
}

function bucketFacts(bucket: Block, blocks: readonly Block[]): string[] {
  const about = (type: string) =>
    ofType(type, blocks).filter(({ properties }) => referenced(properties.bucket, blocks).includes(bucket));
  const versioned = about('aws_s3_bucket_versioning').length > 0;
  const byOwnKey = about('aws_s3_bucket_server_side_encryption_configuration').some(({ properties }) =>
    JSON.stringify(properties).includes('aws:kms'),
  );
  return [...(versioned ? ['keeps versions'] : []), `encrypted: ${byOwnKey ? 'customer key' : 'SSE-S3'}`];
}

const schedules = (block: Block, blocks: readonly Block[]): string[] =>
  ofType('aws_cloudwatch_event_target', blocks)
    .filter(({ properties }) => referenced(properties.arn, blocks).includes(block))
    .flatMap(({ properties }) => referenced(properties.rule, blocks))
    .map(({ properties }) => String(properties.schedule_expression).replace(/rate\((.*)\)/, 'every $1'));

/** The line of the network's frame, when the stack has a network. */
export function describeNetwork(blocks: readonly Block[]): string | undefined {
  const subnets = ofType('aws_subnet', blocks).length;
  const services = ofType('aws_vpc_endpoint', blocks).map(({ properties }) =>
    String(properties.service_name).split('.').at(-1),
  );
  if (subnets === 0) return undefined;
  return `VPC: ${subnets} isolated subnets, ways out: ${services.sort().join(', ')}`;
}

/** What is deployed besides and has no box. */
export function describeRest(blocks: readonly Block[]): string[] {
  const many = (type: string, one: string, several = `${one}s`) => {
    const count = ofType(type, blocks).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`];
  };
  return [
    ...many('aws_cloudwatch_metric_alarm', 'alarm to one topic', 'alarms to one topic'),
    ...many('aws_cloudwatch_dashboard', 'dashboard'),
    ...many('aws_iam_role', 'role'),
    ...many('aws_cloudwatch_log_group', 'log group'),
    ...many('aws_kms_key', 'key'),
  ];
}
