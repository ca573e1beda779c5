import { deadLetterQueues, deadLettersOf, retentionOf } from './consumers';
import { faults, type Guard } from './guard';

/** Every queue that is consumed has a dead letter queue of its own and of its kind, which keeps longer. */
export const deadLetters: Guard = (stack) => {
  const failures = deadLetterQueues(stack);
  const owners = new Map<string, string>();
  return stack
    .resources('aws_sqs_queue')
    .filter(({ address }) => !failures.has(address))
    .flatMap((queue) => {
      const { address, attributes } = queue;
      const target = deadLettersOf(stack, queue);
      if (target === undefined) {
        return faults(queue, [
          true,
          'has no dead letter queue of this stack: a bad message would come back until it expires, unseen.',
          'Make it as a WorkQueue.',
        ]);
      }
      const owner = owners.get(target.address);
      owners.set(target.address, address);
      const [kept, keptDead] = [retentionOf(queue), retentionOf(target)];
      return [
        ...faults(
          target,
          [
            !(keptDead > kept),
            `keeps a message ${keptDead} s and ${address} ${kept} s; the clock starts at the first arrival, so a dead letter may expire on arrival.`,
            'Raise retention.deadLetterDays above retention.queueDays.',
          ],
          [
            Boolean(target.attributes.fifo_queue) !== Boolean(attributes.fifo_queue),
            `and ${address} are not of one kind (FIFO or Standard); AWS refuses that.`,
            'Make both as one WorkQueue.',
          ],
        ),
        ...faults(queue, [
          owner !== undefined,
          `shares ${target.address} with ${owner}, so that nobody can tell whose failures lie there.`,
          'Make it as a WorkQueue, which has a dead letter queue of its own.',
        ]),
      ];
    });
};
