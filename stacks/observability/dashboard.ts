import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import type { METRICS } from '../../contracts/metrics';
import type { ObservabilityProps } from './alarms';
import { functionMetric, type Metric, pipelineMetric, queueMetric } from './metrics';

/** CloudWatch's grid is 24 wide; three graphs stand in a row. */
const WIDTH = 8;
const HEIGHT = 6;

interface Graph {
  readonly title: string;
  readonly metrics: readonly Metric[];
}

/** One page that answers "is data flowing, and where is it stuck", from the left to the right of the pipeline. */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.name = props.deployment.physicalName('pipeline');
    new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: this.name,
      dashboardBody: JSON.stringify({
        widgets: sections(props).flatMap(([question, graphs], row) => [
          heading(question, row),
          ...graphs.map((graph, column) => widget(graph, row, column, props.deployment.region)),
        ]),
      }),
    });
  }
}

function sections({
  deployment,
  queues,
}: ObservabilityProps): readonly (readonly [string, readonly Graph[]])[] {
  const perCollection = (service: FunctionName, metric: keyof typeof METRICS, statistic: string) =>
    COLLECTIONS.map((collection) => pipelineMetric(deployment, service, metric, statistic, collection));
  const perFunction = (metric: Parameters<typeof functionMetric>[2], statistic: string) =>
    FUNCTION_NAMES.map((name) => functionMetric(deployment, name, metric, statistic));
  return [
    [
      'Is data flowing?',
      [
        {
          title: 'Messages handled, by queue',
          metrics: Object.values(queues.work).map((queue) =>
            queueMetric(queue, 'NumberOfMessagesDeleted', 'Sum'),
          ),
        },
        { title: 'Invocations', metrics: perFunction('Invocations', 'Sum') },
        { title: 'Vectors merged', metrics: perCollection('enhanced-compaction', 'mergedVectors', 'Sum') },
      ],
    ],
    [
      'Where is it stuck?',
      [
        {
          title: 'Oldest message, by queue (s)',
          metrics: Object.values(queues.work).map((queue) =>
            queueMetric(queue, 'ApproximateAgeOfOldestMessage'),
          ),
        },
        {
          title: 'Oldest unfinished run (s)',
          metrics: perCollection('reconcile-runs', 'oldestPendingRunAge', 'Maximum'),
        },
        {
          title: 'Lag of the run stream (ms)',
          metrics: [functionMetric(deployment, 'stream-processor', 'IteratorAge', 'Maximum')],
        },
      ],
    ],
    [
      'What failed?',
      [
        {
          title: 'Dead letters',
          metrics: queues.deadLetters.map((queue) =>
            queueMetric(queue, 'ApproximateNumberOfMessagesVisible'),
          ),
        },
        { title: 'Errors', metrics: perFunction('Errors', 'Sum') },
        {
          title: 'Quarantined, and leases lost',
          metrics: [
            pipelineMetric(deployment, 'process-ocr-results', 'quarantined', 'Sum'),
            pipelineMetric(deployment, 'embed-from-ndjson', 'quarantined', 'Sum'),
            ...perCollection('enhanced-compaction', 'leaseLost', 'Sum'),
          ],
        },
      ],
    ],
    [
      'Is it safe, and what does it cost?',
      [
        {
          title: 'Age of the S3 snapshot (s)',
          metrics: perCollection('reconcile-runs', 'snapshotAge', 'Maximum'),
        },
        {
          title: 'Versions published (EFS bills by these)',
          metrics: perCollection('enhanced-compaction', 'publishes', 'Sum'),
        },
        { title: 'Duration, p99 (ms)', metrics: perFunction('Duration', 'p99') },
      ],
    ],
  ];
}

const heading = (question: string, row: number) => ({
  type: 'text',
  x: 0,
  y: row * (HEIGHT + 1),
  width: 3 * WIDTH,
  height: 1,
  properties: { markdown: `## ${question}` },
});

const widget = ({ title, metrics }: Graph, row: number, column: number, region: string) => ({
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
