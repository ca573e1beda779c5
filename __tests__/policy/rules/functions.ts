import { at, texts } from '../../../stacks/synthesized/json';
import { isTagged, rulesFor } from '../rule';

/** Lambda's Node.js runtimes that AWS still patches on the day this was written (2026-11-21). */
const SUPPORTED_RUNTIMES = ['nodejs22.x', 'nodejs24.x'];

/** What a value looks like when somebody pasted a secret. */
const SECRET = /^(AKIA|ASIA)[A-Z0-9]{16}$|^(sk|ck|ghp|xox[abp])[-_]\w{12,}|-----BEGIN|^[A-Za-z0-9/+]{40}$/;

const functionRules = rulesFor('aws_lambda_function', [
  [
    'CKV_AWS_45',
    'carries no secret in its environment',
    ({ attributes }) =>
      Object.values((at(attributes, 'environment.variables') ?? {}) as object).every(
        (text) => !SECRET.test(text),
      ),
  ],
  [
    'CKV_AWS_50 AVD-AWS-0066 Lambda.7',
    'is traced',
    ({ attributes }) => at(attributes, 'tracing_config.mode') === 'Active',
  ],
  [
    'CKV_AWS_115',
    'has a concurrency of its own',
    ({ attributes }) => Number(attributes.reserved_concurrent_executions) > 0,
  ],
  [
    'CKV_AWS_363 Lambda.2',
    'has a supported runtime',
    ({ attributes }) => SUPPORTED_RUNTIMES.includes(String(attributes.runtime)),
  ],
  [
    'Lambda.5',
    'reaches its network in two zones or more',
    ({ attributes }) =>
      attributes.vpc_config === undefined || texts(at(attributes, 'vpc_config.subnet_ids')).length > 1,
  ],
  ['Lambda.6', 'is tagged', isTagged],
  [
    'CKV_AWS_258',
    'has no URL',
    (_function, stack) => stack.resources('aws_lambda_function_url').length === 0,
  ],
  [
    'CKV_AWS_173',
    'has its environment encrypted with a customer key',
    ({ attributes }) => attributes.kms_key_arn !== undefined,
  ],
  ['CKV_AWS_117 Lambda.3', 'is in a network', ({ attributes }) => attributes.vpc_config !== undefined],
  ['CKV_AWS_116', 'has a dead letter queue', ({ attributes }) => attributes.dead_letter_config !== undefined],
  [
    'CKV_AWS_272',
    'checks who signed its code',
    ({ attributes }) => attributes.code_signing_config_arn !== undefined,
  ],
  [
    '',
    'is deployed by the hash of its code',
    ({ attributes }) => /^[\w+/]{43}=$/.test(String(attributes.source_code_hash)),
  ],
  [
    '',
    'writes to a log group of this stack',
    ({ attributes }) => /aws_cloudwatch_log_group\./.test(String(at(attributes, 'logging_config.log_group'))),
  ],
]);

const permissionRules = rulesFor('aws_lambda_permission', [
  [
    'CKV_AWS_301 Lambda.1',
    'lets one service in, and no public',
    ({ attributes }) => /^[a-z]+\.amazonaws\.com$/.test(String(attributes.principal)),
  ],
  [
    'CKV_AWS_364 AVD-AWS-0067',
    'names the source that may call',
    ({ attributes }) => attributes.source_arn !== undefined || attributes.source_account !== undefined,
  ],
]);

const invokeRules = rulesFor('aws_lambda_function_event_invoke_config', [
  [
    '',
    'puts aside what no try could handle',
    ({ attributes }) => at(attributes, 'destination_config.on_failure.destination') !== undefined,
  ],
]);

/** Lambda. */
export const functionsRules = [...functionRules, ...permissionRules, ...invokeRules];
