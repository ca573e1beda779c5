import type { PipelineConfig } from './config';

/*
 * What everything is called, for whoever makes it or looks for it: two places that spell one name are how two
 * sets of queues once came to be.
 */

/** `{name}-{environment}-{suffix}`: the name in AWS. */
export const physicalName = ({ prefix }: Pick<PipelineConfig, 'prefix'>, suffix: string): string =>
  `${prefix}-${suffix}`;

/** A queue's name in AWS, which ends in `.fifo` exactly when the queue is FIFO. */
export const queueName = (config: PipelineConfig, name: string, kind: 'standard' | 'fifo'): string =>
  physicalName(config, kind === 'fifo' ? `${name}.fifo` : name);

export const bucketName = (config: PipelineConfig, accountId: string): string =>
  config.adopt.bucket?.name ?? config.bucketName ?? physicalName(config, accountId);

export const runTableName = (config: PipelineConfig): string =>
  config.adopt.table?.name ?? physicalName(config, 'compaction-runs');

/** What holds data and which some settings leave out: it has one address for ever, and is kept when left out. */
export const KEPT_ADDRESSES = [
  'aws_dynamodb_table.compaction_runs',
  'aws_efs_file_system.chroma',
  'aws_kms_key.encryption',
] as const;

/** What a state records of itself, as `terraform_data`. */
export const STATE_RECORDS = ['environment', 'bucket_name', 'run_table_name', 'file_system_key'] as const;
export type StateRecordName = (typeof STATE_RECORDS)[number];

/** A name as Terraform's addresses have it: `lines-dlq` is `aws_sqs_queue.lines_dlq`. */
export const terraformName = (name: string): string => name.replaceAll('-', '_');
