import { Testing } from 'cdktf';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { smallPackages, synthesize, type Template } from '../support/template';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

const actionsOf = (template: Template, name: FunctionName): string[] => {
  const [policy] = [...template.resources('aws_iam_role_policy')].flatMap(([id, block]) =>
    id.includes(`_${name}_policy`) ? [block] : [],
  );
  const { Statement } = JSON.parse(String(policy?.policy)) as { Statement: Statement[] };
  return Statement.filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action }) => Action)
    .sort();
};

const ALWAYS = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
const CONSUME = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
];
const NETWORK = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'elasticfilesystem:ClientMount',
  'elasticfilesystem:ClientWrite',
];

/** What each function may do, beyond {@link ALWAYS}, action by action. */
const ALLOWED: Readonly<Record<FunctionName, readonly string[]>> = {
  'process-ocr-results': [...CONSUME, 's3:GetObject', 's3:ListBucket', 's3:PutObject', 'sqs:SendMessage'],
  'embed-from-ndjson': [
    ...CONSUME,
    'dynamodb:PutItem',
    'dynamodb:Query',
    's3:GetObject',
    's3:ListBucket',
    's3:PutObject',
    'secretsmanager:GetSecretValue',
  ],
  'stream-processor': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    'sqs:SendMessage',
  ],
  'enhanced-compaction': [
    ...CONSUME,
    ...NETWORK,
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:Query',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    's3:AbortMultipartUpload',
    's3:DeleteObject',
    's3:GetObject',
    's3:GetObjectTagging',
    's3:ListBucket',
    's3:PutObject',
    's3:PutObjectTagging',
  ],
  'reconcile-runs': ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem', 'sqs:SendMessage'],
};

describe('least privilege, action by action', () => {
  const template = synthesize();
  const encrypted = synthesize({ encryption: { type: 'kms' } });

  it.each(FUNCTION_NAMES)('%s may do what it needs and no more', (name) => {
    expect(actionsOf(template, name)).toEqual([...ALWAYS, ...ALLOWED[name]].sort());
  });

  it.each(FUNCTION_NAMES)('%s may use the customer key where there is one', (name) => {
    expect(actionsOf(encrypted, name)).toEqual(
      [...ALWAYS, ...ALLOWED[name], 'kms:Decrypt', 'kms:GenerateDataKey'].sort(),
    );
  });

  it('lets the compaction tag deltas and nothing else, since the tag lets them expire', () => {
    const policies = [...template.resources('aws_iam_role_policy').values()].flatMap(
      ({ policy }) => (JSON.parse(String(policy)) as { Statement: Statement[] }).Statement,
    );
    const tagging = policies.filter(({ Action }) => [Action].flat().includes('s3:PutObjectTagging'));
    expect(tagging.flatMap(({ Resource }) => Resource)).toEqual([
      `\${aws_s3_bucket.chromadb.arn}/lines/delta/*`,
      `\${aws_s3_bucket.chromadb.arn}/words/delta/*`,
    ]);
  });

  it('gives no function in server or cloud mode a right to a network or a file system', () => {
    const server = synthesize({ chroma: { mode: 'server', url: 'https://chroma.example' } });
    expect(actionsOf(server, 'enhanced-compaction')).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^(ec2|elasticfilesystem):/)]),
    );
  });
});

describe('where Chroma runs', () => {
  const network = ['aws_vpc', 'aws_subnet', 'aws_efs_file_system', 'aws_vpc_endpoint', 'aws_security_group'];
  const cloud: ConfigInput = {
    chroma: { mode: 'cloud', tenant: 't', database: 'd', secretName: 'chroma/key' },
  };

  it('is a mounted file system in an isolated network, in embedded mode', () => {
    const template = synthesize();
    expect(network.map((type) => template.resources(type).size)).toEqual([1, 2, 1, 2, 2]);
    expect(template.resource('aws_lambda_function', 'enhanced_compaction')).toMatchObject({
      file_system_config: { local_mount_path: '/mnt/chroma' },
      vpc_config: { security_group_ids: [expect.any(String)] },
    });
  });

  it('is elsewhere in cloud mode: no network, no file system, and a key that is read by name', () => {
    const template = synthesize(cloud);
    expect(network.map((type) => template.resources(type).size)).toEqual([0, 0, 0, 0, 0]);
    const lambda = template.resource('aws_lambda_function', 'enhanced_compaction');
    expect(lambda).not.toHaveProperty('vpc_config');
    expect(lambda.environment).toEqual({
      variables: expect.objectContaining({
        CHROMA_MODE: 'cloud',
        CHROMA_URL: 'https://api.trychroma.com',
        CHROMA_SECRET_NAME: 'chroma/key',
      }),
    });
    expect(actionsOf(template, 'enhanced-compaction')).toContain('secretsmanager:GetSecretValue');
  });
});

describe('packages', () => {
  it('are demanded for every function', () => {
    const packages = new Map(smallPackages());
    packages.delete('stream-processor');
    const make = () =>
      new PipelineStack(Testing.app(), 'chroma-pipeline', { config: parseConfig({}, 'test'), packages });
    expect(make).toThrow('No package was given for stream-processor. Build all functions');
  });

  it("carry Lambda's own hash, so that an unchanged package changes nothing", () => {
    const [name, { sha256 }] = [...smallPackages()][0] ?? ['', { sha256: '' }];
    const lambda = synthesize().resource('aws_lambda_function', name.replaceAll('-', '_'));
    expect(lambda.source_code_hash).toBe(sha256);
  });

  it('are named by relative paths, so that the JSON is the same on every machine', () => {
    expect(JSON.stringify(synthesize().json)).not.toMatch(/"\/(home|root|tmp|Users|work)\//);
  });
});
