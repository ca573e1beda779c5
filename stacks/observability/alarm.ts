import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Construct } from 'constructs';
import type { Deployment } from '../shared/deployment';
import type { AlarmTopic } from './alarm-topic';
import type { Metric } from './metrics';

interface AlarmProps {
  readonly deployment: Deployment;
  readonly topic: AlarmTopic;
  readonly metric: Metric;
  /** What is wrong, and what to do: it is all that the woken person reads. */
  readonly description: string;
  /** The alarm goes off at this value and above it. */
  readonly threshold: number;
  /** Minutes that one data point covers. */
  readonly minutes: number;
  /** What silence means. @default 'fine' */
  readonly silence?: 'fine' | 'alarming';
}

/** One alarm, which tells the topic when it goes off and when it is over. */
export class Alarm extends Construct {
  constructor(scope: Construct, id: string, props: AlarmProps) {
    super(scope, id);
    const { metric, topic } = props;
    const percentile = metric.statistic.startsWith('p');
    new CloudwatchMetricAlarm(this, 'alarm', {
      alarmName: props.deployment.physicalName(id),
      alarmDescription: props.description,
      namespace: metric.namespace,
      metricName: metric.name,
      dimensions: metric.dimensions,
      ...(percentile ? { extendedStatistic: metric.statistic } : { statistic: metric.statistic }),
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: props.threshold,
      period: props.minutes * 60,
      evaluationPeriods: 1,
      treatMissingData: props.silence === 'alarming' ? 'breaching' : 'notBreaching',
      alarmActions: [topic.arn],
      okActions: [topic.arn],
    });
  }
}
