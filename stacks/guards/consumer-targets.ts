import { COLLECTIONS } from '../../contracts/collections';
import { QUEUE_NAMES, QUEUES } from '../../contracts/queues';
import { terraformName } from '../names';
import { texts } from '../synthesized/json';
import { consumers } from './consumers';
import { type Fault, faults, type Guard } from './guard';

/** Which function is fed from where. The collections are the configuration's choice: see `consumerChoice`. */
const TARGETS: ReadonlyMap<unknown, string> = new Map([
  ...QUEUE_NAMES.filter((name) => !(COLLECTIONS as readonly string[]).includes(name)).map(
    (name) =>
      [
        `aws_sqs_queue.${terraformName(name)}`,
        `aws_lambda_function.${terraformName(QUEUES[name].consumer)}`,
      ] as const,
  ),
  ['aws_dynamodb_table.compaction_runs', 'aws_lambda_function.stream_processor'],
  ['data.aws_dynamodb_table.compaction_runs', 'aws_lambda_function.stream_processor'],
]);

/**
 * Every mapping feeds the function that understands its messages, is enabled, and honours partial batch
 * responses: without those, one success acknowledged nine failures.
 */
export const consumerTargets: Guard = (stack) =>
  consumers(stack).flatMap(({ block, source, functionName }) => {
    const { attributes } = block;
    const expected = TARGETS.get(stack.target(source)?.address);
    const fault = (bad: boolean, what: string): Fault => [
      bad,
      what,
      'Restore what stacks/pipeline declares.',
    ];
    return faults(
      block,
      fault(
        expected !== undefined && stack.target(functionName)?.address !== expected,
        `feeds ${JSON.stringify(functionName)}, not ${expected}.`,
      ),
      fault(
        expected !== undefined && attributes.enabled === false,
        'is disabled, so that its source piles up.',
      ),
      fault(
        !texts(attributes.function_response_types).includes('ReportBatchItemFailures'),
        'does not report failures one by one, so that a failed message is acknowledged with its batch.',
      ),
    );
  });
