import { at } from '../synthesized/json';
import { physicalName } from '../synthesized/synthesized';
import { faults, type Guard, refuse } from './guard';

/** Each function writes to a log group of ours, which forgets in time, and is traced. */
export const observableFunctions: Guard = (stack) => [
  ...refuse(
    stack.resources('aws_lambda_function'),
    'names no log group of this stack; Lambda would make one that keeps its lines for ever.',
    'Make the function as a PipelineFunction.',
    (attributes) =>
      stack.target(at(attributes, 'logging_config.log_group'))?.type !== 'aws_cloudwatch_log_group',
  ),
  ...refuse(
    stack.resources('aws_lambda_function'),
    'is not traced.',
    'Set the tracing mode to Active.',
    (attributes) => at(attributes, 'tracing_config.mode') !== 'Active',
  ),
  ...stack
    .resources('aws_cloudwatch_log_group')
    .flatMap((group) =>
      faults(group, [
        !(Number(group.attributes.retention_in_days) > 0),
        `(${String(physicalName(group))}) keeps its lines for ever.`,
        'Make it as a LogGroup, which takes retention.logDays.',
      ]),
    ),
];
