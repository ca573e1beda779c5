import { NEW_ACCOUNT } from '../new-account';
import { at } from '../synthesized/json';
import { consumersOf } from './consumers';
import { faults, type Guard } from './guard';

/**
 * A function can always take what its mappings hand it: a throttled poll burns the receive count, and once
 * dead-lettered 12,000 healthy messages. Either it reserves as much, or what the mappings hand to all that reserve
 * nothing fits into the smallest account together.
 */
export const concurrency: Guard = (stack, { functions: { reserveConcurrency } }) => {
  const lambdas = stack.resources('aws_lambda_function');
  const reservedBy = new Map(
    lambdas.map(({ address, attributes }) => [
      address,
      attributes.reserved_concurrent_executions ?? undefined,
    ]),
  );
  const mappings = stack.resources('aws_sqs_queue').flatMap((queue) =>
    consumersOf(stack, queue).map(({ block, functionName }) => ({
      queue,
      block,
      consumer: stack.target(functionName)?.address,
      maximum: at(block.attributes, 'scaling_config.maximum_concurrency'),
    })),
  );
  const sum = (chosen: typeof mappings): number =>
    chosen
      .filter(({ maximum }) => Number.isInteger(maximum))
      .reduce((total, { maximum }) => total + Number(maximum), 0);
  const shared = sum(mappings.filter(({ consumer = '' }) => reservedBy.get(consumer) === undefined));
  return [
    ...mappings.flatMap(({ queue, block, maximum }) =>
      faults(block, [
        !Number.isInteger(maximum),
        `states no maximum concurrency, so that Lambda may throttle it and burn the receive count of ${queue.address}.`,
        'Make it as a QueueConsumer, which states one.',
      ]),
    ),
    ...lambdas.flatMap((lambda) => {
      const fed = mappings.filter(({ consumer }) => consumer === lambda.address);
      const reserved = reservedBy.get(lambda.address);
      const least = Math.max(1, sum(fed));
      return faults(
        lambda,
        [
          (reserveConcurrency || reserved !== undefined) &&
            !(Number.isInteger(reserved) && Number(reserved) >= least),
          `has ${String(reserved ?? 'no')} reserved concurrency, but its mappings may hand it ${least} batches at once.`,
          `Reserve ${least} at least.`,
        ],
        [
          !reserveConcurrency && reserved === undefined && fed.length > 0 && shared > NEW_ACCOUNT.concurrency,
          `reserves no concurrency, and the mappings of all that reserve none may hand out ${shared} batches at once, while a new account runs ${NEW_ACCOUNT.concurrency} executions.`,
          'Set functions.reserveConcurrency, or lower the maximum concurrency of the mappings.',
        ],
      );
    }),
  ];
};
