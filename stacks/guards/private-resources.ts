import { at } from '../synthesized/json';
import { allowed, deniesPlainText, statements } from '../synthesized/policy';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import { type Finding, faults, type Guard, refuse } from './guard';

const POLICIES = ['aws_s3_bucket_policy', 'aws_sqs_queue_policy', 'aws_sns_topic_policy'] as const;

const PUBLIC_ACCESS = [
  'block_public_acls',
  'block_public_policy',
  'ignore_public_acls',
  'restrict_public_buckets',
] as const;

/** Bucket, queues and topics: TLS only, nobody from outside, and encrypted. */
export const privateResources: Guard = (stack) => [
  ...stack
    .resources('aws_s3_bucket', 'aws_sqs_queue', 'aws_sns_topic')
    .flatMap((resource) => withoutTls(stack, resource)),
  ...stack.resources(...POLICIES).flatMap(openStatements),
  ...PUBLIC_ACCESS.flatMap((setting) =>
    refuse(
      stack.resources('aws_s3_bucket_public_access_block'),
      `does not set ${setting}.`,
      'Block public access whole.',
      (attributes) => attributes[setting] !== true,
    ),
  ),
  ...refuse(
    stack.resources('aws_sqs_queue'),
    'is not encrypted at rest.',
    'Make it as a WorkQueue or DeadLetterQueue.',
    (attributes) => attributes.sqs_managed_sse_enabled !== true && !attributes.kms_master_key_id,
  ),
  ...refuse(
    stack.resources('aws_efs_file_system'),
    'is not encrypted at rest.',
    'Set encrypted; AWS cannot add it later.',
    (attributes) => attributes.encrypted !== true,
  ),
  ...refuse(
    stack.resources('aws_s3_bucket_versioning'),
    'is not Enabled: an overwritten pointer or snapshot could not be brought back.',
    'Enable versioning.',
    (attributes) => at(attributes, 'versioning_configuration.status') !== 'Enabled',
  ),
];

/** Every bucket, queue and topic has one policy, and it refuses whoever does not speak TLS. */
function withoutTls(stack: Synthesized, resource: SynthesizedBlock): Finding[] {
  const policies = stack.resources(...POLICIES).filter(({ attributes }) => {
    const owner = attributes.queue_url ?? attributes.bucket ?? attributes.arn;
    return stack.target(owner)?.address === resource.address;
  });
  const refuses = policies.some((policy) => statements(policy).some(deniesPlainText));
  return faults(resource, [
    policies.length !== 1 || !refuses,
    `has ${policies.length} policies, and ${refuses ? 'each overwrites the other' : 'none refuses requests without TLS'}.`,
    'Give it exactly one policy, which starts with denyWithoutTls.',
  ]);
}

/** An Allow for everybody, unless it is bound to this account. */
function openStatements(policy: SynthesizedBlock): Finding[] {
  return allowed(policy)
    .filter(({ principals, conditions }) => {
      const service = principals.some((principal) => principal.startsWith('Service:'));
      const bound = conditions.StringEquals?.['aws:SourceAccount'] !== undefined;
      return principals.includes('*') || (service && !bound);
    })
    .map(({ sid }) => ({
      where: policy.where,
      what: `The statement "${sid}" of ${policy.address} lets in principals of other accounts.`,
      remedy: 'Name the principal, and bind a service to aws:SourceAccount.',
    }));
}
