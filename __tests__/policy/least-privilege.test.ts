import { allowed, type PolicyStatement, rolePolicies, statements } from '../../stacks/synthesized/policy';
import { ENVIRONMENTS, shipped } from './shipped-environments';

/** What each function may do, action by action, and on what. Nothing less works, nothing more is needed. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  process_ocr_results: {
    'sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes': ['queue ocr_results'],
    's3:GetObject': ['bucket/ocr/*', 'bucket/annotations/*'],
    's3:PutObject': ['bucket/receipts/*', 'bucket/quarantine/*'],
    's3:ListBucket': ['bucket'],
    'sqs:SendMessage': ['queue embed_ndjson'],
  },
  embed_from_ndjson: {
    'sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes': ['queue embed_ndjson'],
    's3:GetObject': [
      'bucket/receipts/*',
      'bucket/lines/delta/*',
      'bucket/words/delta/*',
      'bucket/ocr/*',
      'bucket/annotations/*',
    ],
    's3:PutObject': ['bucket/lines/delta/*', 'bucket/words/delta/*', 'bucket/quarantine/*'],
    's3:ListBucket': ['bucket'],
    'dynamodb:Query dynamodb:PutItem': ['table'],
    'secretsmanager:GetSecretValue': ['secret chroma-pipeline/openai-api-key'],
  },
  stream_processor: {
    'dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator': ['stream'],
    'dynamodb:ListStreams': ['*'],
    'sqs:SendMessage': ['queue lines', 'queue words', 'queue lost_events_dlq'],
  },
  enhanced_compaction: {
    'sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes': ['queue lines', 'queue words'],
    's3:GetObject': [
      'bucket/lines/delta/*',
      'bucket/words/delta/*',
      'bucket/lines/snapshot/*',
      'bucket/words/snapshot/*',
      'bucket/lines/replaced/*',
      'bucket/words/replaced/*',
    ],
    's3:PutObjectTagging s3:GetObjectTagging': ['bucket/lines/delta/*', 'bucket/words/delta/*'],
    's3:PutObject': [
      'bucket/lines/snapshot/*',
      'bucket/words/snapshot/*',
      'bucket/lines/replaced/*',
      'bucket/words/replaced/*',
      'bucket/quarantine/*',
    ],
    's3:DeleteObject': ['bucket/lines/snapshot/*', 'bucket/words/snapshot/*'],
    's3:ListBucket': ['bucket'],
    'dynamodb:GetItem dynamodb:UpdateItem': ['table'],
    'dynamodb:Query': ['table', 'table/index/lines-pending', 'table/index/words-pending'],
    'elasticfilesystem:ClientMount elasticfilesystem:ClientWrite': ['file system'],
    'ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses':
      ['*'],
  },
  reconcile_runs: {
    'dynamodb:GetItem dynamodb:UpdateItem': ['table'],
    'dynamodb:Query': ['table/index/lines-pending', 'table/index/words-pending'],
    'sqs:SendMessage': ['queue lines', 'queue words', 'queue lost_events_dlq'],
  },
};

/** What every function may do besides: write its own logs and send its traces. */
const EVERY_FUNCTION = {
  'logs:CreateLogStream logs:PutLogEvents': ['its log group:*'],
  'xray:PutTraceSegments xray:PutTelemetryRecords': ['*'],
};

/** With a customer key, what is encrypted must be decrypted: in prod alone. */
const WITH_CUSTOMER_KEY = { 'kms:Decrypt kms:GenerateDataKey': ['key'] };

const SHORT_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\$\{aws_cloudwatch_log_group\.[^}]*\.arn\}/, 'its log group'],
  [/\$\{aws_s3_bucket\.chromadb\.arn\}/, 'bucket'],
  [/\$\{aws_dynamodb_table\.compaction_runs\.stream_arn\}/, 'stream'],
  [/\$\{aws_dynamodb_table\.compaction_runs\.arn\}/, 'table'],
  [/\$\{aws_sqs_queue\.(\w+)\.arn\}/, 'queue $1'],
  [/\$\{aws_efs_file_system\.chroma\.arn\}/, 'file system'],
  [/\$\{aws_kms_key\.encryption\.arn\}/, 'key'],
  [/^arn:.*:secret:(.*)-\?{6}$/, 'secret $1'],
];

const shortName = (resource: string): string =>
  SHORT_NAMES.reduce((name, [pattern, short]) => name.replace(pattern, short), resource);

/** One `action on resource` for each pair, sorted: what two ways of writing a policy have in common. */
const pairs = (table: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(table)
    .flatMap(([actions, resources]) =>
      actions.split(' ').flatMap((action) => resources.map((resource) => `${action} on ${resource}`)),
    )
    .sort();

const granted = (found: readonly PolicyStatement[]): string[] =>
  [
    ...new Set(
      found.flatMap(({ actions, resources }) =>
        actions.flatMap((action) => resources.map((resource) => `${action} on ${shortName(resource)}`)),
      ),
    ),
  ].sort();

describe.each(ENVIRONMENTS)('the roles of %s', (environment) => {
  const stack = shipped(environment);
  const functions = stack.resources('aws_lambda_function');

  it('are one for each function, shared with none', () => {
    expect(new Set(functions.map(({ attributes }) => attributes.role)).size).toBe(functions.length);
    expect(functions.map(({ name }) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(functions.map((resource) => [resource.name, resource] as const))(
    'let %s do exactly what it needs',
    (name, resource) => {
      const expected = {
        ...EVERY_FUNCTION,
        ...EXPECTED[name],
        ...(environment === 'prod' ? WITH_CUSTOMER_KEY : {}),
      };
      expect(granted(rolePolicies(stack, resource).flatMap((policy) => allowed(policy)))).toEqual(
        pairs(expected),
      );
    },
  );

  it('let a bucket be listed below named prefixes alone', () => {
    const listing = stack
      .resources('aws_iam_role_policy')
      .flatMap((policy) => allowed(policy))
      .filter(({ actions }) => actions.includes('s3:ListBucket'));
    expect(listing).toHaveLength(3);
    for (const { conditions } of listing) {
      const prefixes = [conditions.StringLike?.['s3:prefix']].flat();
      expect(prefixes.every((prefix) => /^[a-z]+\/([a-z]+\/)?\*$/.test(String(prefix)))).toBe(true);
    }
  });

  it('let the file system be mounted through its access point alone', () => {
    const mounting = stack
      .resources('aws_iam_role_policy')
      .flatMap((policy) => allowed(policy))
      .filter(({ actions }) => actions.includes('elasticfilesystem:ClientMount'));
    expect(mounting).toHaveLength(1);
    expect(JSON.stringify(mounting[0]?.conditions)).toContain('${aws_efs_access_point.');
  });

  it("deny to the compaction's own code what Lambda's service needs for its network", () => {
    const [denied] = functions
      .filter(({ name }) => name === 'enhanced_compaction')
      .flatMap((lambda) => rolePolicies(stack, lambda))
      .flatMap((policy) => statements(policy))
      .filter(({ effect }) => effect === 'Deny');
    expect(denied?.actions.every((action) => action.startsWith('ec2:'))).toBe(true);
    expect(denied?.actions).toHaveLength(6);
    expect(JSON.stringify(denied?.conditions)).toMatch(/lambda:SourceFunctionArn.*enhanced-compaction/);
  });
});
