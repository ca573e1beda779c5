import { type Block, referenced } from './synthesized';

interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** What a function's role allows, by the policies in the JSON. */
function grantsOf(lambda: Block, blocks: readonly Block[]): Grant[] {
  const roles = referenced(lambda.properties.role, blocks);
  return blocks
    .filter(({ type }) => type === 'aws_iam_role_policy')
    .filter(({ properties }) => referenced(properties.role, blocks).some((role) => roles.includes(role)))
    .flatMap(
      ({ properties }) => (JSON.parse(String(properties.policy)) as { Statement: Statement[] }).Statement,
    )
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource].flat() }));
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** Actions by which data goes on to a queue or a table, as new work. */
const HANDS_ON = ['sqs:SendMessage', 'dynamodb:PutItem'];

/** The queues and tables that a function may put new work into. */
export const handsOnTo = (lambda: Block, blocks: readonly Block[]): Block[] => [
  ...new Set(
    grantsOf(lambda, blocks)
      .filter(({ actions }) => actions.some((action) => HANDS_ON.includes(action)))
      .flatMap(({ resources }) => referenced(resources, blocks)),
  ),
];

/** What a function may read of the bucket and write to it, a line each, and whether it changes the table. */
export function dataAccess(lambda: Block, blocks: readonly Block[]): string[] {
  const grants = grantsOf(lambda, blocks);
  const folders = (action: string) => [
    ...new Set(
      grants
        .filter(({ actions }) => actions.includes(action))
        .flatMap(({ resources }) => resources.map((resource) => /([a-z-]+)\/\*$/.exec(resource)?.[1]))
        .filter((folder) => folder !== undefined),
    ),
  ];
  const line = (verb: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${verb} ${names.join(', ')}`];
  const changesTable = grants.some(({ actions }) => actions.includes('dynamodb:UpdateItem'));
  return [
    ...line('reads', folders('s3:GetObject')),
    ...line('writes', folders('s3:PutObject')),
    ...(changesTable ? ['updates runs'] : []),
  ];
}
