import { privateResources } from '../../../stacks/guards/private-resources';
import { type Blocks, findings, one } from '../../support/guard-findings';

const TLS = {
  Effect: 'Deny',
  Principal: '*',
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
const policy = (...Statement: object[]) => JSON.stringify({ Statement });

/** What needs a policy, the type of that policy, and the attribute by which it names its owner. */
const OWNED = [
  ['aws_s3_bucket', 'aws_s3_bucket_policy', 'bucket', {}],
  ['aws_sqs_queue', 'aws_sqs_queue_policy', 'queue_url', { sqs_managed_sse_enabled: true }],
  ['aws_sns_topic', 'aws_sns_topic_policy', 'arn', {}],
] as const;

describe.each(OWNED)('an %s', (type, policyType, attribute, attributes) => {
  const owner = { [attribute]: `\${${type}.mine.id}` };
  const blocks = (document: string | undefined, more: Blocks = {}): Blocks => ({
    [`${type}.mine`]: attributes,
    [`${type}.other`]: attributes,
    [`${policyType}.other`]: { [attribute]: `\${${type}.other.id}`, policy: policy(TLS) },
    ...(document === undefined ? {} : { [`${policyType}.mine`]: { ...owner, policy: document } }),
    ...more,
  });

  it('is accepted with one policy that refuses whoever does not speak TLS', () => {
    expect(findings(privateResources, blocks(policy({ Effect: 'Deny' }, TLS)))).toEqual([]);
    expect(findings(privateResources, blocks(policy({ ...TLS, Principal: { AWS: '*' } })))).toEqual([]);
  });

  it.each([
    ['without a policy', undefined, 0],
    ['with an empty one', policy(), 1],
    ['with one that cannot be read', 'not JSON', 1],
    ['whose policy denies somebody only', policy({ ...TLS, Principal: { AWS: 'arn' } }), 1],
    ['whose policy denies nobody', policy({ ...TLS, Principal: undefined }), 1],
    [
      'whose policy denies TLS',
      policy({ ...TLS, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
      1,
    ],
    ['whose policy denies under no condition', policy({ ...TLS, Condition: undefined }), 1],
  ])('is refused %s', (_what, document, count) => {
    expect(findings(privateResources, blocks(document))).toEqual(
      one(RegExp(`^${type}.mine: ${type}.mine has ${count} policies, and none refuses requests without TLS`)),
    );
  });

  it('is refused with a statement that allows what it should deny', () => {
    const found = findings(privateResources, blocks(policy({ ...TLS, Effect: 'Allow' })));
    expect(found).toContainEqual(expect.stringMatching(/has 1 policies, and none refuses/));
  });

  it('is accepted beside the policy of something elsewhere', () => {
    const elsewhere = { [`${policyType}.elsewhere`]: { [attribute]: 'elsewhere', policy: policy(TLS) } };
    expect(findings(privateResources, blocks(policy(TLS), elsewhere))).toEqual([]);
  });

  it('is refused with two policies', () => {
    const second = { [`${policyType}.second`]: { ...owner, policy: policy(TLS) } };
    expect(findings(privateResources, blocks(policy(TLS), second))).toEqual(
      one(/mine has 2 policies, and each overwrites the other/),
    );
  });
});

describe('a statement that allows', () => {
  const allowed = (statement: object) =>
    findings(privateResources, {
      'aws_s3_bucket.mine': {},
      'aws_s3_bucket_policy.mine': {
        bucket: `\${aws_s3_bucket.mine.id}`,
        policy: policy(TLS, { Sid: 'Open', Effect: 'Allow', ...statement }),
      },
    });

  it.each([
    { Principal: '*' },
    { Principal: { AWS: '*' } },
    { Principal: { AWS: ['arn', '*'] } },
    { Principal: { Service: 's3.amazonaws.com' } },
    { Principal: { Service: 's3.amazonaws.com' }, Condition: { StringEquals: { 'aws:Other': '1' } } },
    { Principal: { AWS: 'arn:aws:iam::1:role/mine', Service: 's3.amazonaws.com' } },
    { Principal: '*', Condition: { StringEquals: { 'aws:SourceAccount': '1' } } },
  ])('is refused for %j', (statement) => {
    expect(allowed(statement)).toEqual(
      one(/^aws_s3_bucket_policy.mine: The statement "Open" of aws_s3_bucket_policy.mine lets in/),
    );
  });

  it.each([
    { Principal: { AWS: 'arn:aws:iam::1:role/mine' } },
    { Principal: { Service: 's3.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } },
  ])('is accepted for %j', (statement) => {
    expect(allowed(statement)).toEqual([]);
  });

  it('is named also without a Sid', () => {
    expect(allowed({ Sid: undefined, Principal: '*' })).toEqual(one(/The statement "" of/));
  });
});

it.each(['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'])(
  'refuses a public access block without %s',
  (setting) => {
    const all = {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    };
    const block = (attributes: object) =>
      findings(privateResources, { 'aws_s3_bucket_public_access_block.mine': attributes });
    expect(block(all)).toEqual([]);
    expect(block({ ...all, [setting]: false })).toEqual(
      one(RegExp(`^aws_s3_bucket_public_access_block.mine: .*does not set ${setting}`)),
    );
  },
);

it('demands a queue that is encrypted, by SQS or by a key', () => {
  const queue = (attributes: object) =>
    findings(privateResources, {
      'aws_sqs_queue.mine': attributes,
      'aws_sqs_queue_policy.mine': { queue_url: `\${aws_sqs_queue.mine.url}`, policy: policy(TLS) },
    });
  expect(queue({ sqs_managed_sse_enabled: true })).toEqual([]);
  expect(queue({ kms_master_key_id: 'key' })).toEqual([]);
  for (const bare of [{}, { sqs_managed_sse_enabled: false, kms_master_key_id: '' }]) {
    expect(queue(bare)).toEqual(one(/^aws_sqs_queue.mine: .*is not encrypted at rest/));
  }
});

it('demands a file system that is encrypted', () => {
  const system = (attributes: object) =>
    findings(privateResources, { 'aws_efs_file_system.mine': attributes });
  expect(system({ encrypted: true })).toEqual([]);
  for (const bare of [{}, { encrypted: false }]) {
    expect(system(bare)).toEqual(one(/^aws_efs_file_system.mine: .*is not encrypted at rest/));
  }
});

it('demands that versioning is enabled', () => {
  const versioning = (attributes: object) =>
    findings(privateResources, { 'aws_s3_bucket_versioning.mine': attributes });
  expect(versioning({ versioning_configuration: [{ status: 'Enabled' }] })).toEqual([]);
  for (const bare of [{}, { versioning_configuration: [{ status: 'Suspended' }] }]) {
    expect(versioning(bare)).toEqual(one(/^aws_s3_bucket_versioning.mine: .*is not Enabled/));
  }
});
