import type { Synthesized } from '../synthesized/synthesized';
import { consumers, consumersOf, deadLetterQueues } from './consumers';
import { type Finding, faults, type Guard } from './guard';

/** Every queue has exactly one consumer, a dead letter queue none, also those queues that nobody named. */
export const oneConsumer: Guard = (stack) => {
  const deadLetters = deadLetterQueues(stack);
  return [
    ...unprovable(stack),
    ...stack.resources('aws_sqs_queue').flatMap((queue) => {
      const found = consumersOf(stack, queue).map(({ block }) => block);
      const named = found.map(({ address, where }) => `${address} (${where})`).join(', ');
      if (deadLetters.has(queue.address)) {
        const what = `The dead letter queue ${queue.address} is consumed by ${named}: failures would vanish unseen.`;
        const remedy = 'Remove the consumer; a person redrives dead letters once the cause is fixed.';
        return found.length === 0 ? [] : [{ where: queue.where, what, remedy }];
      }
      return faults(queue, [
        found.length !== 1,
        found.length === 0
          ? 'has no consumer: its messages would wait until they expire.'
          : `has ${found.length} consumers, which would take each other's messages: ${named}.`,
        'Give it exactly one QueueConsumer; the configuration\'s "consumer" chooses who it is.',
      ]);
    }),
  ];
};

/** A source that cannot be traced to something of this stack might be any queue. */
const unprovable = (stack: Synthesized): Finding[] =>
  consumers(stack).flatMap(({ block, source }) =>
    faults(block, [
      !['aws_sqs_queue', 'aws_dynamodb_table'].includes(stack.target(source)?.type ?? ''),
      `consumes ${JSON.stringify(source)}, which is not a queue or a stream of this stack, so that its consumers cannot be counted.`,
      "Name the shared queue's ARN by reference, or deploy the mapping elsewhere.",
    ]),
  );
