import { isTagged, rulesFor } from '../rule';
import { blocks, value } from '../synthesized-stack';

/** Lambda's Node.js runtimes that AWS still patches on the day this was written (2026-11-21). */
const SUPPORTED_RUNTIMES = ['nodejs22.x', 'nodejs24.x'];

/** What a value looks like when somebody pasted a secret. */
const SECRET = /^(AKIA|ASIA)[A-Z0-9]{16}$|^(sk|ck|ghp|xox[abp])[-_]\w{12,}|-----BEGIN|^[A-Za-z0-9/+]{40}$/;

const functionRules = rulesFor('aws_lambda_function', [
  [
    'CKV_AWS_45',
    'carries no secret in its environment',
    ({ block }) =>
      Object.values((value(block, 'environment.variables') ?? {}) as object).every(
        (text) => !SECRET.test(text),
      ),
  ],
  [
    'CKV_AWS_50 AVD-AWS-0066 Lambda.7',
    'is traced',
    ({ block }) => value(block, 'tracing_config.mode') === 'Active',
  ],
  [
    'CKV_AWS_115',
    'has a concurrency of its own',
    ({ block }) => Number(block.reserved_concurrent_executions) > 0,
  ],
  [
    'CKV_AWS_363 Lambda.2',
    'has a supported runtime',
    ({ block }) => SUPPORTED_RUNTIMES.includes(String(block.runtime)),
  ],
  [
    'Lambda.5',
    'reaches its network in two zones or more',
    ({ block }) =>
      block.vpc_config === undefined || blocks(value(block, 'vpc_config'), 'subnet_ids').length > 1,
  ],
  ['Lambda.6', 'is tagged', isTagged],
  ['CKV_AWS_258', 'has no URL', (_function, stack) => stack.of('aws_lambda_function_url').length === 0],
  [
    'CKV_AWS_173',
    'has its environment encrypted with a customer key',
    ({ block }) => block.kms_key_arn !== undefined,
  ],
  ['CKV_AWS_117 Lambda.3', 'is in a network', ({ block }) => block.vpc_config !== undefined],
  ['CKV_AWS_116', 'has a dead letter queue', ({ block }) => block.dead_letter_config !== undefined],
  ['CKV_AWS_272', 'checks who signed its code', ({ block }) => block.code_signing_config_arn !== undefined],
  [
    '',
    'is deployed by the hash of its code',
    ({ block }) => /^[\w+/]{43}=$/.test(String(block.source_code_hash)),
  ],
  [
    '',
    'writes to a log group of this stack',
    ({ block }) => /aws_cloudwatch_log_group\./.test(String(value(block, 'logging_config.log_group'))),
  ],
]);

const permissionRules = rulesFor('aws_lambda_permission', [
  [
    'CKV_AWS_301 Lambda.1',
    'lets one service in, and no public',
    ({ block }) => /^[a-z]+\.amazonaws\.com$/.test(String(block.principal)),
  ],
  [
    'CKV_AWS_364 AVD-AWS-0067',
    'names the source that may call',
    ({ block }) => block.source_arn !== undefined || block.source_account !== undefined,
  ],
]);

const invokeRules = rulesFor('aws_lambda_function_event_invoke_config', [
  [
    '',
    'puts aside what no try could handle',
    ({ block }) => value(block, 'destination_config.on_failure.destination') !== undefined,
  ],
]);

/** Lambda. */
export const functionsRules = [...functionRules, ...permissionRules, ...invokeRules];
