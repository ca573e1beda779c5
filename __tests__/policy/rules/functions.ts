import { concurrency } from '../../../stacks/guards/concurrency';
import { isolatedNetwork } from '../../../stacks/guards/isolated-network';
import { noSecrets } from '../../../stacks/guards/no-secrets';
import { observableFunctions } from '../../../stacks/guards/observable-functions';
import { at, texts } from '../../../stacks/synthesized/json';
import { isTagged, refusedBy, rulesFor } from '../rule';

/** Lambda's Node.js runtimes that AWS still patches on the day this was written (2026-11-21). */
const SUPPORTED_RUNTIMES = ['nodejs22.x', 'nodejs24.x'];

const functionRules = rulesFor('aws_lambda_function', [
  ['CKV_AWS_45', 'carries no secret in its environment', refusedBy(noSecrets, /looks like a secret/)],
  ['CKV_AWS_50 AVD-AWS-0066 Lambda.7', 'is traced', refusedBy(observableFunctions, /is not traced/)],
  [
    'CKV_AWS_115',
    'has a concurrency of its own',
    ({ attributes }) => Number(attributes.reserved_concurrent_executions) > 0,
  ],
  ['', 'can take what its mappings hand it', refusedBy(concurrency, /reserve[sd]/)],
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
  ['CKV_AWS_258', 'has no URL', refusedBy(isolatedNetwork, /aws_lambda_function_url.* opens/)],
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
    refusedBy(observableFunctions, /names no log group of this stack/),
  ],
]);

const permissionRules = rulesFor('aws_lambda_permission', [
  ['CKV_AWS_301 Lambda.1', 'lets one service in, and no public', refusedBy(isolatedNetwork, /lets anybody/)],
  ['CKV_AWS_364 AVD-AWS-0067', 'names the source that may call', refusedBy(isolatedNetwork, /lets anybody/)],
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
