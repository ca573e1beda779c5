import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { QUEUES } from '../../contracts/queues';
import { terraformName } from '../names';
import type { Synthesized } from '../synthesized/synthesized';
import { consumersOf } from './consumers';
import type { Finding, Guard } from './guard';

/**
 * The collections' queues are taken by the one consumer that the configuration declares, through one mapping each at
 * a fixed address: a switch updates that mapping, so that there is no step at which two exist.
 */
export const consumerChoice: Guard = (stack, { consumer }) =>
  COLLECTIONS.flatMap((collection): Finding[] => {
    const expected = `aws_lambda_event_source_mapping.${terraformName(collection)}_consumer`;
    const queue = stack.resources('aws_sqs_queue').find(({ name }) => name === terraformName(collection));
    const found = queue === undefined ? [] : consumersOf(stack, queue).map(({ block }) => block);
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
    const wrong = (what: string): Finding => ({
      where: mapping.where,
      what: `${mapping.address} ${what}, but the configuration declares "${declared}".`,
      remedy: 'Change the configuration\'s "consumer", which is the only place that chooses.',
    });
    const enabled = mapping.attributes.enabled !== false;
    return [
      ...(enabled === (consumer !== 'none') ? [] : [wrong(`is ${enabled ? 'enabled' : 'disabled'}`)]),
      ...(feedsDeclared(stack, mapping.attributes.function_name, collection, consumer)
        ? []
        : [wrong(`feeds ${JSON.stringify(mapping.attributes.function_name)}`)]),
      ...(replacing(mapping.attributes.lifecycle) ? [wrong('would be replaced instead of updated')] : []),
    ];
  });

function feedsDeclared(
  stack: Synthesized,
  functionName: unknown,
  collection: Collection,
  consumer: unknown,
): boolean {
  const target = stack.target(functionName);
  return typeof consumer === 'object'
    ? target?.type === 'aws_lambda_function' && target.address.startsWith('data.')
    : target?.address === `aws_lambda_function.${terraformName(QUEUES[collection].consumer)}`;
}

const replacing = (lifecycle: unknown): boolean =>
  typeof lifecycle === 'object' &&
  lifecycle !== null &&
  ('create_before_destroy' in lifecycle || 'replace_triggered_by' in lifecycle);
