import { block, blocks, isObject, type Json, parseJson } from './json';
import type { Synthesized, SynthesizedBlock } from './synthesized';

/** The columns of the table of statements. */
export const COLUMNS = [
  'policy',
  'sid',
  'effect',
  'principals',
  'actions',
  'resources',
  'conditions',
] as const;
export type Cells = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** A statement of a policy as a row of a table: two rows are the same text exactly when they say the same. */
export interface StatementRow {
  /** The resource that states the policy. */
  readonly block: SynthesizedBlock;
  readonly cells: Cells;
}

/** What a policy's resource names as that which the policy is about. The others are about themselves. */
const OWNERS = ['role', 'bucket', 'queue_url', 'arn', 'file_system_id'];

/** The attributes that hold a policy in the types that were reviewed. */
const POLICIES = ['policy', 'assume_role_policy'];

/** The policies of a block; undefined is one that cannot be read at synthesis. */
export const policiesOf = ({ attributes }: SynthesizedBlock): (Json | undefined)[] =>
  POLICIES.filter((name) => name in attributes).map((name) => parseJson(attributes[name]));

/** What a policy is called in its rows: the resource that states it or, where that is another, what it is about. */
export function policyName(stack: Synthesized, { type, address, attributes }: SynthesizedBlock): string {
  const owner = OWNERS.map((name) => attributes[name]).find((value) => value !== undefined);
  return owner === undefined
    ? code(address)
    : `${code(type)} of ${code(stack.target(owner)?.address ?? owner)}`;
}

/** Every statement of every policy in the stack. */
export const statementRows = (stack: Synthesized): StatementRow[] =>
  stack.managed.flatMap((block) =>
    policiesOf(block).flatMap((policy) =>
      blocks(policy?.Statement).map((statement) => ({
        block,
        cells: cellsOf(statement, policyName(stack, block)),
      })),
    ),
  );

/** A row in Markdown. */
export const textOf = (cells: Cells): string => `| ${COLUMNS.map((column) => cells[column]).join(' | ')} |`;

/** The cells of a row that {@link textOf} wrote. */
export function cellsFrom(text: string): Cells {
  const [policy = '', sid = '', effect = '', principals = '', actions = '', resources = '', conditions = ''] =
    text.slice(2, -2).split(' | ');
  return { policy, sid, effect, principals, actions, resources, conditions };
}

function cellsOf(statement: Json, policy: string): Cells {
  const { Sid, Effect, Principal, Action, Resource, Condition, ...others } = statement;
  return {
    policy,
    sid: Sid === undefined ? '' : code(Sid),
    effect: String(Effect),
    // "*" alone is every AWS principal, as the long form says.
    principals: lines(Principal === '*' ? { AWS: '*' } : Principal),
    actions: list(Action),
    resources: list(Resource),
    // What else IAM knows, such as NotAction, turns a statement round: it must be seen.
    conditions: [
      ...Object.entries(block(Condition)).map(([operator, keys]) => `${operator}: ${lines(keys)}`),
      ...Object.entries(others).map(([key, value]) => `${key}: ${code(value)}`),
    ].join('<br>'),
  };
}

/** Each key with its values; what has no keys as it stands. */
const lines = (values: unknown): string =>
  isObject(values)
    ? Object.entries(values)
        .map(([key, value]) => `${key} ${list(value)}`)
        .join('<br>')
    : list(values);

const list = (value: unknown): string => [value ?? []].flat().map(code).join('<br>');

/** In Markdown, so that no value ends its cell. */
const code = (value: unknown): string =>
  `\`${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;
