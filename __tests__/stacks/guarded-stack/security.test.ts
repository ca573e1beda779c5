import { FUNCTION_NAMES } from '../../../contracts/functions';
import { addRaw, addressOf, complaints, override } from '../../support/guarded-stack';

const ROLE_POLICY = 'aws_iam_role_policy';
const policy = (...statements: object[]) => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
});

describe('least privilege', () => {
  const withStatement = (statement: object) =>
    complaints((stack) =>
      override(stack, addressOf(stack, ROLE_POLICY, 'reconcile-runs'), policy({ Sid: 'Mine', ...statement })),
    );

  it.each([
    [{ Effect: 'Allow', Action: '*', Resource: 'arn:aws:s3:::b' }, 'allows the action "\\*"'],
    [{ Effect: 'Allow', Action: ['s3:*'], Resource: 'arn:aws:s3:::b' }, 'allows the action "s3:\\*"'],
    [
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' },
      'allows sqs:SendMessage on every resource',
    ],
    [
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:*:*:*' },
      'allows sqs:SendMessage on every resource',
    ],
    [{ Effect: 'Allow', NotAction: 'iam:*', Resource: 'arn:aws:s3:::b' }, 'allows everything but'],
    [{ Effect: 'Allow', Action: 's3:GetObject', NotResource: 'arn:aws:s3:::b' }, 'allows everything but'],
  ])('refuses %j', (statement, fault) => {
    expect(withStatement(statement)).toMatch(new RegExp(`leastPrivilege: .*"Mine" of .*${fault}`));
  });

  it('lets a Deny be as wide as it likes', () => {
    expect(withStatement({ Effect: 'Deny', Action: '*', Resource: '*' })).not.toMatch(/leastPrivilege/);
  });

  it('refuses a policy that cannot be read at synthesis', () => {
    const message = complaints((stack) =>
      override(stack, addressOf(stack, ROLE_POLICY, 'reconcile-runs'), {
        policy: `\${data.aws_iam_policy_document.mine.json}`,
      }),
    );
    expect(message).toMatch(/leastPrivilege: .*is not JSON that could be checked/);
  });

  it.each(['aws_iam_role_policy_attachment', 'aws_iam_policy', 'aws_iam_user', 'aws_iam_access_key'])(
    'refuses borrowed rights by %s',
    (type) => {
      const attributes = { policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' };
      expect(complaints((stack) => addRaw(stack, type, 'mine', attributes))).toMatch(
        new RegExp(`leastPrivilege: .*${type}.mine grants rights`),
      );
    },
  );

  it('refuses managed policies on a role', () => {
    const message = complaints((stack) =>
      override(stack, addressOf(stack, 'aws_iam_role', 'reconcile-runs'), {
        managed_policy_arns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
      }),
    );
    expect(message).toMatch(/leastPrivilege: .*takes policies besides its own/);
  });
});

describe('no secrets', () => {
  it.each([
    ['OPENAI_API_KEY', 'anything'],
    ['CHROMA_TOKEN', 'anything'],
    ['EMBEDDING_MODEL', 'sk-abcdefghijklmnopqrstuvwxyz'],
  ])('refuses the variable %s, and does not repeat its value', (name, value) => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_function.embed_from_ndjson', { [`environment.variables.${name}`]: value }),
    );
    expect(message).toMatch(new RegExp(`noSecrets: .*The variable ${name} .*looks like a secret`));
    expect(message).not.toMatch(/noSecrets: .*sk-abc/);
  });

  it.each(['aws_secretsmanager_secret_version', 'aws_ssm_parameter'])(
    'refuses %s, which writes the value into the state',
    (type) => {
      expect(complaints((stack) => stack.addOverride(`data.${type}.key`, { name: 'x' }))).toMatch(
        /noSecrets: .*writes a secret into Terraform's state/,
      );
      expect(complaints((stack) => addRaw(stack, type, 'key', {}))).toMatch(/noSecrets/);
    },
  );
});

describe('private resources', () => {
  const queuePolicy = (...statements: object[]) =>
    complaints((stack) =>
      override(stack, addressOf(stack, 'aws_sqs_queue_policy', 'queues_lines_policy'), policy(...statements)),
    );
  const tls = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };

  it('refuse a queue that may be spoken to without TLS', () => {
    expect(queuePolicy({ ...tls, Condition: {} })).toMatch(
      /privateResources: .*aws_sqs_queue.lines has 1 policies, and none refuses requests without TLS/,
    );
  });

  it('refuse a second policy, which would overwrite the first', () => {
    const message = complaints((stack) =>
      addRaw(stack, 'aws_sqs_queue_policy', 'mine', {
        queue_url: `\${aws_sqs_queue.lines.url}`,
        ...policy(tls),
      }),
    );
    expect(message).toMatch(/privateResources: .*has 2 policies/);
  });

  it.each([
    ['everybody', { Principal: '*' }],
    ['everybody, the long way', { Principal: { AWS: '*' } }],
    ['a whole service', { Principal: { Service: 's3.amazonaws.com' } }],
  ])('refuse to let in %s', (_who, principal) => {
    expect(
      queuePolicy(tls, {
        Sid: 'Open',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: '*',
        ...principal,
      }),
    ).toMatch(/privateResources: .*"Open" of .*lets in principals of other accounts/);
  });

  it.each([
    ['aws_s3_bucket_public_access_block', { block_public_policy: false }, 'does not set block_public_policy'],
    [
      'aws_s3_bucket_versioning',
      { 'versioning_configuration.status': 'Suspended' },
      'is not Enabled: an overwritten pointer',
    ],
    ['aws_efs_file_system', { encrypted: false }, 'is not encrypted at rest'],
  ])('refuse a weakened %s', (type, attributes, fault) => {
    expect(complaints((stack) => override(stack, addressOf(stack, type), attributes))).toMatch(
      new RegExp(`privateResources: .*${fault}`),
    );
  });

  it('refuse a queue without encryption', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_sqs_queue.words', { sqs_managed_sse_enabled: false }),
    );
    expect(message).toMatch(/privateResources: .*aws_sqs_queue.words is not encrypted/);
  });
});

describe('the isolated network', () => {
  it.each(['aws_nat_gateway', 'aws_internet_gateway', 'aws_lambda_function_url', 'aws_eip'])(
    'has no %s',
    (type) => {
      expect(complaints((stack) => addRaw(stack, type, 'way_out', {}))).toMatch(
        new RegExp(`isolatedNetwork: .*${type}.way_out opens`),
      );
    },
  );

  it('opens no security group to the world', () => {
    const message = complaints((stack) =>
      addRaw(stack, 'aws_vpc_security_group_egress_rule', 'all', { cidr_ipv4: '0.0.0.0/0' }),
    );
    expect(message).toMatch(/isolatedNetwork: .*opens a security group to the whole world/);
  });

  it('keeps its default security group empty, and rules one by one', () => {
    const rule = { ingress: [{ protocol: '-1' }] };
    expect(
      complaints((stack) => override(stack, addressOf(stack, 'aws_default_security_group'), rule)),
    ).toMatch(/isolatedNetwork: .*lets traffic through/);
    expect(
      complaints((stack) => override(stack, addressOf(stack, 'aws_security_group', 'compaction'), rule)),
    ).toMatch(/isolatedNetwork: .*has rules of its own/);
  });

  it('gives out no public addresses', () => {
    const message = complaints((stack) =>
      override(stack, addressOf(stack, 'aws_subnet', 'subnet-0'), { map_public_ip_on_launch: true }),
    );
    expect(message).toMatch(/isolatedNetwork: .*gives out public addresses/);
  });

  it.each(FUNCTION_NAMES.filter((name) => name !== 'enhanced-compaction'))('leaves %s outside', (name) => {
    const message = complaints((stack) =>
      override(stack, `aws_lambda_function.${name.replaceAll('-', '_')}`, {
        vpc_config: { subnet_ids: ['x'] },
      }),
    );
    expect(message).toMatch(/isolatedNetwork: .*is in the VPC/);
  });

  it('lets only the schedule call the reconciler', () => {
    const message = complaints((stack) =>
      override(stack, addressOf(stack, 'aws_lambda_permission'), { principal: '*' }),
    );
    expect(message).toMatch(/isolatedNetwork: .*lets anybody/);
  });
});

describe('every function can be observed', () => {
  it('refuses one that is not traced', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_function.reconcile_runs', { 'tracing_config.mode': 'PassThrough' }),
    );
    expect(message).toMatch(/observableFunctions: .*is not traced/);
  });

  it('refuses one whose log group is not ours', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_function.reconcile_runs', { logging_config: [] }),
    );
    expect(message).toMatch(/observableFunctions: .*names no log group of this stack/);
  });

  it('refuses a log group that keeps its lines for ever', () => {
    const message = complaints((stack) =>
      addRaw(stack, 'aws_cloudwatch_log_group', 'mine', { name: 'mine' }),
    );
    expect(message).toMatch(/observableFunctions: .*keeps its lines for ever/);
  });
});
