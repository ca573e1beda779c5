import type { PipelineConfig } from '../config';
import { hasFileSystem } from '../config-schema';
import { block } from '../synthesized/json';
import { physicalName, type Synthesized } from '../synthesized/synthesized';
import { type Finding, faults, type Guard } from './guard';

/** What has to be there, and what would go unnoticed without it. Of what has an address for ever other guards see to. */
const NEEDED: Readonly<Record<string, string>> = {
  aws_cloudwatch_event_rule: 'nothing would look after runs that wait',
  aws_cloudwatch_event_target: 'nothing would look after runs that wait',
  aws_lambda_permission: 'the schedule could not call the reconciler',
  aws_lambda_function_event_invoke_config: 'a round that failed would leave no trace',
  aws_sns_topic: 'no alarm would reach anybody',
  aws_s3_bucket_public_access_block: 'the bucket could be opened to the public',
  aws_sqs_queue_redrive_allow_policy: 'any queue could put its dead letters among ours',
};
const NEEDED_BY_FILE_SYSTEM: Readonly<Record<string, string>> = {
  aws_efs_file_system_policy: 'whoever reaches the file system could write to it',
};

/** What only works while it is there: the schedule, who is told, and an alarm for each queue and function. */
export const nothingMissing: Guard = (stack, config) => [...missingTypes(stack, config), ...unwatched(stack)];

const missingTypes = (stack: Synthesized, config: PipelineConfig): Finding[] =>
  Object.entries({ ...NEEDED, ...(hasFileSystem(config) && NEEDED_BY_FILE_SYSTEM) })
    .filter(([type]) => stack.resources(type).length === 0)
    .map(([type, loss]) => ({
      where: type,
      what: `The stack has no ${type}: ${loss}.`,
      remedy: 'Restore what the stack declares.',
    }));

/** A queue or function of which no alarm watches what AWS itself reports: our own metrics are silent where nothing runs. */
function unwatched(stack: Synthesized): Finding[] {
  const alarms = stack
    .resources('aws_cloudwatch_metric_alarm')
    .map(({ attributes }) => block(attributes.dimensions))
    .flatMap(({ QueueName, FunctionName }) => [QueueName, FunctionName]);
  return stack
    .resources('aws_sqs_queue', 'aws_lambda_function')
    .flatMap((resource) =>
      faults(resource, [
        !alarms.includes(physicalName(resource)),
        'is named by no alarm: what fails there would be silent.',
        'Restore its alarms in stacks/observability/alarms.ts.',
      ]),
    );
}
