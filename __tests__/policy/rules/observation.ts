import { rulesFor } from '../rule';
import { blocks } from '../synthesized-stack';

/** CloudWatch. */
export const observationRules = [
  ...rulesFor('aws_cloudwatch_log_group', [
    ['CKV_AWS_66', 'has a retention', ({ block }) => Number(block.retention_in_days) > 0],
    [
      'CKV_AWS_338 CloudWatch.16',
      'is kept for a year or longer',
      ({ block }) => Number(block.retention_in_days) >= 365,
    ],
    [
      'CKV_AWS_158 AVD-AWS-0017',
      'is encrypted with a customer key',
      ({ block }) => block.kms_key_id !== undefined,
    ],
  ]),
  ...rulesFor('aws_cloudwatch_metric_alarm', [
    ['CKV_AWS_319 CloudWatch.17', 'has its actions enabled', ({ block }) => block.actions_enabled !== false],
    ['CloudWatch.15', 'tells somebody', ({ block }) => blocks(block, 'alarm_actions').length > 0],
    ['', 'says what to do', ({ block }) => String(block.alarm_description ?? '').length > 40],
  ]),
  ...rulesFor('aws_cloudwatch_dashboard', [
    [
      '',
      'is JSON that CloudWatch can draw',
      ({ block }) => Array.isArray(JSON.parse(String(block.dashboard_body ?? '{}')).widgets),
    ],
  ]),
];
