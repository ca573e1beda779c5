import { isDeepStrictEqual } from 'node:util';
import { RUN_STREAM } from '../../contracts/event-sources';
import { at, blocks, parseJson } from '../synthesized/json';
import { consumersOf } from './consumers';
import { type Fault, faults, type Guard, missing, refuse } from './guard';

const DECLARED = 'aws_lambda_event_source_mapping.run_stream_consumer';

/**
 * The table's stream has exactly the consumers that are declared (one), which takes new runs and those that get their
 * deltas, and loses nothing: failed records are bisected, and put aside when they fail for good.
 */
export const declaredStreamConsumers: Guard = (stack) => {
  const tables = [...stack.resources('aws_dynamodb_table'), ...stack.data('aws_dynamodb_table')];
  const found = tables.flatMap((table) => consumersOf(stack, table)).map(({ block }) => block);
  const declared = found.find(({ address }) => address === DECLARED);
  if (declared === undefined) {
    return missing(
      found,
      DECLARED,
      "The table's stream has lost its declared consumer: runs would stay PENDING for ever.",
      'Keep the mapping in stacks/pipeline/stream-processor.ts.',
    );
  }
  const { attributes } = declared;
  const patterns = blocks(at(attributes, 'filter_criteria.filter')).map(({ pattern }) => parseJson(pattern));
  const fault = (bad: boolean, what: string): Fault => [
    bad,
    `${what}: stream records would be dropped, or messages sent twice.`,
    'Restore what stacks/pipeline/stream-processor.ts declares.',
  ];
  return [
    ...refuse(
      found.filter((block) => block !== declared),
      "is a second consumer of the run table's stream, which nobody declared.",
      'Remove it; stream-processor alone sends messages for new runs.',
    ),
    ...faults(
      declared,
      fault(attributes.bisect_batch_on_function_error !== true, 'does not bisect failing batches'),
      fault(
        at(attributes, 'destination_config.on_failure.destination_arn') === undefined,
        'has no on-failure destination',
      ),
      fault(!(Number(attributes.maximum_retry_attempts) >= 1), 'has no bounded number of retries'),
      fault(!(Number(attributes.maximum_record_age_in_seconds) >= 60), 'has no bounded age'),
      fault(
        !isDeepStrictEqual(patterns, RUN_STREAM.filters),
        'does not filter for new runs and new deltas alone',
      ),
    ),
  ];
};
