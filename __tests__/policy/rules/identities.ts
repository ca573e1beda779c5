import { leastPrivilege } from '../../../stacks/guards/least-privilege';
import { stateful } from '../../../stacks/guards/stateful';
import { allowed, type PolicyStatement } from '../../../stacks/synthesized/policy';
import type { SynthesizedBlock } from '../../../stacks/synthesized/synthesized';
import { isTagged, refusedBy, rulesFor } from '../rule';

/** Actions to which AWS gives no resource: `*` is their narrowest form. */
const WITHOUT_RESOURCES = new Set([
  'dynamodb:ListStreams',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
]);

/** Actions by which an identity could get more rights than it has (Checkov's list, in groups). */
const ESCALATION =
  /^(iam:(Create|Put|Attach|Add|Update|Set|Pass)|sts:AssumeRole|lambda:(Create|Update|Invoke|Add)|cloudformation:|glue:|datapipeline:|ec2:RunInstances)/i;
const CREDENTIALS =
  /^(iam:(CreateAccessKey|CreateLoginProfile|UpdateLoginProfile|ResetServiceSpecificCredential)|sts:(Get|Assume)|ecr:GetAuthorizationToken|cognito-identity:GetCredentials|rds-db:connect)/i;

const READ = /:(Get|List|Describe|Query|Scan|Head|Receive)/i;

const openStatements = (policy: SynthesizedBlock): PolicyStatement[] =>
  allowed(policy).filter(({ resources }) => resources.includes('*'));

const noAction = (pattern: RegExp) => (policy: SynthesizedBlock) =>
  allowed(policy).every(({ actions }) => !actions.some((action) => pattern.test(action)));

const roleRules = rulesFor('aws_iam_role', [
  [
    'CKV_AWS_60 CKV_AWS_61',
    'is assumed by one service alone',
    (role) =>
      allowed(role, 'assume_role_policy').every(
        ({ principals }) =>
          principals.length === 1 && /^Service:[a-z-]+\.amazonaws\.com$/.test(principals[0] ?? ''),
      ),
  ],
  [
    'CKV_AWS_274',
    'has no managed policy, of administrators least of all',
    refusedBy(leastPrivilege, /takes policies besides its own|grants rights/),
  ],
  ['IAM.24', 'is tagged', isTagged],
]);

const rolePolicyRules = rulesFor('aws_iam_role_policy', [
  [
    'CKV_AWS_62 CKV_AWS_63 AVD-AWS-0057 IAM.1',
    'allows no list of all actions',
    refusedBy(leastPrivilege, /allows the action "\*"/),
  ],
  ['IAM.21 AVD-AWS-0345', 'allows no service whole', refusedBy(leastPrivilege, /allows the action/)],
  ['CKV_AWS_286', 'cannot get more rights than it has', noAction(ESCALATION)],
  ['CKV_AWS_287', 'cannot get credentials', noAction(CREDENTIALS)],
  ['AVD-AWS-0342', 'passes no role', noAction(/^iam:PassRole$/i)],
  ['CKV_AWS_288', 'reads no data without naming it', refusedBy(leastPrivilege, /on every resource/)],
  [
    'CKV_AWS_289',
    'changes no permissions without naming whose',
    refusedBy(leastPrivilege, /on every resource/),
  ],
  [
    'CKV_AWS_290',
    'writes nothing without naming it',
    (policy) =>
      openStatements(policy).every(({ actions }) =>
        actions.every((action) => READ.test(action) || WITHOUT_RESOURCES.has(action)),
      ),
  ],
  [
    'CKV_AWS_355',
    'names the resource wherever AWS lets it',
    (policy) =>
      openStatements(policy).every(({ actions }) => actions.every((action) => WITHOUT_RESOURCES.has(action))),
  ],
  ['KMS.2', 'decrypts with no key but the named', refusedBy(leastPrivilege, /on every resource/)],
]);

const keyRules = [
  ...rulesFor('aws_kms_key', [
    ['CKV_AWS_7 AVD-AWS-0065 KMS.4', 'rotates', ({ attributes }) => attributes.enable_key_rotation === true],
    ['CKV_AWS_227', 'is enabled', ({ attributes }) => attributes.is_enabled !== false],
    ['CKV2_AWS_64', 'has a policy', ({ attributes }) => attributes.policy !== undefined],
    [
      'CKV_AWS_33 KMS.5',
      'lets no unnamed principal in',
      (key) => allowed(key).every(({ principals }) => principals.length > 0 && !principals.includes('*')),
    ],
    [
      'KMS.3',
      'is not deleted by mistake: a month to change one’s mind',
      ({ attributes }) => Number(attributes.deletion_window_in_days) >= 30,
    ],
    ['', 'is never destroyed by Terraform', refusedBy(stateful, /aws_kms_key.* lacks prevent_destroy/)],
  ]),
  ...rulesFor('aws_kms_alias', [
    [
      '',
      'names the key of this stack',
      ({ attributes }) => /aws_kms_key\./.test(String(attributes.target_key_id)),
    ],
  ]),
];

/** IAM and KMS: who may do what. */
export const identityRules = [...roleRules, ...rolePolicyRules, ...keyRules];
