import { at } from '../synthesized/json';
import { physicalName } from '../synthesized/synthesized';
import type { Guard } from './guard';

/** Each function writes to a log group of ours, which forgets in time, and is traced. */
export const observableFunctions: Guard = (stack) => [
  ...stack.resources('aws_lambda_function').flatMap(({ where, address, attributes }) => {
    const logs = stack.target(at(attributes, 'logging_config.log_group'));
    return [
      ...(logs?.type === 'aws_cloudwatch_log_group'
        ? []
        : [
            {
              where,
              what: `${address} names no log group of this stack; Lambda would make one that keeps its lines for ever.`,
              remedy: 'Make the function as a PipelineFunction.',
            },
          ]),
      ...(at(attributes, 'tracing_config.mode') === 'Active'
        ? []
        : [{ where, what: `${address} is not traced.`, remedy: 'Set the tracing mode to Active.' }]),
    ];
  }),
  ...stack
    .resources('aws_cloudwatch_log_group')
    .filter(({ attributes }) => !(Number(attributes.retention_in_days) > 0))
    .map((group) => ({
      where: group.where,
      what: `${group.address} (${String(physicalName(group))}) keeps its lines for ever.`,
      remedy: 'Make it as a LogGroup, which takes retention.logDays.',
    })),
];
