import { at, blocks, parseJson } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';

/** Something that takes messages from a queue or records from a stream. */
export interface Consumer {
  readonly block: SynthesizedBlock;
  /** The expression that names what is consumed. */
  readonly source: unknown;
  /** The expression that names the function, for a mapping. */
  readonly functionName: unknown;
}

/** Every consumer in the stack, whichever way it was made. */
export const consumers = (stack: Synthesized): Consumer[] => [
  ...stack.resources('aws_lambda_event_source_mapping').map((block) => ({
    block,
    source: block.attributes.event_source_arn,
    functionName: block.attributes.function_name,
  })),
  // An EventBridge pipe takes messages exactly as a mapping does.
  ...stack
    .resources('aws_pipes_pipe')
    .map((block) => ({ block, source: block.attributes.source, functionName: block.attributes.target })),
];

/** The consumers of one resource. */
export const consumersOf = (stack: Synthesized, { address }: Pick<SynthesizedBlock, 'address'>): Consumer[] =>
  consumers(stack).filter(({ source }) => stack.target(source)?.address === address);

/** How long a queue keeps a message; SQS's own default is four days. Seconds. */
export const retentionOf = ({ attributes }: SynthesizedBlock): number =>
  Number(attributes.message_retention_seconds ?? 345_600);

/** The dead letter queue that a queue's redrive policy names, if it has one of this stack. */
export const deadLettersOf = (stack: Synthesized, queue: SynthesizedBlock): SynthesizedBlock | undefined =>
  stack.target(parseJson(queue.attributes.redrive_policy)?.deadLetterTargetArn);

/** Where a mapping or a function's asynchronous calls put aside what failed. */
export const failureDestinations = (stack: Synthesized) =>
  stack
    .resources('aws_lambda_event_source_mapping', 'aws_lambda_function_event_invoke_config')
    .flatMap(({ attributes }) =>
      blocks(at(attributes, 'destination_config.on_failure')).flatMap(({ destination_arn, destination }) => ({
        functionName: attributes.function_name,
        destination: destination_arn ?? destination,
      })),
    );

/** Queues that take what failed: targets of a redrive policy, or of a mapping or an invocation that failed. */
export function deadLetterQueues(stack: Synthesized): ReadonlySet<string> {
  const put = failureDestinations(stack).map(({ destination }) => stack.target(destination));
  const redriven = stack.resources('aws_sqs_queue').map((queue) => deadLettersOf(stack, queue));
  return new Set([...put, ...redriven].flatMap((queue) => queue?.address ?? []));
}
