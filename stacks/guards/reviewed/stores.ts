import { isDeepStrictEqual } from 'node:util';
import { COLLECTIONS } from '../../../contracts/collections';
import { pendingIndex } from '../../../contracts/compaction-run';
import type { PipelineConfig } from '../../config';
import { keyArns } from '../../key-arns';
import { runTableName } from '../../names';
import { blocks } from '../../synthesized/json';
import { customerKey } from './customer-key';
import { subnets, withFileSystem } from './network';
import { type Admission, free, given, is, names, type Property, type ReviewedTypes } from './property';

/** The table, where it is the stack's to decide about it. */
const imported = ({ adopt }: PipelineConfig) => (adopt.table?.as === 'import' ? adopt.table : undefined);

/** Terraform deletes an index that it is not told of; without ours nobody finds what is unfinished. */
const indexes: Property = {
  holds: (_values, { block, config }) => {
    const found = blocks(block.attributes.global_secondary_index);
    const wanted = [
      ...COLLECTIONS.map((collection) => [pendingIndex(collection), 'ALL']),
      ...(imported(config)?.indexes ?? []).map(({ name, projection }) => [name, projection]),
    ];
    return isDeepStrictEqual(
      found.map(({ name, projection_type }) => [name, projection_type]),
      wanted,
    );
  },
  demand: 'those of unfinished runs, whole, and those of adopt.table.indexes',
  setting: 'adopt.table.indexes',
};

/** The alarm topic needs one, unless there is one that exists. */
const withOwnKey: Admission = {
  by: 'encryption.type to "kms" and leave encryption.keyArn out',
  holds: (config) => keyArns(config)['encryption.keyArn'] === undefined,
};

/** How an adopted table is paid for, and its time-to-live, stay its owner's choice. */
const OWNERS_CHOICE = ['billing_mode', 'read_capacity', 'write_capacity', 'ttl', 'table_class'];

/** What holds state: the run table, the file system, the key. What may not be destroyed: `stateful`. */
export const stores: ReviewedTypes = {
  aws_dynamodb_table: {
    admitted: {
      by: 'adopt.table.as to "import", or leave adopt.table out',
      holds: ({ adopt }) => adopt.table?.as !== 'data-source',
    },
    properties: {
      name: given('adopt.table.name', runTableName),
      billing_mode: free, // what it costs
      hash_key: is('PK'),
      range_key: is('SK'),
      'attribute.name': free,
      'attribute.type': free,
      'global_secondary_index.name': indexes,
      'global_secondary_index.hash_key': free,
      'global_secondary_index.range_key': free,
      'global_secondary_index.projection_type': free, // with the names
      stream_enabled: is(true),
      // The filters of the stream's consumer look at the new image, and at the old one.
      stream_view_type: given(
        'adopt.table.streamViewType',
        (config) => imported(config)?.streamViewType ?? 'NEW_AND_OLD_IMAGES',
      ),
      'point_in_time_recovery.enabled': free, // stateful
      deletion_protection_enabled: free, // stateful
      'server_side_encryption.enabled': given('encryption', ({ encryption }) =>
        encryption.type === 'kms' ? true : undefined,
      ),
      'server_side_encryption.kms_key_arn': customerKey,
      'lifecycle.ignore_changes': given('adopt.table', (config) =>
        imported(config) === undefined ? undefined : OWNERS_CHOICE,
      ),
    },
  },
  aws_efs_file_system: {
    admitted: withFileSystem,
    properties: {
      encrypted: free, // privateResources
      kms_key_id: customerKey,
      throughput_mode: is('elastic'),
    },
  },
  aws_efs_access_point: {
    admitted: withFileSystem,
    properties: {
      file_system_id: names('aws_efs_file_system.chroma'),
      // Any id but root's, and a folder of its own.
      'posix_user.uid': is(1000),
      'posix_user.gid': is(1000),
      'root_directory.path': is('/chroma'),
      'root_directory.creation_info.owner_uid': is(1000),
      'root_directory.creation_info.owner_gid': is(1000),
      'root_directory.creation_info.permissions': is('0750'),
    },
  },
  aws_efs_file_system_policy: {
    admitted: withFileSystem,
    properties: { file_system_id: names('aws_efs_file_system.chroma'), policy: free }, // reviewedStatements
  },
  aws_efs_mount_target: {
    admitted: withFileSystem,
    properties: {
      file_system_id: names('aws_efs_file_system.chroma'),
      subnet_id: subnets,
      security_groups: names('aws_security_group'),
    },
  },
  aws_kms_key: {
    admitted: withOwnKey,
    properties: {
      description: free,
      enable_key_rotation: is(true),
      deletion_window_in_days: given('ephemeral', ({ ephemeral }) => (ephemeral === undefined ? 30 : 7)),
      policy: free, // reviewedStatements
    },
  },
  aws_kms_alias: {
    admitted: withOwnKey,
    properties: { name: free, target_key_id: names('aws_kms_key.encryption') },
  },
  // What the state records of itself; nothingHidden refuses any other.
  terraform_data: {
    properties: {
      input: free,
      'lifecycle.ignore_changes': is(undefined, ['input']),
      'lifecycle.postcondition': free,
    },
  },
};
