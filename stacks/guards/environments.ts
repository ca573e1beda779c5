import { COLLECTIONS } from '../../contracts/collections';
import { environmentSchemas } from '../../contracts/environment';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES, queueUrlVariable } from '../../contracts/queues';
import { terraformName } from '../names';
import { at, block, type Json } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import type { Finding, Guard } from './guard';

/** What each variable that names a resource must name. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  CHROMADB_BUCKET: ['aws_s3_bucket.chromadb'],
  ...Object.fromEntries(
    QUEUE_NAMES.map((queue) => [queueUrlVariable(queue), [`aws_sqs_queue.${terraformName(queue)}`]]),
  ),
  COMPACTION_RUNS_TABLE: ['aws_dynamodb_table.compaction_runs', 'data.aws_dynamodb_table.compaction_runs'],
};

/** Names of the old system, and what took their place. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  COMPACTION_QUEUE_URL: COLLECTIONS.map(queueUrlVariable).join(' and '),
  DYNAMO_TABLE_NAME: 'COMPACTION_RUNS_TABLE',
  DYNAMODB_TABLE_NAME: 'COMPACTION_RUNS_TABLE',
};

/** Each function has exactly the variables of its contract, and each names the shared resource. */
export const environments: Guard = (stack) =>
  stack.resources('aws_lambda_function').flatMap((lambda) => {
    const variables = block(at(lambda.attributes, 'environment.variables'));
    const name = FUNCTION_NAMES.find((known) => terraformName(known) === lambda.name);
    return [
      ...Object.entries(variables).flatMap(([variable, value]) =>
        faults(stack, lambda, name, variable, value),
      ),
      ...missing(lambda, name, variables),
    ];
  });

function faults(
  stack: Synthesized,
  lambda: SynthesizedBlock,
  name: FunctionName | undefined,
  variable: string,
  value: unknown,
): Finding[] {
  const { where, address } = lambda;
  const findings: Finding[] = [];
  if (name !== undefined && !(variable in environmentSchemas[name].shape)) {
    const successor = SUCCESSORS[variable];
    findings.push({
      where,
      what: `${address} has the variable ${variable}, which is not in its contract${successor === undefined ? '' : ` (the old system's name; its successor is ${successor})`}.`,
      remedy:
        'Give functions their variables by stacks/pipeline/environment.ts, and add new ones to contracts/environment.ts.',
    });
  }
  const expected = SHARED[variable];
  const target = stack.target(value)?.address;
  if (expected !== undefined && (target === undefined || !expected.includes(target))) {
    findings.push({
      where,
      what: `${variable} of ${address} is ${JSON.stringify(value)}, which is not ${expected[0]}.`,
      remedy: 'Take it from stacks/pipeline/environment.ts, which names the shared resource.',
    });
  }
  return findings;
}

/** A variable without a default that the stack does not set would end the function at its cold start. */
function missing(
  { where, address }: SynthesizedBlock,
  name: FunctionName | undefined,
  variables: Json,
): Finding[] {
  if (name === undefined) return [];
  return Object.entries(environmentSchemas[name].shape)
    .filter(([variable, schema]) => !(variable in variables) && !schema.safeParse(undefined).success)
    .map(([variable]) => ({
      where,
      what: `${address} lacks the variable ${variable}, without which it does not start.`,
      remedy: 'Give functions their variables by stacks/pipeline/environment.ts.',
    }));
}
