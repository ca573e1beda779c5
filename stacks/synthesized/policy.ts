import { blocks, type Json, parseJson, texts } from './json';
import type { Synthesized, SynthesizedBlock } from './synthesized';

/** One statement of a policy, its single values made lists. */
export interface PolicyStatement {
  readonly sid: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `*`, an ARN or an account; others with their kind: `Service:s3.amazonaws.com`. Empty in an identity's policy, which names no principal. */
  readonly principals: readonly string[];
  readonly conditions: Readonly<Record<string, Json | undefined>>;
  /** Whether it names what it is NOT about: every other action, or every other resource. */
  readonly negated: boolean;
}

/** The statements of a resource's policy; none when it is not JSON that can be read at synthesis. */
export const statements = ({ attributes }: SynthesizedBlock, attribute = 'policy'): PolicyStatement[] =>
  blocks(parseJson(attributes[attribute])?.Statement).map((statement) => ({
    sid: String(statement.Sid ?? ''),
    effect: String(statement.Effect),
    actions: texts(statement.Action),
    resources: texts(statement.Resource),
    principals: principals(statement.Principal),
    conditions: (statement.Condition ?? {}) as PolicyStatement['conditions'],
    negated: 'NotAction' in statement || 'NotResource' in statement,
  }));

/** What a policy allows; a Deny takes nothing of it away here. */
export const allowed = (resource: SynthesizedBlock, attribute?: string): PolicyStatement[] =>
  statements(resource, attribute).filter(({ effect }) => effect === 'Allow');

/** The policies of a function's role. */
export const rolePolicies = (
  stack: Synthesized,
  { attributes: { role } }: SynthesizedBlock,
): SynthesizedBlock[] =>
  stack
    .resources('aws_iam_role_policy')
    .filter(({ attributes }) => stack.target(attributes.role) === stack.target(role));

/** Whether the statement refuses everybody who does not speak TLS. */
export const deniesPlainText = ({ effect, principals, conditions }: PolicyStatement): boolean =>
  effect === 'Deny' && principals.includes('*') && conditions.Bool?.['aws:SecureTransport'] === 'false';

/** Only `*` and `AWS: *` are everybody; any other kind is named with its principal. */
const principals = (given: unknown): string[] =>
  typeof given === 'object' && given !== null
    ? Object.entries(given).flatMap(([kind, named]) =>
        texts(named).map((name) => (kind === 'AWS' ? name : `${kind}:${name}`)),
      )
    : texts(given);
