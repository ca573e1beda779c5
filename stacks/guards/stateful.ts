import { at } from '../synthesized/json';
import type { SynthesizedBlock } from '../synthesized/synthesized';
import type { Guard } from './guard';

const STATEFUL = [
  'aws_s3_bucket',
  'aws_dynamodb_table',
  'aws_efs_file_system',
  'aws_sqs_queue',
  'aws_kms_key',
] as const;

/** Addresses that must not move: Terraform reads a moved one as "destroy here, create there". */
const PINNED = ['aws_efs_file_system.chroma', 'aws_kms_key.encryption'];

/**
 * What holds data is never destroyed or replaced, however its construct is renamed. An ephemeral environment
 * opts out by its own name.
 */
export const stateful: Guard = (stack, config) => {
  const resources = stack.resources(...STATEFUL);
  const moved = resources
    .filter(({ type }) => type === 'aws_efs_file_system' || type === 'aws_kms_key')
    .filter(({ address }) => !PINNED.includes(address))
    .map(({ where, address }) => ({
      where,
      what: `${address} is not at its pinned address (${PINNED.join(', ')}): a renamed construct would replace what is deployed.`,
      remedy: 'Keep its overrideLogicalId, and make no second one.',
    }));
  if (config.ephemeral === config.environment) return moved;
  return [...moved, ...resources.flatMap(faults)];
};

function faults({ type, address, where, attributes }: SynthesizedBlock) {
  const wrong = [
    [at(attributes, 'lifecycle.prevent_destroy') !== true, 'lacks prevent_destroy'],
    [
      at(attributes, 'lifecycle.replace_triggered_by') !== undefined,
      'is replaced when something else changes',
    ],
    [
      type === 'aws_s3_bucket' && ![undefined, false].includes(attributes.force_destroy as boolean),
      'has force_destroy',
    ],
    [
      type === 'aws_dynamodb_table' && attributes.deletion_protection_enabled !== true,
      'lacks deletion protection',
    ],
    [
      type === 'aws_dynamodb_table' && at(attributes, 'point_in_time_recovery.enabled') !== true,
      'lacks point-in-time recovery',
    ],
  ] as const;
  return wrong
    .filter(([bad]) => bad)
    .map(([, fault]) => ({
      where,
      what: `${address} ${fault}: one deploy could destroy its data.`,
      remedy:
        'Restore it. If this environment\'s data may go with it, write the environment\'s own name as "ephemeral" in its configuration.',
    }));
}
