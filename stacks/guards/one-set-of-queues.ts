import { deadLetterName, LOST_EVENTS, QUEUE_NAMES } from '../../contracts/queues';
import { terraformName } from '../names';
import { type Guard, missing, refuse } from './guard';

const OURS = [
  ...QUEUE_NAMES.flatMap((name) => [name, deadLetterName(name)]),
  deadLetterName(LOST_EVENTS),
].map(terraformName);

/**
 * Where queues lie in deployed environments. Written out, since a row that is renamed or removed would take what is
 * expected along with it, and no `prevent_destroy` protects a block that is gone. A queue joins them once deployed.
 */
const DEPLOYED = [
  'ocr_results',
  'ocr_results_dlq',
  'embed_ndjson',
  'embed_ndjson_dlq',
  'lines',
  'lines_dlq',
  'words',
  'words_dlq',
  'lost_events_dlq',
];

/** One set of queues, each at its own address; what fails in a queue is said in the queue itself. */
export const oneSetOfQueues: Guard = (stack) => {
  const queues = stack.resources('aws_sqs_queue');
  return [
    ...[...new Set([...DEPLOYED, ...OURS])].flatMap((name) =>
      missing(
        queues,
        `aws_sqs_queue.${name}`,
        'The queue is missing from its address; Terraform would destroy the one deployed there with its messages.',
        'Keep its row in contracts/queues.ts, and move its state before changing its address.',
      ),
    ),
    ...refuse(
      queues.filter(({ name }) => !OURS.includes(name)),
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
