import type { Planted } from './draft';
import { attributesOf } from './provider';

const MAPPING = 'aws_lambda_event_source_mapping';
const LIFECYCLE = 'aws_s3_bucket_lifecycle_configuration';
const FUNCTION = 'aws_lambda_function';

const KMS = { encryption: { type: 'kms' } } as const;

type Change = readonly [
  type: string,
  word: string,
  attributes: Record<string, unknown>,
  says: string,
  config?: Planted['config'],
];

const planted = ([type, word, attributes, says, config = {}]: Change): Planted => ({
  what: `${type} ${word} ${JSON.stringify(attributes)}`,
  guard: 'reviewedProperties',
  says: RegExp(`^${type}\\.\\S*${word}\\S* .*${says}`),
  plant: (draft) => draft.set(type, word, attributes),
  config,
});

const states = (path: string) => `states ${path}, which nobody has reviewed`;
const mustBe = (path: string) => `as ${path}; it must be`;

const FILTER = [{ filter: [{ pattern: '{"body":{"receipt":["1"]}}' }] }];
const ELSEWHERE = 'arn:aws:sqs:us-east-1:999999999999:elsewhere';
const SECOND = {
  id: 'second',
  queue_arn: `\${aws_sqs_queue.ocr_results.arn}`,
  events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
};
const NOTIFIED = ['ocr/', 'annotations/'].map((filter_prefix) => ({
  ...SECOND,
  id: filter_prefix,
  filter_prefix,
}));
const ARCHIVED = { id: 'archive', status: 'Enabled', filter: [{ prefix: '' }] };

const CHANGES: readonly Change[] = [
  // A message that a filter does not match is deleted by Lambda.
  ...['lines', 'words', 'ocr_results', 'embed_ndjson'].map(
    (queue): Change => [
      MAPPING,
      `${queue}_consumer`,
      { filter_criteria: FILTER },
      mustBe('filter_criteria.filter.pattern'),
    ],
  ),
  [
    MAPPING,
    'lines_consumer',
    { 'lifecycle.ignore_changes': ['function_name'] },
    states('lifecycle.ignore_changes'),
  ],
  [MAPPING, 'words_consumer', { 'lifecycle.ignore_changes': 'all' }, states('lifecycle.ignore_changes')],
  [MAPPING, 'lines_consumer', { provider: 'aws.other' }, states('provider')],
  [MAPPING, 'run_stream_consumer', { starting_position: 'LATEST' }, mustBe('starting_position')],
  [MAPPING, 'run_stream_consumer', { maximum_retry_attempts: 1 }, mustBe('maximum_retry_attempts')],
  [
    MAPPING,
    'run_stream_consumer',
    { maximum_record_age_in_seconds: 60 },
    mustBe('maximum_record_age_in_seconds'),
  ],
  [
    MAPPING,
    'run_stream_consumer',
    { 'destination_config.on_failure.destination_arn': ELSEWHERE },
    mustBe('destination_config.on_failure.destination_arn'),
  ],
  [MAPPING, 'run_stream_consumer', { tumbling_window_in_seconds: 60 }, states('tumbling_window_in_seconds')],

  ['aws_sqs_queue', 'lines', { fifo_queue: false }, mustBe('fifo_queue')],
  ['aws_sqs_queue', 'words', { fifo_queue: undefined }, mustBe('fifo_queue')],
  ['aws_sqs_queue', 'ocr_results', { fifo_queue: true }, mustBe('fifo_queue')],
  ['aws_sqs_queue', 'lines', { message_retention_seconds: 60 }, mustBe('message_retention_seconds')],
  [
    'aws_sqs_queue',
    'lost_events_dlq',
    { message_retention_seconds: 60 },
    mustBe('message_retention_seconds'),
  ],
  [
    'aws_sqs_queue',
    'lines',
    { redrive_policy: `{"deadLetterTargetArn":"\${aws_sqs_queue.lines_dlq.arn}","maxReceiveCount":1}` },
    mustBe('redrive_policy'),
  ],
  [
    'aws_sqs_queue',
    'words_dlq',
    { redrive_policy: `{"deadLetterTargetArn":"\${aws_sqs_queue.words.arn}","maxReceiveCount":1}` },
    mustBe('redrive_policy'),
  ],
  ['aws_sqs_queue', 'lines', { kms_master_key_id: 'alias/aws/sqs' }, mustBe('kms_master_key_id')],
  ['aws_sqs_queue', 'lines', { kms_master_key_id: 'alias/aws/sqs' }, mustBe('kms_master_key_id'), KMS],
  ['aws_sqs_queue', 'lines', { policy: '{}' }, states('policy')],
  ['aws_sqs_queue', 'lines', { delay_seconds: 900 }, states('delay_seconds')],
  [
    'aws_sqs_queue',
    'lines',
    { 'lifecycle.ignore_changes': ['redrive_policy'] },
    states('lifecycle.ignore_changes'),
  ],
  ...[
    '{"redrivePermission":"allowAll"}',
    `{"redrivePermission":"byQueue","sourceQueueArns":["\${aws_sqs_queue.lines.arn}","${ELSEWHERE}"]}`,
    `{"redrivePermission":"byQueue","sourceQueueArns":["${ELSEWHERE}"]}`,
    `{"redrivePermission":"byQueue","sourceQueueArns":["\${aws_sqs_queue.words.arn}"]}`,
  ].map(
    (redrive_allow_policy): Change => [
      'aws_sqs_queue_redrive_allow_policy',
      'lines',
      { redrive_allow_policy },
      mustBe('redrive_allow_policy'),
    ],
  ),

  ['aws_s3_bucket_notification', 'chromadb', { queue: [...NOTIFIED, SECOND] }, mustBe('queue.filter_prefix')],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { queue: [...NOTIFIED, { ...SECOND, filter_prefix: 'lines/' }] },
    mustBe('queue.filter_prefix'),
  ],
  ['aws_s3_bucket_notification', 'chromadb', { queue: NOTIFIED.slice(1) }, mustBe('queue.filter_prefix')],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { queue: NOTIFIED.map((each) => ({ ...each, queue_arn: ELSEWHERE })) },
    mustBe('queue.queue_arn'),
  ],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { queue: NOTIFIED.map((each) => ({ ...each, filter_suffix: '.json' })) },
    states('queue.filter_suffix'),
  ],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { queue: NOTIFIED.map((each) => ({ ...each, events: ['s3:ObjectCreated:*'] })) },
    mustBe('queue.events'),
  ],
  ['aws_s3_bucket_notification', 'chromadb', { eventbridge: true }, states('eventbridge')],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { topic: [{ topic_arn: 'x', events: ['s3:*'] }] },
    states('topic.topic_arn'),
  ],
  [
    'aws_s3_bucket_notification',
    'chromadb',
    { lambda_function: [{ events: ['s3:*'] }] },
    states('lambda_function.events'),
  ],
  ...['GLACIER', 'DEEP_ARCHIVE'].map(
    (storage_class): Change => [
      LIFECYCLE,
      'lifecycle',
      { rule: [{ ...ARCHIVED, transition: [{ days: 1, storage_class }] }] },
      states('rule.transition.storage_class'),
    ],
  ),
  [
    LIFECYCLE,
    'lifecycle',
    {
      rule: [
        { ...ARCHIVED, noncurrent_version_transition: [{ noncurrent_days: 1, storage_class: 'GLACIER' }] },
      ],
    },
    states('rule.noncurrent_version_transition.storage_class'),
  ],
  [
    LIFECYCLE,
    'lifecycle',
    { rule: [{ ...ARCHIVED, noncurrent_version_expiration: [{ noncurrent_days: 1 }] }] },
    mustBe('rule.noncurrent_version_expiration.noncurrent_days'),
  ],
  [
    LIFECYCLE,
    'lifecycle',
    {
      rule: [
        {
          ...ARCHIVED,
          noncurrent_version_expiration: [{ noncurrent_days: 30, newer_noncurrent_versions: 1 }],
        },
      ],
    },
    states('rule.noncurrent_version_expiration.newer_noncurrent_versions'),
  ],
  ['aws_s3_bucket', 'chromadb', { acl: 'public-read' }, states('acl')],
  ['aws_s3_bucket', 'chromadb', { grant: [{ type: 'Group', permissions: ['READ'] }] }, states('grant.type')],
  ['aws_s3_bucket', 'chromadb', { 'lifecycle.ignore_changes': 'all' }, states('lifecycle.ignore_changes')],
  [
    'aws_s3_bucket_ownership_controls',
    'ownership',
    { 'rule.object_ownership': 'ObjectWriter' },
    mustBe('rule.object_ownership'),
  ],
  [
    'aws_s3_bucket_server_side_encryption_configuration',
    'encryption',
    { 'rule.apply_server_side_encryption_by_default.sse_algorithm': 'AES256' },
    mustBe('rule.apply_server_side_encryption_by_default.sse_algorithm'),
    KMS,
  ],
  [
    'aws_s3_bucket_server_side_encryption_configuration',
    'encryption',
    { 'rule.apply_server_side_encryption_by_default.kms_master_key_id': undefined },
    mustBe('rule.apply_server_side_encryption_by_default.kms_master_key_id'),
    KMS,
  ],
  ['aws_s3_bucket_versioning', 'versioning', { mfa: 'x' }, states('mfa')],

  ['aws_dynamodb_table', 'compaction_runs', { stream_view_type: 'KEYS_ONLY' }, mustBe('stream_view_type')],
  ['aws_dynamodb_table', 'compaction_runs', { stream_enabled: false }, mustBe('stream_enabled')],
  [
    'aws_dynamodb_table',
    'compaction_runs',
    { ttl: [{ attribute_name: 'created_at', enabled: true }] },
    states('ttl.attribute_name'),
  ],
  [
    'aws_dynamodb_table',
    'compaction_runs',
    { replica: [{ region_name: 'eu-west-1' }] },
    states('replica.region_name'),
  ],
  [
    'aws_dynamodb_table',
    'compaction_runs',
    { global_secondary_index: [] },
    mustBe('global_secondary_index.name'),
  ],
  ['aws_dynamodb_table', 'compaction_runs', { hash_key: 'id' }, mustBe('hash_key')],
  ['aws_dynamodb_table', 'compaction_runs', { range_key: undefined }, mustBe('range_key')],
  ['aws_dynamodb_table', 'compaction_runs', { name: 'another' }, mustBe('name')],
  [
    'aws_dynamodb_table',
    'compaction_runs',
    { 'lifecycle.ignore_changes': ['stream_enabled'] },
    mustBe('lifecycle.ignore_changes'),
  ],
  [
    'aws_dynamodb_table',
    'compaction_runs',
    { server_side_encryption: undefined },
    mustBe('server_side_encryption.enabled'),
    KMS,
  ],
  ['aws_efs_file_system', 'chroma', { kms_key_id: 'alias/aws/elasticfilesystem' }, mustBe('kms_key_id')],
  [
    'aws_efs_file_system',
    'chroma',
    { lifecycle_policy: [{ transition_to_archive: 'AFTER_1_DAY' }] },
    states('lifecycle_policy.transition_to_archive'),
  ],
  ['aws_efs_access_point', '', { 'root_directory.path': '/' }, mustBe('root_directory.path')],
  ['aws_efs_access_point', '', { 'posix_user.uid': 0 }, mustBe('posix_user.uid')],
  ['aws_efs_access_point', '', { file_system_id: 'fs-0123' }, mustBe('file_system_id')],
  [
    'aws_efs_file_system_policy',
    '',
    { bypass_policy_lockout_safety_check: true },
    states('bypass_policy_lockout_safety_check'),
  ],
  ['aws_efs_mount_target', 'target-0', { security_groups: ['sg-0123'] }, mustBe('security_groups')],
  ['aws_kms_key', 'encryption', { is_enabled: false }, states('is_enabled')],
  ['aws_kms_key', 'encryption', { enable_key_rotation: false }, mustBe('enable_key_rotation')],
  ['aws_kms_key', 'encryption', { deletion_window_in_days: 7 }, mustBe('deletion_window_in_days')],

  [FUNCTION, 'enhanced_compaction', { file_system_config: undefined }, mustBe('file_system_config.arn')],
  [
    FUNCTION,
    'enhanced_compaction',
    { 'file_system_config.arn': 'arn:aws:elasticfilesystem:us-east-1:999999999999:access-point/fsap-1' },
    mustBe('file_system_config.arn'),
  ],
  [
    FUNCTION,
    'enhanced_compaction',
    { 'file_system_config.local_mount_path': '/mnt/other' },
    mustBe('file_system_config.local_mount_path'),
  ],
  [FUNCTION, 'enhanced_compaction', { vpc_config: undefined }, mustBe('vpc_config.subnet_ids')],
  [
    FUNCTION,
    'enhanced_compaction',
    { 'vpc_config.subnet_ids': ['subnet-public'] },
    mustBe('vpc_config.subnet_ids'),
  ],
  [FUNCTION, 'enhanced_compaction', { 'ephemeral_storage.size': 512 }, mustBe('ephemeral_storage.size')],
  [FUNCTION, 'reconcile_runs', { 'file_system_config.arn': 'x' }, mustBe('file_system_config.arn')],
  [
    FUNCTION,
    'stream_processor',
    { 'lifecycle.ignore_changes': ['filename', 'source_code_hash'] },
    states('lifecycle.ignore_changes'),
  ],
  [FUNCTION, 'stream_processor', { source_code_hash: undefined }, mustBe('source_code_hash')],
  [FUNCTION, 'stream_processor', { filename: undefined }, mustBe('filename')],
  [FUNCTION, 'stream_processor', { handler: 'other.handler' }, mustBe('handler')],
  [
    FUNCTION,
    'stream_processor',
    { layers: ['arn:aws:lambda:us-east-1:999999999999:layer:x:1'] },
    states('layers'),
  ],
  [FUNCTION, 'stream_processor', { role: 'arn:aws:iam::123456789012:role/Administrator' }, mustBe('role')],
  [FUNCTION, 'stream_processor', { function_name: 'other' }, mustBe('function_name')],
  [FUNCTION, 'stream_processor', { kms_key_arn: undefined }, mustBe('kms_key_arn'), KMS],
  [
    FUNCTION,
    'stream_processor',
    { image_uri: '999999999999.dkr.ecr.us-east-1.amazonaws.com/x' },
    states('image_uri'),
  ],
  [
    'aws_lambda_function_event_invoke_config',
    '',
    { destination_config: undefined },
    mustBe('destination_config.on_failure.destination'),
  ],
  [
    'aws_lambda_permission',
    '',
    { function_name: `\${aws_lambda_function.enhanced_compaction.arn}` },
    mustBe('function_name'),
  ],
  ['aws_lambda_permission', '', { principal: 's3.amazonaws.com' }, mustBe('principal')],
  [
    'aws_lambda_permission',
    '',
    { source_arn: 'arn:aws:events:us-east-1:999999999999:rule/x' },
    mustBe('source_arn'),
  ],
  ['aws_lambda_permission', '', { function_url_auth_type: 'NONE' }, states('function_url_auth_type')],
  ['aws_cloudwatch_event_rule', '', { state: 'DISABLED' }, states('state')],
  ['aws_cloudwatch_event_rule', '', { is_enabled: false }, states('is_enabled')],
  ['aws_cloudwatch_event_rule', '', { schedule_expression: 'rate(7 days)' }, mustBe('schedule_expression')],
  ['aws_cloudwatch_event_rule', '', { event_pattern: '{"source":["aws.s3"]}' }, states('event_pattern')],
  ['aws_cloudwatch_event_target', '', { arn: ELSEWHERE }, mustBe('arn')],
  ['aws_cloudwatch_event_target', '', { input: '{}' }, states('input')],

  ['aws_cloudwatch_metric_alarm', 'stream-lag', { alarm_actions: [] }, mustBe('alarm_actions')],
  ['aws_cloudwatch_metric_alarm', 'stream-lag', { alarm_actions: undefined }, mustBe('alarm_actions')],
  [
    'aws_cloudwatch_metric_alarm',
    'stream-lag',
    { alarm_actions: ['arn:aws:sns:us-east-1:999999999999:x'] },
    mustBe('alarm_actions'),
  ],
  ['aws_cloudwatch_metric_alarm', 'stream-lag', { actions_enabled: false }, states('actions_enabled')],
  [
    'aws_cloudwatch_metric_alarm',
    'stream-lag',
    { treat_missing_data: 'ignore' },
    mustBe('treat_missing_data'),
  ],
  [
    'aws_cloudwatch_metric_alarm',
    'stream-lag',
    { comparison_operator: 'LessThanThreshold' },
    mustBe('comparison_operator'),
  ],
  ['aws_cloudwatch_metric_alarm', 'stream-lag', { evaluation_periods: 100 }, mustBe('evaluation_periods')],
  ['aws_sns_topic', 'alarms', { kms_master_key_id: 'alias/aws/sns' }, mustBe('kms_master_key_id')],
  ['aws_sns_topic', 'alarms', { kms_master_key_id: 'alias/aws/sns' }, mustBe('kms_master_key_id'), KMS],
  ['aws_sns_topic', 'alarms', { kms_master_key_id: undefined }, mustBe('kms_master_key_id')],
  ['aws_sns_topic', 'alarms', { policy: '{}' }, states('policy')],
  [
    'aws_sns_topic_subscription',
    'email',
    { protocol: 'https' },
    mustBe('protocol'),
    { alarms: { email: 'a@example.com' } },
  ],
  [
    'aws_sns_topic_subscription',
    'email',
    { endpoint: 'b@example.com' },
    mustBe('endpoint'),
    { alarms: { email: 'a@example.com' } },
  ],
  ['aws_cloudwatch_log_group', 'flow-log', { kms_key_id: undefined }, mustBe('kms_key_id'), KMS],
  [
    'aws_cloudwatch_log_group',
    'flow-log',
    { log_group_class: 'INFREQUENT_ACCESS' },
    states('log_group_class'),
  ],

  [
    'aws_route_table',
    '',
    { route: [{ cidr_block: '0.0.0.0/0', gateway_id: 'igw-1' }] },
    states('route.cidr_block'),
  ],
  [
    'aws_vpc_endpoint',
    'endpoints_s3',
    { service_name: 'com.amazonaws.us-east-1.secretsmanager' },
    mustBe('service_name'),
  ],
  ['aws_vpc_endpoint', 'endpoints_s3', { vpc_endpoint_type: 'Interface' }, mustBe('vpc_endpoint_type')],
  ['aws_vpc_security_group_egress_rule', 'to-s3', { cidr_ipv4: '10.0.0.0/8' }, states('cidr_ipv4')],
  ['aws_vpc_security_group_egress_rule', 'to-s3', { prefix_list_id: 'pl-0123' }, mustBe('prefix_list_id')],
  ['aws_vpc_security_group_egress_rule', 'to-s3', { ip_protocol: '-1' }, mustBe('ip_protocol')],
  ['aws_vpc_security_group_ingress_rule', '', { from_port: 0 }, mustBe('from_port')],
  [
    'aws_vpc_security_group_ingress_rule',
    '',
    { referenced_security_group_id: 'sg-0123' },
    mustBe('referenced_security_group_id'),
  ],
  ['aws_flow_log', '', { traffic_type: 'ACCEPT' }, mustBe('traffic_type')],
  ['aws_subnet', 'subnet-0', { 'lifecycle.ignore_changes': 'all' }, mustBe('lifecycle.ignore_changes')],
  [
    'aws_iam_role',
    'reconcile-runs',
    { inline_policy: [{ name: 'x', policy: '{}' }] },
    states('inline_policy.name'),
  ],
  ['aws_iam_role', 'reconcile-runs', { managed_policy_arns: ['x'] }, states('managed_policy_arns')],
];

/** Resources of reviewed types that are one too many: each would be another way to the same. */
const SECONDS: readonly Planted[] = [
  {
    type: 'aws_lambda_permission',
    attributes: { function_name: 'enhanced-compaction', principal: 'events.amazonaws.com' },
    path: 'function_name',
  },
  { type: 'aws_cloudwatch_event_target', attributes: { rule: 'x', arn: ELSEWHERE }, path: 'arn' },
  {
    type: 'aws_efs_access_point',
    attributes: { file_system_id: `\${aws_efs_file_system.chroma.id}`, root_directory: { path: '/' } },
    path: 'root_directory.path',
  },
  { type: 'aws_sns_topic_policy', attributes: { arn: 'arn:aws:sns:us-east-1:999999999999:x' }, path: 'arn' },
].map(({ type, attributes, path }) => ({
  what: `a second ${type}`,
  guard: 'reviewedProperties',
  says: RegExp(`^${type}\\.planted has .* ${mustBe(path)}`),
  plant: (draft) => draft.add(type, attributes),
}));

/** Both of one kind, so that deadLetters finds nothing. */
const standard: Planted = {
  what: 'a FIFO queue made Standard together with its dead letters',
  guard: 'reviewedProperties',
  says: /^aws_sqs_queue\.lines has false as fifo_queue; it must be/,
  plant: (draft) => {
    for (const queue of ['lines', 'lines_dlq']) draft.set('aws_sqs_queue', queue, { fifo_queue: false });
  },
};

export const plantedProperties: readonly Planted[] = [...CHANGES.map(planted), ...SECONDS, standard];

/** Every attribute that the provider has for a type and that nobody reviewed. */
export const unreviewedAttributes = (type: string, word: string, reviewed: readonly string[]): Planted[] =>
  attributesOf(type)
    .filter((name) => !['id', 'tags', 'timeouts', ...reviewed].includes(name))
    .map((name) => planted([type, word, { [name]: 'planted' }, states(name)]));
