import { paginateListFunctions } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  paginateListExecutions,
  paginateListStateMachines,
} from '@aws-sdk/client-sfn';
import type { ReferenceKind } from '../../../contracts/migrate-buckets/words';
import { type Aws, makeAws } from '../../shared/aws/clients';
import { explain } from '../../shared/aws/explain';
import { distinctPages } from './distinct-pages';
import type { ReferenceText, Survey } from './references';
import { readStateFiles } from './state-files';

/**
 * Reads everything that may name a bucket: the environments of all versions of all Lambdas, the definitions
 * of all state machines, the inputs of running executions, the given state files. A service that denies
 * access or cannot be reached is reported as unchecked, never as free of references.
 *
 * @param elsewhere - regions where Lambda and Step Functions are asked, too, beside the operator's own.
 */
export async function survey(
  aws: Aws,
  statePaths: readonly string[],
  elsewhere: readonly string[] = [],
): Promise<Survey> {
  const home = await aws.lambda.config.region();
  const regions = [...new Set([home, ...elsewhere])];
  const unchecked: Unchecked[] = [];
  const attempt = async (kinds: ReferenceKind[], doing: string, read: () => Promise<ReferenceText[]>) => {
    try {
      return await read();
    } catch (error) {
      const told = explain(error, doing);
      if (!(told instanceof Error) || told.name !== 'UserError') throw told;
      for (const kind of kinds) unchecked.push({ kind, why: told.message });
      return [];
    }
  };
  const inRegions = regions.map(async (region) => {
    const there = region === home ? aws : makeAws({ ...aws.options, region });
    // Which region is told only where there are several.
    const place = regions.length > 1 ? ` in ${region}` : '';
    const [lambda, machines] = await Promise.all([
      attempt(['lambda'], `list the Lambda functions${place}`, () => readLambdas(there, place, unchecked)),
      attempt(['step-functions', 'executions'], `list the state machines${place}`, () =>
        readStateMachines(there, place),
      ),
    ]);
    return [...lambda, ...machines];
  });
  const state = await readStateFiles(statePaths);
  const texts = [...(await Promise.all(inRegions)).flat(), ...state];
  if (statePaths.length === 0) {
    unchecked.push({ kind: 'state', why: 'No Terraform or Pulumi state was given (--state).' });
  }
  return { texts, unchecked, regions };
}

type Unchecked = Survey['unchecked'][number];

async function readLambdas({ lambda }: Aws, place: string, unchecked: Unchecked[]): Promise<ReferenceText[]> {
  const texts: ReferenceText[] = [];
  const hidden: string[] = [];
  // ALL lists $LATEST and every published version, so whatever an alias points at is among them.
  const pages = paginateListFunctions({ client: lambda }, { FunctionVersion: 'ALL' });
  for await (const page of distinctPages('the Lambda functions', pages, ({ NextMarker }) => NextMarker)) {
    for (const { FunctionName, Version, Environment } of page.Functions ?? []) {
      // What may not be decrypted is left out, without the request being refused.
      if (Environment?.Error !== undefined) {
        hidden.push(`${FunctionName} (${Version ?? '$LATEST'})${place}: ${Environment.Error.ErrorCode}`);
      }
      for (const [name, text] of Object.entries(Environment?.Variables ?? {})) {
        texts.push({
          kind: 'lambda',
          where: `Lambda ${FunctionName} (${Version ?? '$LATEST'})${place}: ${name}`,
          text,
        });
      }
    }
  }
  if (hidden.length > 0) unchecked.push({ kind: 'lambda', why: describeHidden(hidden) });
  return texts;
}

function describeHidden(hidden: readonly string[]): string {
  const more = hidden.length > 3 ? ` and ${hidden.length - 3} more` : '';
  return `You may not read the environment of ${hidden.slice(0, 3).join(', ')}${more}. Allow yourself kms:Decrypt on the key that it is encrypted with.`;
}

async function readStateMachines({ stepFunctions: client }: Aws, place: string): Promise<ReferenceText[]> {
  const texts: ReferenceText[] = [];
  const pages = paginateListStateMachines({ client }, {});
  for await (const page of distinctPages('the state machines', pages, ({ nextToken }) => nextToken)) {
    for (const { stateMachineArn, name, type } of page.stateMachines ?? []) {
      const { definition } = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
      texts.push({
        kind: 'step-functions',
        where: `Step Functions ${name}${place}: definition`,
        text: definition ?? '',
      });
      // Executions of express machines cannot be listed; they end within five minutes.
      if (type === 'EXPRESS') continue;
      const running = paginateListExecutions({ client }, { stateMachineArn, statusFilter: 'RUNNING' });
      const list = distinctPages(`the executions of ${name}`, running, ({ nextToken }) => nextToken);
      for await (const { executions } of list) {
        for (const { executionArn, name: execution } of executions ?? []) {
          const { input } = await client.send(new DescribeExecutionCommand({ executionArn }));
          texts.push({
            kind: 'executions',
            where: `Step Functions ${name}${place}: running execution ${execution}`,
            text: input ?? '',
          });
        }
      }
    }
  }
  return texts;
}
