import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import type { METRICS } from '../../contracts/metrics';
import type { ObservabilityProps } from './alarms';
import {
  failedRuns,
  functionMetric,
  type Metric,
  pipelineMetric,
  QUARANTINING,
  queueMetric,
} from './metrics';

/** CloudWatch's grid is 24 wide; three graphs stand in a row. */
const WIDTH = 8;
const HEIGHT = 6;

/** A row of graphs below each question: by its title, what a graph draws. */
type Sections = Readonly<Record<string, Readonly<Record<string, readonly Metric[]>>>>;

/** One page that answers "is data flowing, and where is it stuck", from the left to the right of the pipeline. */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.name = props.deployment.physicalName('pipeline');
    new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: this.name,
      dashboardBody: JSON.stringify({
        widgets: Object.entries(sections(props)).flatMap(([question, graphs], row) => [
          heading(question, row),
          ...Object.entries(graphs).map(([title, metrics], column) =>
            widget(title, metrics, row, column, props.deployment.region),
          ),
        ]),
      }),
    });
  }
}

function sections({ deployment, queues }: ObservabilityProps): Sections {
  const perQueue = (metric: Parameters<typeof queueMetric>[1], statistic: string) =>
    Object.values(queues.work).map((queue) => queueMetric(queue, metric, statistic));
  const perCollection = (service: FunctionName, metric: keyof typeof METRICS, statistic: string) =>
    COLLECTIONS.map((collection) => pipelineMetric(deployment, service, metric, statistic, collection));
  const perFunction = (metric: Parameters<typeof functionMetric>[2], statistic: string) =>
    FUNCTION_NAMES.map((name) => functionMetric(deployment, name, metric, statistic));
  return {
    'Is data flowing?': {
      'Messages handled, by queue': perQueue('NumberOfMessagesDeleted', 'Sum'),
      Invocations: perFunction('Invocations', 'Sum'),
      'Vectors merged, labelled records replaced, records that a search does not find, records changed by others':
        [
          ...perCollection('enhanced-compaction', 'mergedVectors', 'Sum'),
          ...perCollection('enhanced-compaction', 'recordsReplaced', 'Sum'),
          ...perCollection('enhanced-compaction', 'hiddenVectors', 'Sum'),
          ...perCollection('enhanced-compaction', 'othersRecords', 'Sum'),
        ],
    },
    'Where is it stuck?': {
      'Oldest message, by queue (s)': perQueue('ApproximateAgeOfOldestMessage', 'Maximum'),
      'Oldest unfinished run (s)': perCollection('reconcile-runs', 'oldestPendingRunAge', 'Maximum'),
      'Lag of the run stream (ms)': [
        functionMetric(deployment, 'stream-processor', 'IteratorAge', 'Maximum'),
      ],
    },
    'What failed?': {
      'Dead letters': queues.deadLetters.map((queue) =>
        queueMetric(queue, 'ApproximateNumberOfMessagesVisible'),
      ),
      Errors: perFunction('Errors', 'Sum'),
      'Runs failed, inputs quarantined, leases lost': [
        ...Object.values(failedRuns(deployment)),
        ...QUARANTINING.map((name) => pipelineMetric(deployment, name, 'quarantined', 'Sum')),
        ...perCollection('enhanced-compaction', 'leaseLost', 'Sum'),
      ],
    },
    'Is it safe, and what does it cost?': {
      'Age of the S3 snapshot (s)': perCollection('reconcile-runs', 'snapshotAge', 'Maximum'),
      'Versions published, checkpoints failed, copies of checkpoints lost, servers left, deltas left out': [
        ...perCollection('enhanced-compaction', 'publishes', 'Sum'),
        ...perCollection('enhanced-compaction', 'checkpointsFailed', 'Sum'),
        ...perCollection('enhanced-compaction', 'copiesLost', 'Sum'),
        ...perCollection('enhanced-compaction', 'leftServers', 'Sum'),
        ...perCollection('enhanced-compaction', 'deltasLeftOut', 'Sum'),
      ],
      'Duration, p99 (ms)': perFunction('Duration', 'p99'),
    },
    'How long will it fit?': {
      Records: perCollection('enhanced-compaction', 'records', 'Maximum'),
      'Private copies (bytes)': perCollection('enhanced-compaction', 'copyBytes', 'Maximum'),
      '/tmp and memory used, records that their own vector finds (%)': [
        ...perCollection('enhanced-compaction', 'storageUsed', 'Maximum'),
        ...perCollection('enhanced-compaction', 'memoryUsed', 'Maximum'),
        ...perCollection('enhanced-compaction', 'indexHealth', 'Minimum'),
      ],
    },
  };
}

const heading = (question: string, row: number) => ({
  type: 'text',
  x: 0,
  y: row * (HEIGHT + 1),
  width: 3 * WIDTH,
  height: 1,
  properties: { markdown: `## ${question}` },
});

const widget = (title: string, metrics: readonly Metric[], row: number, column: number, region: string) => ({
  type: 'metric',
  x: column * WIDTH,
  y: row * (HEIGHT + 1) + 1,
  width: WIDTH,
  height: HEIGHT,
  properties: {
    title,
    region,
    view: 'timeSeries',
    period: 300,
    metrics: metrics.map(({ namespace, name, dimensions, statistic }) => [
      namespace,
      name,
      ...Object.entries(dimensions).flat(),
      { stat: statistic },
    ]),
  },
});
