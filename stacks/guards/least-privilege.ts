import { parseJson } from '../synthesized/json';
import { allowed, type PolicyStatement } from '../synthesized/policy';
import type { SynthesizedBlock } from '../synthesized/synthesized';
import { type Finding, type Guard, refuse } from './guard';

/** Actions for which AWS knows no resource (or Lambda demands "*"), each explained where it is granted. */
const NEEDS_EVERY_RESOURCE = new Set([
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'dynamodb:ListStreams',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
]);

/** Ways to give a role rights that are not written out in this stack. */
const BORROWED = [
  'aws_iam_role_policy_attachment',
  'aws_iam_policy_attachment',
  'aws_iam_policy',
  'aws_iam_user',
  'aws_iam_user_policy',
  'aws_iam_access_key',
] as const;

const REMEDY = "Write the actions into the function's permissions.";

/** A role may do what is written out here, action by action and resource by resource. */
export const leastPrivilege: Guard = (stack) => [
  ...refuse(
    stack.resources(...BORROWED),
    "grants rights that are not written out in the function's own policy.",
    REMEDY,
  ),
  ...refuse(
    stack.resources('aws_iam_role'),
    'takes policies besides its own aws_iam_role_policy.',
    REMEDY,
    (attributes) => 'managed_policy_arns' in attributes || 'inline_policy' in attributes,
  ),
  ...refuse(
    stack.resources('aws_iam_role_policy'),
    'is not JSON that could be checked.',
    'Write it with policyDocument.',
    ({ policy }) => parseJson(policy) === undefined,
  ),
  ...stack
    .resources('aws_iam_role_policy')
    .flatMap((policy) => allowed(policy).flatMap((statement) => statementFaults(statement, policy))),
];

function statementFaults(
  { sid, actions, resources, negated }: PolicyStatement,
  policy: SynthesizedBlock,
): Finding[] {
  const finding = (what: string): Finding => ({
    where: policy.where,
    what: `The statement "${sid}" of ${policy.address} ${what}`,
    remedy: 'Name the actions and the resources that the function needs.',
  });
  if (negated) return [finding('allows everything but what it names.')];
  const everywhere = resources.some((resource) => /^\*$|^arn:[^:]*:[^:]*:\*/.test(resource));
  return [
    ...actions
      .filter((action) => action.includes('*'))
      .map((action) => finding(`allows the action "${action}".`)),
    ...actions
      .filter((action) => everywhere && !action.includes('*') && !NEEDS_EVERY_RESOURCE.has(action))
      .map((action) => finding(`allows ${action} on every resource.`)),
  ];
}
