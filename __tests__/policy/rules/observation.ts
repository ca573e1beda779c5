import { observableFunctions } from '../../../stacks/guards/observable-functions';
import { texts } from '../../../stacks/synthesized/json';
import { refusedBy, rulesFor } from '../rule';

/** CloudWatch. */
export const observationRules = [
  ...rulesFor('aws_cloudwatch_log_group', [
    ['CKV_AWS_66', 'has a retention', refusedBy(observableFunctions, /keeps its lines for ever/)],
    [
      'CKV_AWS_338 CloudWatch.16',
      'is kept for a year or longer',
      ({ attributes }) => Number(attributes.retention_in_days) >= 365,
    ],
    [
      'CKV_AWS_158 AVD-AWS-0017',
      'is encrypted with a customer key',
      ({ attributes }) => attributes.kms_key_id !== undefined,
    ],
  ]),
  ...rulesFor('aws_cloudwatch_metric_alarm', [
    [
      'CKV_AWS_319 CloudWatch.17',
      'has its actions enabled',
      ({ attributes }) => attributes.actions_enabled !== false,
    ],
    ['CloudWatch.15', 'tells somebody', ({ attributes }) => texts(attributes.alarm_actions).length > 0],
    ['', 'says what to do', ({ attributes }) => String(attributes.alarm_description ?? '').length > 40],
  ]),
  ...rulesFor('aws_cloudwatch_dashboard', [
    [
      '',
      'is JSON that CloudWatch can draw',
      ({ attributes }) => Array.isArray(JSON.parse(String(attributes.dashboard_body ?? '{}')).widgets),
    ],
  ]),
];
