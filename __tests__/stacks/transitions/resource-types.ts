/**
 * What holds data, and which attributes AWS cannot change in what exists: a configuration that changes one makes
 * Terraform replace the resource. Written down by hand: the provider's schema does not tell which they are.
 */
export const STATEFUL: Readonly<Record<string, readonly string[]>> = {
  aws_s3_bucket: ['bucket', 'bucket_prefix', 'object_lock_enabled'],
  aws_dynamodb_table: ['name', 'hash_key', 'range_key', 'local_secondary_index'],
  aws_efs_file_system: [
    'availability_zone_name',
    'creation_token',
    'encrypted',
    'kms_key_id',
    'performance_mode',
  ],
  aws_kms_key: ['customer_master_key_spec', 'custom_key_store_id', 'key_usage', 'multi_region'],
  aws_sqs_queue: ['name', 'name_prefix', 'fifo_queue'],
};

/** What may be destroyed and made again, as somebody judged it, and why nothing is lost with it. */
export const STATELESS: Readonly<Record<string, readonly string[]>> = {
  'settings of what is kept': [
    'aws_s3_bucket_lifecycle_configuration',
    'aws_s3_bucket_notification',
    'aws_s3_bucket_ownership_controls',
    'aws_s3_bucket_policy',
    'aws_s3_bucket_public_access_block',
    'aws_s3_bucket_server_side_encryption_configuration',
    'aws_s3_bucket_versioning',
    'aws_sqs_queue_policy',
    'aws_sqs_queue_redrive_allow_policy',
    'aws_kms_alias',
  ],
  'ways to the files, which stay': [
    'aws_efs_access_point',
    'aws_efs_file_system_policy',
    'aws_efs_mount_target',
  ],
  'a network holds nothing': [
    'aws_default_security_group',
    'aws_flow_log',
    'aws_route_table',
    'aws_route_table_association',
    'aws_security_group',
    'aws_subnet',
    'aws_vpc',
    'aws_vpc_endpoint',
    'aws_vpc_security_group_egress_rule',
    'aws_vpc_security_group_ingress_rule',
  ],
  'code and rights, which this repository has': [
    'aws_iam_role',
    'aws_iam_role_policy',
    'aws_lambda_function',
    'aws_lambda_function_event_invoke_config',
    'aws_lambda_permission',
  ],
  'a schedule is written out in this repository': [
    'aws_cloudwatch_event_rule',
    'aws_cloudwatch_event_target',
  ],
  'a mapping made anew begins at the oldest record, and queues keep their messages': [
    'aws_lambda_event_source_mapping',
  ],
  'who watches; the metrics stay': [
    'aws_cloudwatch_dashboard',
    'aws_cloudwatch_metric_alarm',
    'aws_sns_topic',
    'aws_sns_topic_policy',
    'aws_sns_topic_subscription',
  ],
  'the only group that a setting drops has refused traffic of a network that goes with it': [
    'aws_cloudwatch_log_group',
  ],
  'made anew, it records what is then so': ['terraform_data'],
};
