import type { Json } from '../../stacks/synthesized/json';

type Resources = Record<string, Record<string, Record<string, unknown>>>;

/** Types that no secure stack of ours has. */
const UNWANTED = [
  'aws_s3_bucket_acl',
  'aws_lambda_function_url',
  'aws_internet_gateway',
  'aws_default_vpc',
  'aws_iam_role_policy_attachment',
];

/**
 * Stacks that are worse than the given one by one mistake: what a rule about `type` has to notice. Each is a
 * whole synthesized JSON.
 */
export function* mutations(json: Json, type: string): Generator<Json> {
  const mutate = (change: (resources: Resources) => void): Json => {
    const copy = structuredClone(json) as { resource: Resources };
    change(copy.resource);
    return copy;
  };
  const given = json.resource as Resources;
  for (const other of Object.keys(given)) {
    if (other !== type) yield mutate((resources) => delete resources[other]);
  }
  for (const unwanted of UNWANTED) {
    yield mutate((resources) => {
      resources[unwanted] = { added: {} };
    });
  }
  yield { ...json, provider: { aws: [{}] } };
  for (const [name, block] of Object.entries(given[type] ?? {})) {
    for (const worse of worseBlocks(block)) {
      yield mutate((resources) => {
        resources[type] = { ...resources[type], [name]: worse as Record<string, unknown> };
      });
    }
  }
}

/** What a single careless edit makes of a value, and of each value in it. */
function* worseBlocks(block: Json): Generator<unknown> {
  for (const [key, value] of Object.entries(block)) {
    const { [key]: _removed, ...rest } = block;
    yield rest;
    for (const worse of worseValues(value)) yield { ...block, [key]: worse };
  }
  for (const added of ADDED) yield { ...block, ...added };
}

/** Attributes that open what was closed. */
const ADDED = [
  { cidr_ipv4: '0.0.0.0/0', from_port: 0, to_port: 65_535 },
  { acl: 'public-read' },
  { managed_policy_arns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
  { ingress: [{ protocol: '-1' }] },
  { route: [{ cidr_block: '0.0.0.0/0' }] },
  { event_pattern: '{}' },
  { is_enabled: false },
  { actions_enabled: false },
];

function* worseValues(value: unknown): Generator<unknown> {
  if (typeof value === 'boolean') yield !value;
  else if (typeof value === 'number') yield 0;
  else if (typeof value === 'string' && value.startsWith('{')) {
    for (const worse of worsePolicies(JSON.parse(value))) yield JSON.stringify(worse);
    yield '{}';
  } else if (typeof value === 'string') {
    yield '*';
    yield `AKIA${'A'.repeat(16)}`;
    yield `${value}.dotted`;
  } else if (Array.isArray(value)) {
    yield [];
    for (const [index, item] of value.entries()) {
      for (const worse of worseValues(item)) yield replaced(value, index, worse);
    }
  } else if (typeof value === 'object' && value !== null) yield* worseBlocks(value as Json);
}

const replaced = (list: readonly unknown[], index: number, item: unknown): unknown[] =>
  list.map((old, position) => (position === index ? item : old));

interface Policy {
  readonly Statement?: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}

/** Rights that a policy grew into. */
const TOO_MUCH = [
  '*',
  's3:*',
  'iam:PassRole',
  'sts:AssumeRole',
  'iam:CreateAccessKey',
  's3:PutBucketPolicy',
  'kms:Decrypt',
  's3:GetObject',
];

function* worsePolicies(policy: Policy): Generator<Policy> {
  if (policy.Statement === undefined) {
    for (const key of Object.keys(policy)) yield { ...policy, [key]: Array.isArray(policy[key]) ? [] : '*' };
    return;
  }
  for (const [index, statement] of policy.Statement.entries()) {
    const { Condition: _condition, ...unconditional } = statement;
    const changes = [
      unconditional,
      { ...statement, Effect: 'Allow', Principal: '*', Condition: {} },
      { ...statement, Effect: 'Deny', Principal: '*', Condition: {} },
      ...TOO_MUCH.map((action) => ({ ...statement, Effect: 'Allow', Action: action, Resource: '*' })),
    ];
    for (const change of changes)
      yield { ...policy, Statement: replaced(policy.Statement, index, change) as Policy['Statement'] };
  }
  yield { ...policy, Statement: [] };
}
