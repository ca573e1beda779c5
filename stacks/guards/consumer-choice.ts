import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { QUEUES } from '../../contracts/queues';
import { terraformName } from '../names';
import { block } from '../synthesized/json';
import type { SynthesizedBlock } from '../synthesized/synthesized';
import { consumersOf } from './consumers';
import { type Fault, type Finding, faults, type Guard } from './guard';

/**
 * The collections' queues are taken by the one consumer that the configuration declares, through one mapping
 * each at a fixed address: a switch updates that mapping, so that there is no step at which two exist.
 */
export const consumerChoice: Guard = (stack, { consumer }) =>
  COLLECTIONS.flatMap((collection): Finding[] => {
    const expected = `aws_lambda_event_source_mapping.${terraformName(collection)}_consumer`;
    const queue = { address: `aws_sqs_queue.${terraformName(collection)}` };
    const found = consumersOf(stack, queue).map((taker) => taker.block);
    const mapping = found.find(({ address }) => address === expected);
    if (mapping === undefined) {
      return [
        {
          where: found[0]?.where ?? expected,
          what: `${collection} is not consumed through ${expected}: a switch of its consumer would create one mapping before it destroys the other.`,
          remedy: 'Use CollectionConsumers, which keeps one mapping a queue and updates it in place.',
        },
      ];
    }
    const declared =
      typeof consumer === 'object' ? `the legacy function ${consumer.legacyFunction}` : consumer;
    const fault = (bad: boolean, what: string): Fault => [
      bad,
      `${what}, but the configuration declares "${declared}".`,
      'Change the configuration\'s "consumer", which is the only place that chooses.',
    ];
    const { enabled, function_name, lifecycle } = mapping.attributes;
    const paused = enabled === false;
    return faults(
      mapping,
      fault(paused !== (consumer === 'none'), `is ${paused ? 'disabled' : 'enabled'}`),
      fault(
        !feedsDeclared(stack.target(function_name), collection, consumer),
        `feeds ${JSON.stringify(function_name)}`,
      ),
      fault(
        'create_before_destroy' in block(lifecycle) || 'replace_triggered_by' in block(lifecycle),
        'would be replaced instead of updated',
      ),
    );
  });

const feedsDeclared = (
  target: SynthesizedBlock | undefined,
  collection: Collection,
  consumer: unknown,
): boolean =>
  typeof consumer === 'object'
    ? target?.type === 'aws_lambda_function' && target.address.startsWith('data.')
    : target?.address === `aws_lambda_function.${terraformName(QUEUES[collection].consumer)}`;
