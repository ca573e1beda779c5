import { ROUND_MINUTES } from '../../../contracts/event-sources';
import { FUNCTION_NAMES, type FunctionName } from '../../../contracts/functions';
import { hasFileSystem } from '../../config-schema';
import { physicalName, terraformName } from '../../names';
import type { SynthesizedBlock } from '../../synthesized/synthesized';
import { customerKey } from './customer-key';
import { subnets } from './network';
import {
  free,
  given,
  is,
  names,
  type Place,
  type Property,
  type ReviewedTypes,
  stated,
  where,
} from './property';

const RECONCILER = 'aws_lambda_function.reconcile_runs';

/** Which of the functions a block is; oneFunctionEach refuses what is none. */
const nameOf = ({ name }: SynthesizedBlock): FunctionName | undefined =>
  FUNCTION_NAMES.find((known) => terraformName(known) === name);

const isCompaction = ({ block }: Place): boolean => block.name === 'enhanced_compaction';

/** The compaction's place: without its file system each cold start would take the collection from S3 again. */
const mounted = (property: Property): Property => ({
  ...where(
    'on the compaction where chroma.cache is "efs"',
    (place) => isCompaction(place) && hasFileSystem(place.config),
    property,
  ),
  setting: 'chroma.cache',
});

/** The functions, and the schedule that calls one of them. */
export const functions: ReviewedTypes = {
  aws_lambda_function: {
    properties: {
      function_name: given('name', (config, block) => physicalName(config, nameOf(block) ?? '')),
      description: free,
      role: names('aws_iam_role'), // of its own: oneFunctionEach
      runtime: given('functions.runtime', ({ functions: { runtime } }) => runtime),
      architectures: given('functions.architecture', ({ functions: { architecture } }) => [architecture]),
      handler: is('index.handler'),
      filename: stated,
      // Without it a deploy leaves the old code where it is.
      source_code_hash: stated,
      memory_size: free, // what it costs
      timeout: free, // visibility
      reserved_concurrent_executions: free, // concurrency
      kms_key_arn: customerKey,
      'environment.variables': free, // environments, noSecrets
      'tracing_config.mode': free, // observableFunctions
      'logging_config.log_format': free,
      'logging_config.log_group': free, // observableFunctions
      'ephemeral_storage.size': where(
        'on the compaction',
        isCompaction,
        given('functions.compactionStorage', (config) => config.functions.compactionStorage),
      ),
      'vpc_config.subnet_ids': mounted(subnets),
      'vpc_config.security_group_ids': mounted(names('aws_security_group')),
      'file_system_config.arn': mounted(names('aws_efs_access_point')),
      'file_system_config.local_mount_path': mounted(is('/mnt/chroma')),
    },
  },
  aws_lambda_function_event_invoke_config: {
    properties: {
      function_name: names(RECONCILER),
      maximum_event_age_in_seconds: free,
      maximum_retry_attempts: free,
      'destination_config.on_failure.destination': names('aws_sqs_queue.lost_events_dlq'),
    },
  },
  aws_lambda_permission: {
    properties: {
      statement_id: free,
      function_name: names(RECONCILER),
      action: is('lambda:InvokeFunction'),
      principal: is('events.amazonaws.com'),
      source_arn: names('aws_cloudwatch_event_rule'),
    },
  },
  aws_cloudwatch_event_rule: {
    // That it is enabled is the default, and not to be stated.
    properties: { name: free, description: free, schedule_expression: is(`rate(${ROUND_MINUTES} minutes)`) },
  },
  aws_cloudwatch_event_target: {
    properties: { rule: names('aws_cloudwatch_event_rule'), target_id: free, arn: names(RECONCILER) },
  },
  aws_iam_role: { properties: { name: free, description: free, assume_role_policy: free } }, // reviewedStatements
  aws_iam_role_policy: { properties: { name: free, role: free, policy: free } }, // reviewedStatements
};
