import { at, blocks } from '../synthesized/json';
import { consumersOf } from './consumers';
import { faults, type Guard } from './guard';

/** Lambda's poller needs this long beyond the function's own time to hand over and to delete. Seconds. */
const MARGIN = 30;

/**
 * A message stays hidden for as long as its consumer may work on it. Visibility of 180 s under a function of
 * 900 s once processed everything twice, then dead-lettered it.
 */
export const visibility: Guard = (stack) =>
  stack.resources('aws_sqs_queue').flatMap((queue) =>
    consumersOf(stack, queue).flatMap(({ block, functionName }) => {
      const consumer = stack.target(functionName);
      const hidden = Number(queue.attributes.visibility_timeout_seconds ?? 30);
      if (consumer === undefined || consumer.address.startsWith('data.')) {
        return faults(block, [
          // A function of somebody else's: its timeout is known only to Terraform, so the mapping must ask.
          blocks(at(block.attributes, 'lifecycle.precondition')).length === 0,
          `gives ${queue.address} to a function whose timeout nobody compares with the visibility timeout.`,
          'Use CollectionConsumers, which refuses it at plan when it runs too long.',
        ]);
      }
      const window = Number(block.attributes.maximum_batching_window_in_seconds ?? 0);
      const least = Number(consumer.attributes.timeout ?? 3) + window + MARGIN;
      return faults(queue, [
        !(hidden >= least),
        `hides a message for ${hidden} s, but ${consumer.address} may work on it for ${least - MARGIN} s: it would be delivered twice.`,
        `Raise the visibility timeout to ${least} s at least, or lower the function's timeout.`,
      ]);
    }),
  );
