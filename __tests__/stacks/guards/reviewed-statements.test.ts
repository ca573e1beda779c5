import { parseConfig } from '../../../stacks/config';
import type { Guard } from '../../../stacks/guards/guard';
import { reviewedStatements, statementFindings } from '../../../stacks/guards/reviewed-statements';
import { statementRows, textOf } from '../../../stacks/synthesized/statement-rows';
import { type Blocks, findings, formOf, one } from '../../support/guard-findings';

const policy = (...Statement: object[]) => JSON.stringify({ Statement });
const ROLE = { role: `\${aws_iam_role.mine.id}` };
const READ = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: ['a', 'b'] };
const FENCED = { Sid: 'Fenced', Effect: 'Deny', Action: 's3:GetObject', Resource: '*' };
const TLS = { Sid: 'Tls', Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*' };
const OWNER = { Sid: 'Owner', Effect: 'Allow', Principal: { AWS: 'me' }, Action: 'kms:*', Resource: '*' };

const form = (role: object[], key: object[]): Blocks => ({
  'aws_iam_role.mine': {},
  'aws_iam_role_policy.mine': { ...ROLE, policy: policy(...role) },
  'aws_kms_key.mine': { policy: policy(...key) },
});
const REVIEWED = statementRows(formOf(form([READ, FENCED], [OWNER, TLS]))).map(({ cells }) => textOf(cells));

const guard: Guard = (stack) => statementFindings(stack, REVIEWED);
const found = (role: object[], key: object[] = [OWNER, TLS], more: Blocks = {}) =>
  findings(guard, { ...form(role, key), ...more });

it('accepts what was reviewed, in whichever order, and less of what is allowed', () => {
  expect(found([FENCED, READ])).toEqual([]);
  expect(found([], [TLS])).toEqual([]);
});

it.each<[string, object, string]>([
  [
    'actions',
    { Action: ['s3:GetObject', 's3:PutObject'] },
    '`s3:GetObject`, `s3:PutObject`, and were reviewed as `s3:GetObject`',
  ],
  ['resources', { Resource: '*' }, '`*`, and were reviewed as `a`, `b`'],
  ['conditions', { Condition: { Bool: { a: 'b' } } }, 'Bool: a `b`, and were reviewed as none'],
  ['effect', { Effect: 'Deny' }, 'Deny, and were reviewed as Allow'],
])('refuses other %s than were reviewed', (column, change, sentence) => {
  expect(found([{ ...READ, ...change }, FENCED])).toContainEqual(
    `aws_iam_role_policy.mine: The statement \`Read\` of aws_iam_role_policy.mine is not as reviewed: its ${column} are ${sentence}.`,
  );
});

it('names all that differs', () => {
  expect(found([{ ...READ, Action: 'x', Resource: 'y' }])).toEqual(
    one(
      /its actions are `x`, and .* `s3:GetObject`; its resources are `y`, and were reviewed as `a`, `b`\.$/,
    ),
  );
});

it('compares with the nearest of several that were reviewed under one name', () => {
  const reviewed = [
    [{ ...READ, Action: 'z', Resource: 'z' }],
    [{ ...READ, Resource: 'x' }],
    [{ ...READ, Action: 'y', Resource: 'y' }],
  ].flatMap((role) => statementRows(formOf(form(role, []))).map(({ cells }) => textOf(cells)));
  const [finding] = statementFindings(formOf(form([READ], [])), reviewed);
  expect(finding?.what).toMatch(
    /is not as reviewed: its resources are `a`, `b`, and were reviewed as `x`\.$/,
  );
});

it("does not take another policy's statement for the one that was meant", () => {
  const wider = { ...READ, Resource: '*' };
  const other = { 'aws_iam_role_policy.other': { role: 'other', policy: policy(wider) } };
  const reviewed = statementRows(formOf({ ...form([READ], []), ...other }))
    .map(({ cells }) => textOf(cells))
    .reverse();
  const [finding] = statementFindings(formOf({ ...form([wider], []), ...other }), reviewed);
  expect(finding?.what).toMatch(
    /is not as reviewed: its resources are `\*`, and were reviewed as `a`, `b`\.$/,
  );
});

it('refuses a statement that nobody has reviewed, and says what it allows', () => {
  expect(found([READ, FENCED, { ...READ, Sid: 'More' }])).toEqual(
    one(
      /`More` of .* is not as reviewed: nobody has reviewed one of this name, and it says Allow `s3:GetObject` on `a`, `b`\.$/,
    ),
  );
  expect(found([{ Effect: 'Allow' }])).toEqual(one(/The statement "" of .* it says Allow none on none\.$/));
});

it("refuses the statement of another's policy", () => {
  const other = { 'aws_iam_role_policy.other': { role: 'other', policy: policy(READ) } };
  expect(found([READ, FENCED], [OWNER, TLS], other)).toEqual(
    one(/^aws_iam_role_policy\.other: The statement `Read` of aws_iam_role_policy\.other is not as reviewed/),
  );
});

it('refuses a policy that cannot be read', () => {
  const unread = { 'aws_kms_key.other': { policy: `\${data.x.y.json}` } };
  expect(found([], [TLS], unread)).toEqual(
    one(/^aws_kms_key\.other: .* has a policy that is not JSON at synthesis/),
  );
});

describe('a denial', () => {
  it('that was reviewed stands in a policy of what is not a role, whatever else does', () => {
    expect(found([], [OWNER])).toEqual([
      '`aws_kms_key.mine`: The statement `Tls` of `aws_kms_key.mine` is gone, and what it denied is let in.',
    ]);
  });

  it('is missed also where a policy says nothing any more', () => {
    expect(found([], [])).toEqual(one(/`Tls` of `aws_kms_key\.mine` is gone/));
  });

  it('of a role is due where the same actions are allowed', () => {
    expect(found([READ])).toEqual(
      one(/The statement `Fenced` of `aws_iam_role_policy` of `aws_iam_role\.mine` is gone/),
    );
    expect(found([])).toEqual([]);
  });

  it('of a role is not due for what another policy allows, or what is denied', () => {
    const other = { 'aws_iam_role_policy.other': { role: 'other', policy: policy(READ) } };
    expect(found([], [OWNER, TLS], other)).toEqual(
      one(/`Read` of aws_iam_role_policy\.other is not as reviewed/),
    );
    expect(found([{ ...FENCED, Resource: 'x' }])).toEqual(one(/`Fenced` of .* is not as reviewed/));
  });

  it('is not missed where there is no such policy, and what is allowed may go', () => {
    expect(findings(guard, {})).toEqual([]);
    expect(found([FENCED])).toEqual([]);
  });
});

it('says how a statement is reviewed', () => {
  const [wider] = statementFindings(formOf(form([{ ...READ, Resource: '*' }], [])), REVIEWED);
  expect(wider?.remedy).toMatch(
    /run "npm run statements" and let somebody review what changes in docs\/policy-statements\.md/,
  );
  expect(statementFindings(formOf(form([], [OWNER])), REVIEWED).map(({ remedy }) => remedy)).toEqual([
    wider?.remedy,
  ]);
});

it('compares with the committed page', () => {
  const key = (statement: object) =>
    reviewedStatements(
      formOf({ 'aws_kms_key.encryption': { policy: policy(statement) } }),
      parseConfig({}, 'test'),
    );
  const cloudwatch = {
    Sid: 'Allowcloudwatch',
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: {
      StringEquals: {
        'aws:SourceAccount': `\${data.aws_caller_identity.deployment_caller_0D3CE255.account_id}`,
      },
    },
  };
  expect(key(cloudwatch)).toEqual([]);
  expect(key({ ...cloudwatch, Condition: {} })).toHaveLength(1);
});
