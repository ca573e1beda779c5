import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { ROUND_MINUTES } from '../../contracts/event-sources';
import { FUNCTION_NAMES } from '../../contracts/functions';
import { ROOM, SANDBOX_ROOM } from '../../contracts/sandbox-room';
import { runTableName } from '../names';
import type { Deployment } from '../shared/deployment';
import type { Encryption } from '../shared/encryption';
import type { Queues } from '../shared/queues';
import { AlarmTopic } from './alarm-topic';
import {
  failedRuns,
  functionMetric,
  type Metric,
  pipelineMetric,
  QUARANTINING,
  queueMetric,
} from './metrics';

export interface ObservabilityProps {
  readonly deployment: Deployment;
  readonly queues: Queues;
}

interface AlarmSettings {
  /** What is wrong, and what to do: it is all that the woken person reads. */
  readonly description: string;
  /** The alarm goes off at this value and above it. */
  readonly threshold: number;
  /** Minutes that one data point covers. @default a round of the reconciler */
  readonly minutes?: number;
  /** What silence means. @default 'fine' */
  readonly silence?: 'fine' | 'alarming';
}

/** A function that takes this share of its timeout will soon take all of it. */
const LONG_DURATION = 0.8;

const STREAM_LAG_MINUTES = 15;

const ROOM_USED = [
  ['storageUsed', ROOM.storage],
  ['memoryUsed', ROOM.memory],
] as const;

/** Everything that was once silent for days has an alarm: one topic, one person to tell. */
export class Alarms extends Construct {
  readonly topic: AlarmTopic;
  private readonly deployment: Deployment;

  constructor(scope: Construct, id: string, props: ObservabilityProps & { readonly encryption: Encryption }) {
    super(scope, id);
    this.deployment = props.deployment;
    this.topic = new AlarmTopic(this, 'topic', props);
    this.watchQueues(props.queues);
    this.watchFunctions();
    this.watchCollections();
    this.watchRoom();
  }

  private watchQueues(queues: Queues): void {
    const { oldestMessageSeconds } = this.deployment.config.alarms;
    for (const queue of queues.deadLetters) {
      this.add(`${queue.name}-depth`, queueMetric(queue, 'ApproximateNumberOfMessagesVisible'), {
        description: `Messages lie in ${queue.queue.nameInput}: something failed for good. Read one, fix the cause, then redrive.`,
        threshold: 1,
      });
    }
    for (const queue of Object.values(queues.work)) {
      this.add(`${queue.name}-oldest-message`, queueMetric(queue, 'ApproximateAgeOfOldestMessage'), {
        description: `A message waits in ${queue.queue.nameInput} for ${oldestMessageSeconds} s or longer. Is its consumer enabled, and does it succeed?`,
        threshold: oldestMessageSeconds,
      });
    }
  }

  private watchFunctions(): void {
    const { deployment } = this;
    for (const name of FUNCTION_NAMES) {
      const timeout = deployment.config.functions.timeout[name];
      this.add(`${name}-errors`, functionMetric(deployment, name, 'Errors', 'Sum'), {
        description: `${name} failed. Its log group says why.`,
        threshold: 1,
      });
      this.add(`${name}-throttles`, functionMetric(deployment, name, 'Throttles', 'Sum'), {
        description: `${name} was throttled, which burns the receive count of healthy messages. Raise its reserved concurrency.`,
        threshold: 1,
      });
      this.add(`${name}-duration`, functionMetric(deployment, name, 'Duration', 'p99'), {
        description: `${name} takes ${LONG_DURATION * 100} % of its ${timeout} s or more. Raise its timeout or its memory before it is cut off.`,
        threshold: LONG_DURATION * timeout * 1000,
      });
    }
    for (const name of QUARANTINING) {
      this.add(`${name}-quarantined`, pipelineMetric(deployment, name, 'quarantined', 'Sum'), {
        description: `${name} put input into quarantine/ of the bucket, each with its reason beside it.`,
        threshold: 1,
      });
    }
    for (const [where, metric] of Object.entries(failedRuns(deployment))) {
      this.add(`${where}-runs-failed`, metric, {
        description: `Runs ended FAILED (${where}). Each says why in ${runTableName(deployment.config)}; mend that, then drop their OCR results again.`,
        threshold: 1,
      });
    }
    this.add('stream-lag', functionMetric(deployment, 'stream-processor', 'IteratorAge', 'Maximum'), {
      description: `The run table's stream is read ${STREAM_LAG_MINUTES} minutes late: for new runs no message is sent to the collections' queues.`,
      threshold: STREAM_LAG_MINUTES * 60_000,
    });
  }

  private watchCollections(): void {
    const { deployment } = this;
    const { pendingRunSeconds, snapshotSeconds } = deployment.config.alarms;
    for (const collection of COLLECTIONS) {
      const ages = (metric: 'oldestPendingRunAge' | 'snapshotAge') =>
        pipelineMetric(deployment, 'reconcile-runs', metric, 'Maximum', collection);
      // The reconciler reports on every round: when it is silent, nobody watches.
      const watched = { minutes: 3 * ROUND_MINUTES, silence: 'alarming' } as const;
      this.add(`${collection}-pending-run-age`, ages('oldestPendingRunAge'), {
        description: `A run of ${collection} is unfinished for ${pendingRunSeconds} s or longer, or the reconciler is silent. Do merges succeed? Receipts that were never embedded are named in the reconciler's log.`,
        threshold: pendingRunSeconds,
        ...watched,
      });
      this.add(`${collection}-snapshot-age`, ages('snapshotAge'), {
        description: `Merged vectors of ${collection} are in no S3 snapshot for ${snapshotSeconds} s or longer, or the reconciler is silent. Do checkpoints succeed?`,
        threshold: snapshotSeconds,
        ...watched,
      });
      const failed = pipelineMetric(
        deployment,
        'enhanced-compaction',
        'checkpointsFailed',
        'Sum',
        collection,
      );
      this.add(`${collection}-checkpoints-failed`, failed, {
        description: `A checkpoint of ${collection} could not be written. Its receipts are merged and stand in the deltas; the log says why, and the next merge tries again.`,
        threshold: 1,
      });
      const lost = pipelineMetric(deployment, 'enhanced-compaction', 'leaseLost', 'Sum', collection);
      this.add(`${collection}-lease-lost`, lost, {
        description: `A merge of ${collection} was thrown away since another writer held the lease. Is there a second writer?`,
        threshold: 1,
      });
    }
  }

  /** A remote Chroma has its room elsewhere. */
  private watchRoom(): void {
    const { deployment } = this;
    const { alarmPercent, refusePercent } = SANDBOX_ROOM;
    if (deployment.config.chroma.mode !== 'embedded') return;
    for (const collection of COLLECTIONS) {
      for (const [metric, { what, setting }] of ROOM_USED) {
        const used = pipelineMetric(deployment, 'enhanced-compaction', metric, 'Maximum', collection);
        this.add(`${collection}-${metric.replace('Used', '-used')}`, used, {
          description: `The compaction uses ${alarmPercent} % of ${what} or more, and refuses to merge from ${refusePercent} % on. Raise ${setting}, or set chroma.mode to "server" or "cloud".`,
          threshold: alarmPercent,
        });
      }
    }
  }

  private add(id: string, metric: Metric, settings: AlarmSettings): void {
    const name = id.replaceAll('_', '-');
    const { minutes = ROUND_MINUTES, silence = 'fine' } = settings;
    const percentile = metric.statistic.startsWith('p');
    new CloudwatchMetricAlarm(new Construct(this, name), 'alarm', {
      alarmName: this.deployment.physicalName(name),
      alarmDescription: settings.description,
      namespace: metric.namespace,
      metricName: metric.name,
      dimensions: metric.dimensions,
      ...(percentile ? { extendedStatistic: metric.statistic } : { statistic: metric.statistic }),
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: settings.threshold,
      period: minutes * 60,
      evaluationPeriods: 1,
      treatMissingData: silence === 'alarming' ? 'breaching' : 'notBreaching',
      alarmActions: [this.topic.arn],
      okActions: [this.topic.arn],
    });
  }
}
