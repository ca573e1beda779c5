import { describe, describeNetwork, describeRest } from './facts';
import { handsOnTo } from './grants';
import { type Block, nested, ofType, readBlocks, referenced } from './synthesized';

/** What is drawn as a box, by the Terraform type behind it. */
const KINDS = {
  aws_s3_bucket: 'bucket',
  aws_sqs_queue: 'queue',
  aws_lambda_function: 'function',
  aws_dynamodb_table: 'table',
  aws_efs_file_system: 'file-system',
} as const;

export type NodeKind = (typeof KINDS)[keyof typeof KINDS];

export interface DiagramNode {
  readonly address: string;
  readonly kind: NodeKind;
  /** The physical name without the prefix that all of the stack share. */
  readonly name: string;
  /** Facts under the name, a line each. */
  readonly notes: readonly string[];
  /** The dead letter queue that takes what fails here. */
  readonly deadLetters?: string;
  /** Whether it lies in the stack's network. */
  readonly inNetwork: boolean;
  /** Whether the stack only refers to it: somebody else made it. */
  readonly existing: boolean;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** Consumes: an event source mapping, of which each queue has one. Hands on: everything else. */
  readonly kind: 'consumes' | 'paused' | 'hands on';
}

export interface Graph {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  /** The line of the network's frame, when the stack has a network. */
  readonly network?: string;
  /** What is deployed besides and has no box: a few words each. */
  readonly besides: readonly string[];
}

/** Reads what will be deployed, and how data flows through it, from the synthesized JSON alone. */
export function readGraph(json: Readonly<Record<string, unknown>>): Graph {
  const blocks = readBlocks(json);
  const drawn = blocks.filter(({ type }) => type in KINDS);
  const deadLetterQueues = new Set(blocks.flatMap((block) => deadLetterTarget(block, blocks) ?? []));
  const boxes = drawn.filter((block) => !deadLetterQueues.has(block));
  const prefix = commonPrefix(boxes.map((box) => `${physicalName(box)}-`));
  const network = describeNetwork(blocks);
  return {
    nodes: boxes.map((block) => node(block, blocks, prefix)),
    edges: [...notifications(blocks), ...consumptions(blocks), ...handings(blocks), ...mounts(blocks)],
    ...(network === undefined ? {} : { network }),
    besides: describeRest(blocks),
  };
}

function node(block: Block, blocks: readonly Block[], prefix: string): DiagramNode {
  const deadLetters = deadLettersOf(block, blocks);
  return {
    address: block.address,
    kind: KINDS[block.type as keyof typeof KINDS],
    // The bucket's name ends with an account id that only a deployment knows.
    name: physicalName(block).startsWith(prefix)
      ? physicalName(block).replace(prefix, '')
      : String(block.address.split('.').at(-1)),
    notes: describe(block, blocks),
    ...(deadLetters === undefined ? {} : { deadLetters: physicalName(deadLetters).replace(prefix, '') }),
    inNetwork: block.properties.vpc_config !== undefined || block.type === 'aws_efs_file_system',
    existing: block.address.startsWith('data.'),
  };
}

const NAMES = ['bucket', 'name', 'function_name', 'creation_token'];

/** The name that AWS shows, up to where only a deployment knows how it goes on. */
const physicalName = ({ properties }: Block): string =>
  String(NAMES.map((key) => properties[key]).find((name) => name !== undefined) ?? '').replace(
    /-?\$\{.*/,
    '',
  );

/** `name-environment-`: what the names share, up to a hyphen. */
function commonPrefix(names: readonly string[]): string {
  const [first = ''] = names;
  const shared = [...first].findIndex((_, index) => names.some((name) => name[index] !== first[index]));
  const common = shared === -1 ? first : first.slice(0, shared);
  return common.endsWith('-') ? common : common.slice(0, common.lastIndexOf('-') + 1);
}

/** Where a block sends what it cannot handle. */
function deadLetterTarget({ properties }: Block, blocks: readonly Block[]): Block | undefined {
  const failures =
    nested(properties.destination_config, 'on_failure') ??
    nested(nested(properties, 'destination_config'), 'on_failure');
  return referenced([properties.redrive_policy, failures], blocks)[0];
}

/** A queue says it itself; for a function its stream mapping or its asynchronous calls say it. */
function deadLettersOf(block: Block, blocks: readonly Block[]): Block | undefined {
  const own = deadLetterTarget(block, blocks);
  if (own !== undefined || block.type !== 'aws_lambda_function') return own;
  return blocks
    .filter(
      ({ type }) =>
        type === 'aws_lambda_event_source_mapping' || type === 'aws_lambda_function_event_invoke_config',
    )
    .filter(({ properties }) => referenced(properties.function_name, blocks).includes(block))
    .map((settings) => deadLetterTarget(settings, blocks))
    .find((target) => target !== undefined);
}

const edge = (
  from: Block | undefined,
  to: Block | undefined,
  label = '',
  kind: DiagramEdge['kind'] = 'hands on',
) => (from === undefined || to === undefined ? [] : [{ from: from.address, to: to.address, label, kind }]);

const notifications = (blocks: readonly Block[]): DiagramEdge[] =>
  ofType('aws_s3_bucket_notification', blocks).flatMap(({ properties }) =>
    [properties.queue].flat().flatMap((target) => {
      const { queue_arn: arn, filter_prefix: prefix } = target as Record<string, unknown>;
      return edge(referenced(properties.bucket, blocks)[0], referenced(arn, blocks)[0], String(prefix));
    }),
  );

const consumptions = (blocks: readonly Block[]): DiagramEdge[] =>
  ofType('aws_lambda_event_source_mapping', blocks).flatMap(({ properties }) =>
    edge(
      referenced(properties.event_source_arn, blocks)[0],
      referenced(properties.function_name, blocks)[0],
      properties.enabled === false ? 'paused' : `×${properties.batch_size}`,
      properties.enabled === false ? 'paused' : 'consumes',
    ),
  );

/** What a function may send or put to, by its role. */
function handings(blocks: readonly Block[]): DiagramEdge[] {
  const deadLetterQueues = blocks.flatMap((block) => deadLetterTarget(block, blocks) ?? []);
  return ofType('aws_lambda_function', blocks).flatMap((from) =>
    handsOnTo(from, blocks)
      .filter((to) => !deadLetterQueues.includes(to))
      .flatMap((to) => edge(from, to)),
  );
}

const mounts = (blocks: readonly Block[]): DiagramEdge[] =>
  ofType('aws_lambda_function', blocks).flatMap((from) => {
    const [point] = referenced(nested(from.properties, 'file_system_config'), blocks);
    return edge(from, point && referenced(point.properties.file_system_id, blocks)[0]);
  });
