import type { FunctionName } from '../../contracts/functions';
import { terraformName } from '../../stacks/names';
import { type PolicyStatement, rolePolicies, statements } from '../../stacks/synthesized/policy';
import type { Template } from './template';

/** The statements of a function's own policies. */
export function statementsOf(template: Template, name: FunctionName): PolicyStatement[] {
  const [lambda] = template
    .resources('aws_lambda_function')
    .filter((resource) => resource.name === terraformName(name));
  if (lambda === undefined) throw new Error(`There is no function ${name}.`);
  return rolePolicies(template, lambda).flatMap((policy) => statements(policy));
}

/** What a function's role allows, each action once, in order. */
export const allowedActions = (template: Template, name: FunctionName): string[] =>
  [
    ...new Set(
      statementsOf(template, name)
        .filter(({ effect }) => effect === 'Allow')
        .flatMap(({ actions }) => actions),
    ),
  ].sort();
