import { allowed, deniesPlainText, rolePolicies, statements } from '../../../stacks/synthesized/policy';
import { formOf } from '../../support/guard-findings';

const resource = (Statement: unknown, attribute = 'policy') => ({
  type: 'aws_s3_bucket_policy',
  name: 'mine',
  address: 'aws_s3_bucket_policy.mine',
  where: '',
  attributes: { [attribute]: JSON.stringify({ Statement }) },
});
const ALLOW = {
  sid: '',
  effect: 'Allow',
  actions: [],
  resources: [],
  principals: [],
  conditions: {},
  negated: false,
};

describe('a statement', () => {
  it('has its single values made lists', () => {
    const statement = {
      Sid: 'Mine',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn',
      Principal: '*',
      Condition: { Bool: { x: 'true' } },
    };
    expect(statements(resource(statement))).toEqual([
      {
        sid: 'Mine',
        effect: 'Allow',
        actions: ['s3:GetObject'],
        resources: ['arn'],
        principals: ['*'],
        conditions: { Bool: { x: 'true' } },
        negated: false,
      },
    ]);
  });

  it('may say next to nothing', () => {
    expect(statements(resource([{ Effect: 'Allow' }]))).toEqual([ALLOW]);
  });

  it.each([
    [{ AWS: ['one', 'two'], Service: 's3.amazonaws.com' }, ['one', 'two', 'Service:s3.amazonaws.com']],
    [{ AWS: '*' }, ['*']],
    [{ Federated: '*' }, ['Federated:*']],
    [null, []],
  ])('for %j has the principals %j', (Principal, principals) => {
    expect(statements(resource({ Effect: 'Allow', Principal }))).toEqual([{ ...ALLOW, principals }]);
  });

  it.each(['NotAction', 'NotResource'])('with %s names what it is not about', (negation) => {
    expect(statements(resource({ Effect: 'Allow', [negation]: 'x' }))).toEqual([{ ...ALLOW, negated: true }]);
  });
});

it('reads another attribute when asked, and finds nothing where none can be read', () => {
  expect(statements(resource({ Effect: 'Allow' }, 'other'), 'other')).toEqual([ALLOW]);
  expect(statements(resource({ Effect: 'Allow' }, 'other'))).toEqual([]);
});

it('tells what a policy allows, leaving out what it denies', () => {
  const both = [{ Effect: 'Deny' }, { Effect: 'Allow' }];
  expect(allowed(resource(both))).toEqual([ALLOW]);
  expect(allowed(resource(both, 'other'), 'other')).toEqual([ALLOW]);
  expect(allowed(resource(both, 'other'))).toEqual([]);
});

describe('whoever does not speak TLS is refused', () => {
  const TLS = { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
  const denies = (changes: object) =>
    statements(resource({ ...TLS, ...changes })).map((statement) => deniesPlainText(statement));

  it('by a statement that denies it to everybody', () => {
    expect(denies({})).toEqual([true]);
    expect(denies({ Principal: { AWS: '*' } })).toEqual([true]);
  });

  it.each([
    { Effect: 'Allow' },
    { Principal: { AWS: 'arn' } },
    { Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
    { Condition: { Other: { 'aws:SecureTransport': 'false' } } },
    { Condition: undefined },
  ])('but not with %j', (changes) => {
    expect(denies(changes)).toEqual([false]);
  });
});

it("a function's policies are those of its role, and of no other", () => {
  const form = formOf({
    'aws_iam_role.mine': {},
    'aws_iam_role.other': {},
    'aws_lambda_function.mine': { role: `\${aws_iam_role.mine.arn}` },
    'aws_iam_role_policy.first': { role: `\${aws_iam_role.mine.id}` },
    'aws_iam_role_policy.second': { role: `\${aws_iam_role.mine.name}` },
    'aws_iam_role_policy.other': { role: `\${aws_iam_role.other.id}` },
    'aws_sqs_queue_policy.mine': { role: `\${aws_iam_role.mine.id}` },
  });
  const [lambda] = form.resources('aws_lambda_function');
  expect(lambda && rolePolicies(form, lambda).map(({ address }) => address)).toEqual([
    'aws_iam_role_policy.first',
    'aws_iam_role_policy.second',
  ]);
});
