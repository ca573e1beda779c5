import { at, texts } from '../../../stacks/synthesized/json';
import { allowed, deniesPlainText, statements } from '../../../stacks/synthesized/policy';
import { isTagged, type Rule, rulesFor } from '../rule';

const refusesPlainText: Rule['holds'] = (policy) => statements(policy).some(deniesPlainText);

const fromThisAccount: Rule['holds'] = (policy) =>
  allowed(policy).every(({ conditions }) => conditions.StringEquals?.['aws:SourceAccount'] !== undefined);

const namesItsPrincipals: Rule['holds'] = (policy) =>
  allowed(policy).every(({ principals }) => principals.length > 0 && !principals.includes('*'));

const queueRules = [
  ...rulesFor('aws_sqs_queue', [
    [
      'CKV_AWS_27 AVD-AWS-0096 SQS.1',
      'is encrypted at rest',
      ({ attributes }) =>
        attributes.sqs_managed_sse_enabled === true || attributes.kms_master_key_id !== undefined,
    ],
    [
      'CKV2_AWS_73 AVD-AWS-0135',
      'is encrypted with a customer key',
      ({ attributes }) => /aws_kms_key\./.test(String(attributes.kms_master_key_id)),
    ],
    ['SQS.2', 'is tagged', isTagged],
    [
      '',
      'has a policy of its own, which refuses requests without TLS',
      (queue, stack) =>
        stack.about(queue, 'aws_sqs_queue_policy').some((policy) => refusesPlainText(policy, stack)),
    ],
  ]),
  ...rulesFor('aws_sqs_queue_policy', [
    [
      'CKV_AWS_72',
      'allows no list of all actions',
      (policy) =>
        allowed(policy).every(({ actions }) => !actions.some((action) => /^(sqs:)?\*$/i.test(action))),
    ],
    ['CKV_AWS_168 CKV_AWS_387 AVD-AWS-0097 SQS.3', 'lets in named principals alone', namesItsPrincipals],
    ['', 'lets a service in for this account alone', fromThisAccount],
  ]),
  ...rulesFor('aws_sqs_queue_redrive_allow_policy', [
    [
      '',
      'takes dead letters of its own queue alone',
      ({ attributes }) => {
        const policy = JSON.parse(String(attributes.redrive_allow_policy ?? '{}'));
        return policy.redrivePermission === 'byQueue' && policy.sourceQueueArns?.length === 1;
      },
    ],
  ]),
];

const topicRules = [
  ...rulesFor('aws_sns_topic', [
    [
      'CKV_AWS_26 AVD-AWS-0095 SNS.1',
      'is encrypted at rest',
      ({ attributes }) => attributes.kms_master_key_id !== undefined,
    ],
    [
      'AVD-AWS-0136',
      'is encrypted with a customer key',
      ({ attributes }) => /aws_kms_key\./.test(String(attributes.kms_master_key_id)),
    ],
    ['SNS.3', 'is tagged', isTagged],
    [
      'SNS.2',
      'logs what it delivered',
      ({ attributes }) => Object.keys(attributes).some((key) => key.endsWith('_feedback_role_arn')),
    ],
  ]),
  ...rulesFor('aws_sns_topic_policy', [
    ['CKV_AWS_169 SNS.4', 'lets in named principals alone', namesItsPrincipals],
    ['CKV_AWS_385', 'lets no other account in', fromThisAccount],
    ['', 'refuses publishing without TLS', refusesPlainText],
  ]),
];

const scheduleRules = [
  ...rulesFor('aws_cloudwatch_event_rule', [
    [
      '',
      'is a schedule: no event of anyone else starts it',
      ({ attributes }) =>
        attributes.schedule_expression !== undefined && attributes.event_pattern === undefined,
    ],
  ]),
  ...rulesFor('aws_cloudwatch_event_target', [
    [
      '',
      'calls a function that lets this rule in',
      ({ attributes }, stack) =>
        stack
          .resources('aws_lambda_permission')
          .some(({ attributes: permission }) =>
            stack
              .resources('aws_cloudwatch_event_rule')
              .some(
                (rule) =>
                  stack.mentions(attributes.rule, rule) && stack.mentions(permission.source_arn, rule),
              ),
          ),
    ],
  ]),
];

const mappingRules = rulesFor('aws_lambda_event_source_mapping', [
  [
    '',
    'lets each message of a batch fail alone',
    ({ attributes }) => texts(attributes.function_response_types).includes('ReportBatchItemFailures'),
  ],
  [
    '',
    'loses nothing: its queue has dead letters, or its stream an on-failure destination',
    ({ attributes }, stack) =>
      at(attributes, 'destination_config.on_failure.destination_arn') !== undefined ||
      stack
        .resources('aws_sqs_queue')
        .some(
          (queue) =>
            stack.mentions(attributes.event_source_arn, queue) &&
            queue.attributes.redrive_policy !== undefined,
        ),
  ],
]);

/** SQS, SNS, EventBridge and event source mappings: what hands on. */
export const messagingRules = [...queueRules, ...topicRules, ...scheduleRules, ...mappingRules];
