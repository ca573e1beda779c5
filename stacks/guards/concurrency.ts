import { at } from '../synthesized/json';
import { consumersOf } from './consumers';
import type { Finding, Guard } from './guard';

/**
 * A function can always take what its mappings hand it: a throttled poll burns the receive count, and once
 * dead-lettered 12,000 healthy messages.
 */
export const concurrency: Guard = (stack) => {
  const wanted = new Map<string, number>();
  const findings: Finding[] = [];
  for (const queue of stack.resources('aws_sqs_queue')) {
    for (const { block: mapping, functionName } of consumersOf(stack, queue)) {
      const maximum = at(mapping.attributes, 'scaling_config.maximum_concurrency');
      if (!Number.isInteger(maximum)) {
        findings.push({
          where: mapping.where,
          what: `${mapping.address} states no maximum concurrency, so that Lambda may throttle it and burn the receive count of ${queue.address}.`,
          remedy: 'Make it as a QueueConsumer, which states one.',
        });
        continue;
      }
      const consumer = stack.target(functionName)?.address ?? '';
      wanted.set(consumer, (wanted.get(consumer) ?? 0) + Number(maximum));
    }
  }
  const functions = stack
    .resources('aws_lambda_function')
    .flatMap(({ address, where, attributes }): Finding[] => {
      const reserved = attributes.reserved_concurrent_executions;
      const least = wanted.get(address) ?? 1;
      if (Number.isInteger(reserved) && Number(reserved) >= least) return [];
      return [
        {
          where,
          what: `${address} has ${reserved === undefined ? 'no' : String(reserved)} reserved concurrency, but its mappings may hand it ${least} batches at once.`,
          remedy: `Reserve ${least} at least.`,
        },
      ];
    });
  return [...findings, ...functions];
};
