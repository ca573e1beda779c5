import { at, block } from '../synthesized/json';
import type { Guard } from './guard';

/** What puts a secret's value into Terraform's state, where everybody who deploys can read it. */
const REVEALING = [
  'aws_secretsmanager_secret_version',
  'aws_secretsmanager_random_password',
  'aws_ssm_parameter',
  'aws_iam_access_key',
] as const;

/** No secret in an environment variable or in the state: functions read them by name, at run time. */
export const noSecrets: Guard = (stack) => [
  ...[...stack.resources(...REVEALING), ...stack.data(...REVEALING)].map(({ where, address }) => ({
    where,
    what: `${address} writes a secret into Terraform's state.`,
    remedy: "Pass the secret's NAME; the function reads it from Secrets Manager.",
  })),
  ...stack.resources('aws_lambda_function').flatMap(({ where, address, attributes }) =>
    Object.entries(block(at(attributes, 'environment.variables')))
      .filter(
        ([name, value]) =>
          (/KEY|TOKEN|PASSWORD|SECRET/.test(name) && !name.endsWith('_SECRET_NAME')) ||
          (typeof value === 'string' && /^(sk-|ck-|AKIA|ASIA)[\w-]{12,}/.test(value)),
      )
      .map(([name]) => ({
        where,
        what: `The variable ${name} of ${address} looks like a secret; everybody who sees the function sees it.`,
        remedy: "Pass the secret's NAME in a variable that ends in _SECRET_NAME.",
      })),
  ),
];
