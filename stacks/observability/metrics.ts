import { type Collection, perCollection } from '../../contracts/collections';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import { METRICS, METRICS_NAMESPACE } from '../../contracts/metrics';
import { QUEUES } from '../../contracts/queues';
import type { DeadLetterQueue } from '../shared/dead-letter-queue';
import type { Deployment } from '../shared/deployment';
import type { WorkQueue } from '../shared/work-queue';

/** The functions that quarantine messages which they cannot read, or what these name. */
export const QUARANTINING = FUNCTION_NAMES.filter((name) =>
  Object.values(QUEUES).some(({ consumer }) => consumer === name),
);

/** One CloudWatch metric: what an alarm watches and a dashboard draws. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** CloudWatch's name of a statistic, `p99` for example. */
  readonly statistic: string;
}

/** A metric that SQS itself reports of a queue. */
export const queueMetric = (
  { queue }: WorkQueue | DeadLetterQueue,
  name: 'ApproximateNumberOfMessagesVisible' | 'ApproximateAgeOfOldestMessage' | 'NumberOfMessagesDeleted',
  statistic = 'Maximum',
): Metric => ({
  namespace: 'AWS/SQS',
  name,
  dimensions: { QueueName: queue.nameInput ?? '' },
  statistic,
});

/** A metric that Lambda itself reports of a function. */
export const functionMetric = (
  deployment: Deployment,
  name: FunctionName,
  metric: 'Invocations' | 'Errors' | 'Throttles' | 'Duration' | 'IteratorAge',
  statistic: string,
): Metric => ({
  namespace: 'AWS/Lambda',
  name: metric,
  dimensions: { FunctionName: deployment.functionName(name) },
  statistic,
});

/** A metric that a function of ours reports, of one collection or of the function as a whole. */
export const pipelineMetric = (
  deployment: Deployment,
  service: FunctionName,
  metric: keyof typeof METRICS,
  statistic: string,
  collection?: Collection,
): Metric => ({
  namespace: METRICS_NAMESPACE,
  name: METRICS[metric],
  dimensions: {
    service: deployment.functionName(service),
    ...(collection === undefined ? {} : { collection }),
  },
  statistic,
});

/** Runs that ended FAILED: one metric of those that were never embedded, and one of each collection's merges. */
export const failedRuns = (deployment: Deployment): Readonly<Record<'unembedded' | Collection, Metric>> => ({
  unembedded: pipelineMetric(deployment, 'embed-from-ndjson', 'runsFailed', 'Sum'),
  ...perCollection((each) => pipelineMetric(deployment, 'enhanced-compaction', 'runsFailed', 'Sum', each)),
});
