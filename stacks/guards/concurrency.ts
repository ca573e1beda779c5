import { at } from '../synthesized/json';
import { consumersOf } from './consumers';
import { faults, type Guard } from './guard';

/**
 * A function can always take what its mappings hand it: a throttled poll burns the receive count, and once
 * dead-lettered 12,000 healthy messages.
 */
export const concurrency: Guard = (stack) => {
  const mappings = stack.resources('aws_sqs_queue').flatMap((queue) =>
    consumersOf(stack, queue).map(({ block, functionName }) => ({
      queue,
      block,
      consumer: stack.target(functionName)?.address,
      maximum: at(block.attributes, 'scaling_config.maximum_concurrency'),
    })),
  );
  const handedTo = (address: string): number =>
    mappings
      .filter(({ consumer, maximum }) => consumer === address && Number.isInteger(maximum))
      .reduce((sum, { maximum }) => sum + Number(maximum), 0);
  return [
    ...mappings.flatMap(({ queue, block, maximum }) =>
      faults(block, [
        !Number.isInteger(maximum),
        `states no maximum concurrency, so that Lambda may throttle it and burn the receive count of ${queue.address}.`,
        'Make it as a QueueConsumer, which states one.',
      ]),
    ),
    ...stack.resources('aws_lambda_function').flatMap((lambda) => {
      const reserved = lambda.attributes.reserved_concurrent_executions;
      const least = Math.max(1, handedTo(lambda.address));
      return faults(lambda, [
        !(Number.isInteger(reserved) && Number(reserved) >= least),
        `has ${reserved === undefined ? 'no' : String(reserved)} reserved concurrency, but its mappings may hand it ${least} batches at once.`,
        `Reserve ${least} at least.`,
      ]);
    }),
  ];
};
