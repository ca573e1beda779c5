import type { FunctionName } from '../../contracts/functions';
import type { Template } from './template';

/** A statement of a synthesized policy. */
export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

/** The statements of a function's own policy. */
export function statementsOf(template: Template, name: FunctionName): Statement[] {
  const policies = [...template.resources('aws_iam_role_policy')].filter(([id]) =>
    id.includes(`_${name}_policy`),
  );
  const [[, policy] = []] = policies;
  if (policies.length !== 1) throw new Error(`${name} has ${policies.length} policies.`);
  return (JSON.parse(String(policy?.policy)) as { Statement: Statement[] }).Statement;
}

/** What a function's role allows, each action once, in order. */
export const allowedActions = (template: Template, name: FunctionName): string[] =>
  [
    ...new Set(
      statementsOf(template, name)
        .filter(({ Effect }) => Effect === 'Allow')
        .flatMap(({ Action }) => Action),
    ),
  ].sort();
