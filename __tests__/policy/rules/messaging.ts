import { consumerTargets } from '../../../stacks/guards/consumer-targets';
import { deadLetters } from '../../../stacks/guards/dead-letters';
import { declaredStreamConsumers } from '../../../stacks/guards/declared-stream-consumers';
import { privateResources } from '../../../stacks/guards/private-resources';
import { allowed } from '../../../stacks/synthesized/policy';
import { isTagged, type Rule, refusedBy, rulesFor } from '../rule';

const fromThisAccount: Rule['holds'] = (policy) =>
  allowed(policy).every(({ conditions }) => conditions.StringEquals?.['aws:SourceAccount'] !== undefined);

const queueRules = [
  ...rulesFor('aws_sqs_queue', [
    [
      'CKV_AWS_27 AVD-AWS-0096 SQS.1',
      'is encrypted at rest',
      refusedBy(privateResources, /aws_sqs_queue.* is not encrypted/),
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
      refusedBy(privateResources, /aws_sqs_queue.* none refuses requests without TLS/),
    ],
    [
      '',
      'loses nothing: it has dead letters, or is where they lie',
      refusedBy(deadLetters, /has no dead letter queue/),
    ],
  ]),
  ...rulesFor('aws_sqs_queue_policy', [
    [
      'CKV_AWS_72',
      'allows no list of all actions',
      (policy) =>
        allowed(policy).every(({ actions }) => !actions.some((action) => /^(sqs:)?\*$/i.test(action))),
    ],
    [
      'CKV_AWS_168 CKV_AWS_387 AVD-AWS-0097 SQS.3',
      'lets in named principals alone',
      refusedBy(privateResources, /aws_sqs_queue_policy.* lets in principals/),
    ],
    [
      '',
      'lets a service in for this account alone',
      refusedBy(privateResources, /aws_sqs_queue_policy.* lets in principals/),
    ],
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
      '',
      'has a policy of its own, which refuses requests without TLS',
      refusedBy(privateResources, /aws_sns_topic.* none refuses requests without TLS/),
    ],
    [
      'SNS.2',
      'logs what it delivered',
      ({ attributes }) => Object.keys(attributes).some((key) => key.endsWith('_feedback_role_arn')),
    ],
  ]),
  ...rulesFor('aws_sns_topic_policy', [
    [
      'CKV_AWS_169 SNS.4',
      'lets in named principals alone',
      refusedBy(privateResources, /aws_sns_topic_policy.* lets in principals/),
    ],
    ['CKV_AWS_385', 'lets no other account in', fromThisAccount],
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
    refusedBy(consumerTargets, /does not report failures one by one/),
  ],
  [
    '',
    'loses nothing: the stream has an on-failure destination, as its queue has dead letters',
    refusedBy(declaredStreamConsumers, /has no on-failure destination/),
  ],
]);

/** SQS, SNS, EventBridge and event source mappings: what hands on. */
export const messagingRules = [...queueRules, ...topicRules, ...scheduleRules, ...mappingRules];
