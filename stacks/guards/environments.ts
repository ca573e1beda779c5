import { COLLECTIONS } from '../../contracts/collections';
import { environmentSchemas } from '../../contracts/environment';
import { FUNCTION_NAMES } from '../../contracts/functions';
import { QUEUE_NAMES, queueUrlVariable } from '../../contracts/queues';
import { terraformName } from '../names';
import { at, block } from '../synthesized/json';
import type { Synthesized, SynthesizedBlock } from '../synthesized/synthesized';
import { type Finding, faults, type Guard } from './guard';

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

const REMEDY = 'Give functions their variables by stacks/pipeline/environment.ts';

/** Each function has exactly the variables of its contract, and each names the shared resource. */
export const environments: Guard = (stack) =>
  stack.resources('aws_lambda_function').flatMap((lambda) => {
    const variables = block(at(lambda.attributes, 'environment.variables'));
    const name = FUNCTION_NAMES.find((known) => terraformName(known) === lambda.name);
    const contract = name && environmentSchemas[name].shape;
    return [
      ...Object.entries(variables).flatMap(([variable, value]) => [
        ...faults(lambda, [
          contract !== undefined && !(variable in contract),
          `has the variable ${variable}, which is not in its contract${succession(variable)}.`,
          `${REMEDY}, and add new ones to contracts/environment.ts.`,
        ]),
        ...elsewhere(stack, lambda, variable, value),
      ]),
      // Without it the function would end at its cold start.
      ...Object.entries(contract ?? {}).flatMap(([variable, schema]) =>
        faults(lambda, [
          !(variable in variables) && !schema.safeParse(undefined).success,
          `lacks the variable ${variable}, without which it does not start.`,
          `${REMEDY}.`,
        ]),
      ),
    ];
  });

const succession = (variable: string): string =>
  variable in SUCCESSORS ? ` (the old system's name; its successor is ${SUCCESSORS[variable]})` : '';

/** A variable that names another resource than the shared one. */
function elsewhere(
  stack: Synthesized,
  { where, address }: SynthesizedBlock,
  variable: string,
  value: unknown,
): Finding[] {
  const expected = SHARED[variable];
  const target = stack.target(value)?.address;
  if (expected === undefined || (target !== undefined && expected.includes(target))) return [];
  return [
    {
      where,
      what: `${variable} of ${address} is ${JSON.stringify(value)}, which is not ${expected[0]}.`,
      remedy: 'Take it from stacks/pipeline/environment.ts, which names the shared resource.',
    },
  ];
}
