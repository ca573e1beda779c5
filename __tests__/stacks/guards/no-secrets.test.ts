import { noSecrets } from '../../../stacks/guards/no-secrets';
import { findings, one } from '../../support/guard-findings';

const variable = (name: string, value: unknown) =>
  findings(noSecrets, {
    'aws_lambda_function.mine': { environment: [{ variables: { HARMLESS: 'x', [name]: value } }] },
  });

it.each([
  'aws_secretsmanager_secret_version',
  'aws_secretsmanager_random_password',
  'aws_ssm_parameter',
  'aws_iam_access_key',
])('refuses an %s, made or read', (type) => {
  for (const prefix of ['', 'data.']) {
    expect(findings(noSecrets, { [`${prefix}${type}.mine`]: {} })).toEqual(
      one(RegExp(`^${prefix}${type}.mine: .*writes a secret into Terraform's state`)),
    );
  }
});

it.each(['API_KEY', 'GITHUB_TOKEN', 'DB_PASSWORD', 'SECRET', 'OPENAI_SECRET_NAME_OLD'])(
  'refuses the variable %s, whatever its value',
  (name) => {
    expect(variable(name, 'x')).toEqual(one(RegExp(`The variable ${name} of aws_lambda_function.mine`)));
    expect(variable(name, 1)).toEqual(one(RegExp(`The variable ${name} `)));
  },
);

it('accepts the name of a secret', () => {
  expect(variable('OPENAI_SECRET_NAME', 'openai')).toEqual([]);
  expect(variable('CHROMA_KEY_SECRET_NAME', 'chroma')).toEqual([]);
});

it.each([
  'sk-abcdefghijkl',
  'ck-ABCDEFGH_-12',
  'AKIA0123456789AB',
  'ASIA0123456789AB',
  'ghp_abcdefghijkl',
  'xoxb-abcdefghijkl',
  '-----BEGIN PRIVATE KEY-----',
  'a'.repeat(40),
])('refuses the value %s under a harmless name, also under that of a secret', (value) => {
  expect(variable('MODEL', value)).toEqual(one(/MODEL/));
  expect(variable('OPENAI_SECRET_NAME', value)).toEqual(one(/OPENAI_SECRET_NAME/));
});

it.each([
  'sk-abcdefghijk',
  'a'.repeat(39),
  'a'.repeat(41),
  'sk-abcdefghijk.x',
  'x sk-abcdefghijkl',
  'AKIA/0123456789AB',
  ['sk-abcdefghijkl'],
])('accepts the value %p', (value) => {
  expect(variable('MODEL', value)).toEqual([]);
});
