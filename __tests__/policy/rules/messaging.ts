import { isTagged, type Rule, rulesFor } from '../rule';
import { allowed, blocks, deniesPlainText, mentions, statements, value } from '../synthesized-stack';

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
      ({ block }) => block.sqs_managed_sse_enabled === true || block.kms_master_key_id !== undefined,
    ],
    [
      'CKV2_AWS_73 AVD-AWS-0135',
      'is encrypted with a customer key',
      ({ block }) => /aws_kms_key\./.test(String(block.kms_master_key_id)),
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
      ({ block }) => {
        const policy = JSON.parse(String(block.redrive_allow_policy ?? '{}'));
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
      ({ block }) => block.kms_master_key_id !== undefined,
    ],
    [
      'AVD-AWS-0136',
      'is encrypted with a customer key',
      ({ block }) => /aws_kms_key\./.test(String(block.kms_master_key_id)),
    ],
    ['SNS.3', 'is tagged', isTagged],
    [
      'SNS.2',
      'logs what it delivered',
      ({ block }) => Object.keys(block).some((key) => key.endsWith('_feedback_role_arn')),
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
      ({ block }) => block.schedule_expression !== undefined && block.event_pattern === undefined,
    ],
  ]),
  ...rulesFor('aws_cloudwatch_event_target', [
    [
      '',
      'calls a function that lets this rule in',
      ({ block }, stack) =>
        stack
          .of('aws_lambda_permission')
          .some(({ block: permission }) =>
            stack
              .of('aws_cloudwatch_event_rule')
              .some((rule) => mentions(block.rule, rule) && mentions(permission.source_arn, rule)),
          ),
    ],
  ]),
];

const mappingRules = rulesFor('aws_lambda_event_source_mapping', [
  [
    '',
    'lets each message of a batch fail alone',
    ({ block }) => blocks(block, 'function_response_types').includes('ReportBatchItemFailures'),
  ],
  [
    '',
    'loses nothing: its queue has dead letters, or its stream an on-failure destination',
    ({ block }, stack) =>
      value(block, 'destination_config.on_failure.destination_arn') !== undefined ||
      stack
        .of('aws_sqs_queue')
        .some((queue) => mentions(block.event_source_arn, queue) && queue.block.redrive_policy !== undefined),
  ],
]);

/** SQS, SNS, EventBridge and event source mappings: what hands on. */
export const messagingRules = [...queueRules, ...topicRules, ...scheduleRules, ...mappingRules];
