import type { FunctionName } from '../../contracts/functions';
import { type PolicyStatement, statements } from '../../stacks/synthesized/policy';
import type { Template } from './template';

/** The statements of a function's own policy. */
export function statementsOf(template: Template, name: FunctionName): PolicyStatement[] {
  const policies = template
    .resources('aws_iam_role_policy')
    .filter((policy) => policy.name.includes(`_${name}_policy`));
  const [policy] = policies;
  if (policies.length !== 1 || policy === undefined)
    throw new Error(`${name} has ${policies.length} policies.`);
  return statements(policy);
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
