import { deadLetterName, LOST_EVENTS, QUEUE_NAMES } from '../../contracts/queues';
import { terraformName } from '../names';
import { type Guard, missing, refuse } from './guard';

const NAMES = [
  ...QUEUE_NAMES.flatMap((name) => [name, deadLetterName(name)]),
  deadLetterName(LOST_EVENTS),
].map(terraformName);

/** One set of queues, each at its own address; what fails in a queue is said in the queue itself. */
export const oneSetOfQueues: Guard = (stack) => {
  const queues = stack.resources('aws_sqs_queue');
  return [
    ...NAMES.flatMap((name) =>
      missing(
        queues,
        `aws_sqs_queue.${name}`,
        'The queue is missing from its address; Terraform would destroy the one deployed there with its messages.',
        'Keep its row in contracts/queues.ts, and move its state before changing its address.',
      ),
    ),
    ...refuse(
      queues.filter(({ name }) => !NAMES.includes(name)),
      "is not one of the pipeline's queues: a second set of queues takes messages that nobody reads.",
      'Remove it and take the shared Queues as a required prop.',
    ),
    ...refuse(
      stack.resources('aws_sqs_queue_redrive_policy'),
      'overrules the redrive policy that its queue declares.',
      'Remove it and set the redrive policy in stacks/shared/work-queue.ts.',
    ),
  ];
};
