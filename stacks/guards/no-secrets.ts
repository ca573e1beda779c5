import { looksLikeKey } from '../secrets';
import { at, block } from '../synthesized/json';
import { type Guard, refuse } from './guard';

/** What puts a secret's value into Terraform's state, where everybody who deploys can read it. */
const REVEALING = [
  'aws_secretsmanager_secret_version',
  'aws_secretsmanager_random_password',
  'aws_ssm_parameter',
  'aws_iam_access_key',
] as const;

/** What AWS gives out as a secret access key; it has no prefix to know it by. */
const AWS_SECRET_KEY = /^[A-Za-z0-9/+]{40}$/;

/** No secret in an environment variable or in the state: functions read them by name, at run time. */
export const noSecrets: Guard = (stack) => [
  ...refuse(
    [...stack.resources(...REVEALING), ...stack.data(...REVEALING)],
    "writes a secret into Terraform's state.",
    "Pass the secret's NAME; the function reads it from Secrets Manager.",
  ),
  ...stack.resources('aws_lambda_function').flatMap(({ where, address, attributes }) =>
    Object.entries(block(at(attributes, 'environment.variables')))
      .filter(
        ([name, value]) =>
          (/KEY|TOKEN|PASSWORD|SECRET/.test(name) && !name.endsWith('_SECRET_NAME')) ||
          looksLikeKey(value) ||
          AWS_SECRET_KEY.test(String(value)),
      )
      .map(([name]) => ({
        where,
        what: `The variable ${name} of ${address} looks like a secret; everybody who sees the function sees it.`,
        remedy: "Pass the secret's NAME in a variable that ends in _SECRET_NAME.",
      })),
  ),
];
