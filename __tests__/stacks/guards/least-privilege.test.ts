import { leastPrivilege } from '../../../stacks/guards/least-privilege';
import { findings, one } from '../../support/guard-findings';

const policy = (...Statement: object[]) => ({
  'aws_iam_role_policy.mine': { policy: JSON.stringify({ Statement }) },
});
const allow = (statement: object) =>
  findings(leastPrivilege, policy({ Sid: 'Mine', Effect: 'Allow', ...statement }));

it('accepts actions and resources that are written out', () => {
  expect(
    allow({
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::x*'],
    }),
  ).toEqual([]);
  expect(allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket' })).toEqual([]);
});

it('refuses an action with a star, wherever it stands', () => {
  expect(allow({ Action: 's3:*', Resource: 'arn:aws:s3:::bucket' })).toEqual(
    one(/The statement "Mine" of aws_iam_role_policy.mine allows the action "s3:\*"/),
  );
  expect(allow({ Action: ['s3:GetObject', '*'], Resource: 'arn:aws:s3:::bucket' })).toEqual(
    one(/allows the action "\*"/),
  );
});

it.each(['*', 'arn:aws:s3:*', 'arn:aws:sqs:*:123456789012:queue', 'arn:*:sqs:*'])(
  'refuses an action on the resource %s',
  (resource) => {
    expect(allow({ Action: 'sqs:SendMessage', Resource: ['arn:aws:sqs:us-east-1:1:q', resource] })).toEqual(
      one(/allows sqs:SendMessage on every resource/),
    );
  },
);

it.each(['arn:aws:s3:::*', 'x*', '*x', 'xarn:aws:sqs:*', 'arn:aws:sqs:us-east-1:*'])(
  'does not take %s for every resource',
  (resource) => {
    expect(allow({ Action: 'sqs:SendMessage', Resource: resource })).toEqual([]);
  },
);

it('says of an action with a star on every resource one thing only', () => {
  expect(allow({ Action: 's3:*', Resource: '*' })).toEqual(one(/allows the action/));
});

it.each([
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'dynamodb:ListStreams',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
])('accepts %s on every resource, since AWS knows no narrower one', (action) => {
  expect(allow({ Action: action, Resource: '*' })).toEqual([]);
});

it.each([{ NotAction: 's3:GetObject' }, { NotResource: 'arn:aws:s3:::bucket' }])(
  'refuses everything but what it names: %j',
  (negated) => {
    expect(allow(negated)).toEqual(one(/allows everything but what it names/));
  },
);

it('asks nothing of a statement that denies', () => {
  expect(
    findings(leastPrivilege, policy({ Effect: 'Deny', NotAction: 's3:*', Action: '*', Resource: '*' })),
  ).toEqual([]);
});

it('looks at every statement, also at one without a name', () => {
  const named = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket' };
  expect(findings(leastPrivilege, policy(named, { ...named, Action: '*' }))).toEqual(
    one(/The statement "" of aws_iam_role_policy.mine/),
  );
});

it('refuses a policy that cannot be read', () => {
  const unread = { 'aws_iam_role_policy.mine': { policy: `\${data.aws_iam_policy_document.x.json}` } };
  expect(findings(leastPrivilege, unread)).toEqual(one(/^aws_iam_role_policy.mine: .*could be checked/));
});

it.each([
  'aws_iam_role_policy_attachment',
  'aws_iam_policy_attachment',
  'aws_iam_policy',
  'aws_iam_user',
  'aws_iam_user_policy',
  'aws_iam_access_key',
])('refuses rights by an %s', (type) => {
  expect(findings(leastPrivilege, { [`${type}.mine`]: {} })).toEqual(
    one(/grants rights that are not written out/),
  );
});

it.each(['managed_policy_arns', 'inline_policy'])('refuses a role with %s, and no other', (attribute) => {
  const roles = { 'aws_iam_role.mine': { [attribute]: [] }, 'aws_iam_role.other': {} };
  expect(findings(leastPrivilege, roles)).toEqual(
    one(/^aws_iam_role.mine: .*takes policies besides its own/),
  );
});
