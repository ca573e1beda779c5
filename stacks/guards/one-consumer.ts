import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import { consumers, consumersOf, deadLetterQueues } from './consumers';
import type { Finding, Guard } from './guard';

/** Every queue has exactly one consumer, a dead letter queue none, also those queues that nobody named. */
export const oneConsumer: Guard = (stack) => {
  const deadLetters = deadLetterQueues(stack);
  return [
    ...unprovable(stack),
    ...stack.resources('aws_sqs_queue').flatMap((queue) => {
      const expected = deadLetters.has(queue.address) ? 0 : 1;
      const found = consumersOf(stack, queue).map(({ block }) => block);
      return found.length === expected ? [] : [wrongNumber(queue, found, expected)];
    }),
  ];
};

function wrongNumber(queue: SynthesizedBlock, found: readonly SynthesizedBlock[], expected: 0 | 1): Finding {
  const named = found.map(({ address, where }) => `${address} (${where})`).join(', ');
  if (expected === 0) {
    return {
      where: queue.where,
      what: `The dead letter queue ${queue.address} is consumed by ${named}: failures would vanish unseen.`,
      remedy: 'Remove the consumer; a person redrives dead letters once the cause is fixed.',
    };
  }
  return {
    where: queue.where,
    what:
      found.length === 0
        ? `${queue.address} has no consumer: its messages would wait until they expire.`
        : `${queue.address} has ${found.length} consumers, which would take each other's messages: ${named}.`,
    remedy: 'Give it exactly one QueueConsumer; the configuration\'s "consumer" chooses who it is.',
  };
}

/** A source that cannot be traced to something of this stack might be any queue. */
const unprovable = (stack: Synthesized): Finding[] =>
  consumers(stack)
    .filter(({ source }) => {
      const target = stack.target(source);
      return target === undefined || !['aws_sqs_queue', 'aws_dynamodb_table'].includes(target.type);
    })
    .map(({ block, source }) => ({
      where: block.where,
      what: `${block.address} consumes ${JSON.stringify(source)}, which is not a queue or a stream of this stack, so that its consumers cannot be counted.`,
      remedy: "Name the shared queue's ARN by reference, or deploy the mapping elsewhere.",
    }));
