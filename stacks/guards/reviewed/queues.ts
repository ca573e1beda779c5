import { RUN_STREAM } from '../../../contracts/event-sources';
import { deadLetterName, QUEUE_NAMES, QUEUES } from '../../../contracts/queues';
import { terraformName } from '../../names';
import { parseJson } from '../../synthesized/json';
import { customerKey } from './customer-key';
import { at, free, given, is, names, type Property, type ReviewedTypes } from './property';

const DAY_SECONDS = 86_400;
const RUN_STREAM_CONSUMER = 'aws_lambda_event_source_mapping.run_stream_consumer';

/** The row of a queue that carries work, by its name in Terraform. */
const WORK = new Map(QUEUE_NAMES.map((name) => [terraformName(name), QUEUES[name]]));
/** The row whose kind a queue has, its own or that of the queue whose dead letters it takes. */
const ROWS = new Map([
  ...WORK,
  ...QUEUE_NAMES.map((name) => [terraformName(deadLetterName(name)), QUEUES[name]] as const),
]);

/** A message that was sent to a FIFO queue would be taken in any order, and twice, by a Standard one. */
const kind: Property = {
  holds: (values, { block }) =>
    values.every((fifo) => (fifo ?? false) === (ROWS.get(block.name)?.kind === 'fifo')),
  demand: 'as the row of contracts/queues.ts has it',
};

const redrive: Property = {
  holds: ([value], { block }) => parseJson(value)?.maxReceiveCount === WORK.get(block.name)?.maximumReceives,
  demand: 'with the maximum of receives that contracts/queues.ts has',
};

const takesFromOneQueue: Property = {
  holds: ([value], { block, stack }) => {
    const { redrivePermission, sourceQueueArns, ...others } = parseJson(value) ?? {};
    const [source, ...more] = [sourceQueueArns].flat();
    const takes = parseJson(stack.target(source)?.attributes.redrive_policy)?.deadLetterTargetArn;
    return (
      redrivePermission === 'byQueue' &&
      more.length + Object.keys(others).length === 0 &&
      stack.target(takes) !== undefined &&
      stack.target(takes) === stack.target(block.attributes.queue_url)
    );
  },
  demand: 'for the one queue that puts its dead letters there',
};

/** Queues, and who takes from them. */
export const queues: ReviewedTypes = {
  aws_sqs_queue: {
    properties: {
      name: free, // uniqueNames
      fifo_queue: kind,
      message_retention_seconds: given(
        'retention.queueDays and retention.deadLetterDays',
        ({ retention }, { name }) =>
          (WORK.has(name) ? retention.queueDays : retention.deadLetterDays) * DAY_SECONDS,
      ),
      receive_wait_time_seconds: free, // what polling costs
      visibility_timeout_seconds: free, // visibility
      redrive_policy: redrive, // where to: deadLetters
      sqs_managed_sse_enabled: free, // privateResources
      kms_master_key_id: customerKey,
      kms_data_key_reuse_period_seconds: free, // what KMS costs
    },
  },
  aws_sqs_queue_policy: { properties: { queue_url: free, policy: free } }, // reviewedStatements
  aws_sqs_queue_redrive_allow_policy: {
    properties: { queue_url: free, redrive_allow_policy: takesFromOneQueue },
  },
  aws_lambda_event_source_mapping: {
    properties: {
      event_source_arn: free, // oneConsumer
      function_name: free, // consumerTargets, consumerChoice
      enabled: free, // consumerTargets, consumerChoice
      batch_size: free,
      maximum_batching_window_in_seconds: free, // visibility
      function_response_types: free, // consumerTargets
      'scaling_config.maximum_concurrency': free, // concurrency
      'lifecycle.precondition': free, // visibility
      // A queue's message that a filter does not match is deleted. What the stream's filters are: declaredStreamConsumers.
      'filter_criteria.filter.pattern': at(RUN_STREAM_CONSUMER, free),
      bisect_batch_on_function_error: at(RUN_STREAM_CONSUMER, free),
      maximum_record_age_in_seconds: at(RUN_STREAM_CONSUMER, is(RUN_STREAM.maximumRecordAgeSeconds)),
      maximum_retry_attempts: at(RUN_STREAM_CONSUMER, is(RUN_STREAM.maximumRetryAttempts)),
      // LATEST passes over what was written before the mapping was made.
      starting_position: at(RUN_STREAM_CONSUMER, is('TRIM_HORIZON')),
      'destination_config.on_failure.destination_arn': at(
        RUN_STREAM_CONSUMER,
        names('aws_sqs_queue.lost_events_dlq'),
      ),
    },
  },
};
