import { customerKey, topicKey } from './customer-key';
import { free, given, is, names, type ReviewedTypes } from './property';

const TOPIC = names('aws_sns_topic.alarms');

/** Who watches, and whom it tells. */
export const observation: ReviewedTypes = {
  aws_cloudwatch_metric_alarm: {
    // That its actions are enabled is the default, and not to be stated.
    properties: {
      alarm_name: free, // uniqueNames
      alarm_description: free,
      namespace: free,
      metric_name: free,
      dimensions: free,
      statistic: free,
      extended_statistic: free,
      comparison_operator: is('GreaterThanOrEqualToThreshold'),
      threshold: free,
      period: free,
      evaluation_periods: is(1),
      treat_missing_data: is('notBreaching', 'breaching'),
      alarm_actions: TOPIC,
      ok_actions: TOPIC,
    },
  },
  aws_cloudwatch_dashboard: { properties: { dashboard_name: free, dashboard_body: free } },
  aws_cloudwatch_log_group: {
    properties: { name: free, retention_in_days: free, kms_key_id: customerKey }, // observableFunctions
  },
  aws_sns_topic: { properties: { name: free, kms_master_key_id: topicKey } },
  aws_sns_topic_policy: { properties: { arn: TOPIC, policy: free } }, // reviewedStatements
  aws_sns_topic_subscription: {
    admitted: { by: 'alarms.email', holds: ({ alarms }) => alarms.email !== undefined },
    properties: {
      topic_arn: TOPIC,
      protocol: is('email'),
      endpoint: given('alarms.email', ({ alarms }) => alarms.email),
    },
  },
};
