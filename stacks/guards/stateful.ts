import { KEPT_ADDRESSES } from '../names';
import { at, blocks } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import { type Fault, type Finding, faults, type Guard, missing, refuse } from './guard';

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
  const moved = refuse(
    stack.resources('aws_efs_file_system', 'aws_kms_key').filter(({ address }) => !PINNED.includes(address)),
    `is not at its pinned address (${PINNED.join(', ')}): a renamed construct would replace what is deployed.`,
    'Keep its overrideLogicalId, and make no second one.',
  );
  if (config.ephemeral === config.environment) return moved;
  return [
    ...moved,
    ...KEPT_ADDRESSES.flatMap(lost(stack)),
    ...stack.resources(...STATEFUL).flatMap(destructible),
  ];
};

/** What some settings leave out has to be kept by name: prevent_destroy went with its block. */
function lost(stack: Synthesized): (address: string) => Finding[] {
  const kept = blocks(stack.json.removed)
    .filter((removed) => at(removed, 'lifecycle.destroy') === false)
    .map(({ from }) => from);
  return (address) =>
    kept.includes(address)
      ? []
      : missing(
          stack.managed,
          address,
          `${address} is neither made nor kept by a removed block with destroy = false: Terraform would destroy what is deployed there.`,
          'Let keepWhatIsLeft see it, in stacks/pipeline-stack.ts, or make it.',
        );
}

function destructible(resource: SynthesizedBlock): Finding[] {
  const { type, attributes } = resource;
  const ofTable = (bad: boolean) => type === 'aws_dynamodb_table' && bad;
  const fault = (bad: boolean, what: string): Fault => [
    bad,
    `${what}: one deploy could destroy its data.`,
    'Restore it. If this environment\'s data may go with it, write the environment\'s own name as "ephemeral" in its configuration.',
  ];
  return faults(
    resource,
    fault(at(attributes, 'lifecycle.prevent_destroy') !== true, 'lacks prevent_destroy'),
    fault(
      at(attributes, 'lifecycle.replace_triggered_by') !== undefined,
      'is replaced when something else changes',
    ),
    fault(
      type === 'aws_s3_bucket' && ![undefined, false].includes(attributes.force_destroy as boolean),
      'has force_destroy',
    ),
    fault(ofTable(attributes.deletion_protection_enabled !== true), 'lacks deletion protection'),
    fault(ofTable(at(attributes, 'point_in_time_recovery.enabled') !== true), 'lacks point-in-time recovery'),
  );
}
