import { consumers, deadLettersOf, failureDestinations } from '../guards/consumers';
import { at, blocks, parseJson } from '../synthesized/json';
import { allowed, type PolicyStatement, rolePolicies } from '../synthesized/policy';
import { physicalName, type Synthesized, type SynthesizedBlock } from '../synthesized/synthesized';

/** What is drawn, by its Terraform type: the service, and Mermaid's brackets. Stores are cylinders. */
const DRAWN: Readonly<Record<string, readonly [service: string, open: string, close: string]>> = {
  aws_s3_bucket: ['S3', '[(', ')]'],
  aws_sqs_queue: ['SQS', '([', '])'],
  aws_lambda_function: ['Lambda', '[', ']'],
  aws_dynamodb_table: ['DynamoDB', '[(', ')]'],
  aws_efs_file_system: ['EFS', '[(', ')]'],
};

/** Actions by which data goes on to a queue or a table, as new work. */
const HANDS_ON = ['sqs:SendMessage', 'dynamodb:PutItem'];

/** How data flows through what will be deployed: a Mermaid flowchart, from the stack's synthesized JSON alone. */
export function drawFlowchart(stack: Synthesized): string {
  const deadLetters = stack.resources('aws_sqs_queue').map((queue) => deadLettersOf(stack, queue));
  const drawn = stack.everything.filter((each) => each.type in DRAWN && !deadLetters.includes(each));
  const inNetwork = drawn.filter(
    ({ type, attributes }) => type === 'aws_efs_file_system' || attributes.vpc_config !== undefined,
  );
  const lines = [
    ...drawn.filter((each) => !inNetwork.includes(each)).map((each) => node(stack, each)),
    ...(inNetwork.length === 0
      ? []
      : [
          `subgraph network["${networkLabel(stack)}"]`,
          ...inNetwork.map((each) => `  ${node(stack, each)}`),
          'end',
        ]),
    ...notifications(stack),
    ...consumptions(stack),
    ...failures(stack),
    ...handings(stack),
    ...mounts(stack),
  ];
  return `flowchart TB\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function node(stack: Synthesized, each: SynthesizedBlock): string {
  const [service = '', open = '', close = ''] = DRAWN[each.type] ?? [];
  const existing = each.address.startsWith('data.');
  const label = [
    `<b>${existing ? physicalName(each) : each.name.replaceAll('_', '-')}</b>`,
    `${service}${each.attributes.fifo_queue === true ? ' FIFO' : ''}${existing ? ', existing' : ''}`,
    ...notes(stack, each),
  ];
  return `${each.name}${open}"${label.join('<br/>')}"${close}`;
}

/** What is worth saying about a box besides its name. */
function notes(stack: Synthesized, each: SynthesizedBlock): string[] {
  const { type, address, attributes } = each;
  if (type === 'aws_sqs_queue') {
    const tries = parseJson(attributes.redrive_policy)?.maxReceiveCount;
    return tries === undefined ? [] : [`own dead letter queue after ${tries} tries`];
  }
  if (type !== 'aws_lambda_function') return [];
  const schedules = stack
    .resources('aws_cloudwatch_event_target')
    .filter((target) => stack.target(target.attributes.arn)?.address === address)
    .map((target) => String(stack.target(target.attributes.rule)?.attributes.schedule_expression));
  const folders = (verb: string, action: string) => {
    const found = grants(stack, each)
      .filter(({ actions }) => actions.includes(action))
      .flatMap(({ resources }) =>
        resources.flatMap((resource) => /([a-z-]+)\/\*$/.exec(resource)?.[1] ?? []),
      );
    return found.length === 0 ? [] : [`${verb} ${[...new Set(found)].join(', ')}`];
  };
  return [...schedules, ...folders('reads', 's3:GetObject'), ...folders('writes', 's3:PutObject')];
}

/** What a function's role allows, by the policies in the JSON. */
const grants = (stack: Synthesized, lambda: SynthesizedBlock): PolicyStatement[] =>
  rolePolicies(stack, lambda).flatMap((policy) => allowed(policy));

function networkLabel(stack: Synthesized): string {
  const ways = stack
    .resources('aws_vpc_endpoint')
    .map(({ attributes }) => String(attributes.service_name).split('.').at(-1));
  return `VPC: isolated, ways out: ${ways.sort().join(', ') || 'those of the adopted network'}`;
}

const arrow = (from: SynthesizedBlock | undefined, line: string, to: SynthesizedBlock | undefined) =>
  from === undefined || to === undefined ? [] : [`${from.name} ${line} ${to.name}`];

const notifications = (stack: Synthesized): string[] =>
  stack
    .resources('aws_s3_bucket_notification')
    .flatMap(({ attributes }) =>
      blocks(attributes.queue).flatMap(({ queue_arn, filter_prefix }) =>
        arrow(stack.target(attributes.bucket), `-- "${filter_prefix}" -->`, stack.target(queue_arn)),
      ),
    );

/** Thick: the one consumer of a queue or of the stream. */
const consumptions = (stack: Synthesized): string[] =>
  consumers(stack).flatMap(({ block: { attributes }, source, functionName }) =>
    arrow(
      stack.target(source),
      attributes.enabled === false ? '-. "paused" .->' : `== "up to ${attributes.batch_size}" ==>`,
      stack.target(functionName),
    ),
  );

/** Dotted: what no try could handle. */
const failures = (stack: Synthesized): string[] =>
  failureDestinations(stack).flatMap(({ functionName, destination }) =>
    arrow(stack.target(functionName), '-. "failed" .->', stack.target(destination)),
  );

/** What a function may send or put to, by its role. */
const handings = (stack: Synthesized): string[] => {
  const lost = failureDestinations(stack).map(({ destination }) => stack.target(destination));
  return stack.resources('aws_lambda_function').flatMap((lambda) => {
    const given = grants(stack, lambda)
      .filter(({ actions }) => actions.some((action) => HANDS_ON.includes(action)))
      .flatMap(({ resources }) => stack.referenced(resources));
    return given.filter((to) => !lost.includes(to)).flatMap((to) => arrow(lambda, '-->', to));
  });
};

const mounts = (stack: Synthesized): string[] =>
  stack
    .resources('aws_lambda_function')
    .flatMap((lambda) =>
      arrow(
        lambda,
        '-- "mounts" -->',
        stack.target(
          stack.target(at(lambda.attributes, 'file_system_config.arn'))?.attributes.file_system_id,
        ),
      ),
    );
