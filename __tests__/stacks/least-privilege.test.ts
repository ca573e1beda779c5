import { join } from 'node:path';
import { build } from 'esbuild';
import { FUNCTION_NAMES, type FunctionName } from '../../contracts/functions';
import { allowedActions, statementsOf } from '../support/allowed-actions';
import { synthesize } from '../support/template';

const ROOT = join(__dirname, '..', '..');

/** The IAM actions behind what our code calls, by the name that it calls it by. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  // The document client's commands bear DynamoDB's names without "Item".
  GetCommand: ['dynamodb:GetItem'],
  PutCommand: ['dynamodb:PutItem'],
  UpdateCommand: ['dynamodb:UpdateItem'],
  QueryCommand: ['dynamodb:Query'],
  paginateQuery: ['dynamodb:Query'],
  GetObjectCommand: ['s3:GetObject'],
  HeadObjectCommand: ['s3:GetObject'],
  PutObjectCommand: ['s3:PutObject'],
  CopyObjectCommand: ['s3:GetObject', 's3:PutObject'],
  DeleteObjectCommand: ['s3:DeleteObject'],
  GetObjectTaggingCommand: ['s3:GetObjectTagging'],
  PutObjectTaggingCommand: ['s3:PutObjectTagging'],
  ListObjectsV2Command: ['s3:ListBucket'],
  paginateListObjectsV2: ['s3:ListBucket'],
  SendMessageCommand: ['sqs:SendMessage'],
  SendMessageBatchCommand: ['sqs:SendMessage'],
};

/** What Lambda itself does in the role's name. */
const RUNTIME = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
const QUEUE = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const PLATFORM: Readonly<Record<FunctionName, readonly string[]>> = {
  'process-ocr-results': QUEUE,
  'embed-from-ndjson': [...QUEUE, 'secretsmanager:GetSecretValue'],
  'stream-processor': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ],
  'enhanced-compaction': [
    ...QUEUE,
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
    'elasticfilesystem:ClientMount',
    'elasticfilesystem:ClientWrite',
  ],
  'reconcile-runs': [],
};

/** Allowed although no code calls it: without the right to list, S3 answers 403 for an object that is not there. */
const LISTING = 's3:ListBucket';

/** A function's own code as it is deployed: what it does not use is shaken out, packages are left out. */
async function codeOf(name: FunctionName): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${name}/handler.ts`],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('');
}

const calledActions = (code: string): string[] =>
  [...code.matchAll(/(?:new (\w+Command)|\b(paginate[A-Z]\w*))\(/g)].flatMap(([, command, paginator]) => {
    const call = command ?? paginator ?? '';
    const actions = ACTIONS[call];
    if (actions === undefined) throw new Error(`${call} stands in no table here: add its IAM actions.`);
    return actions;
  });

describe('least privilege, action by action', () => {
  const template = synthesize();
  const encrypted = synthesize({ encryption: { type: 'kms' } });

  it.each(FUNCTION_NAMES)(
    '%s may do exactly what its code calls and what Lambda does for it',
    async (name) => {
      const called = calledActions(await codeOf(name));
      const expected = new Set([...RUNTIME, ...PLATFORM[name], ...called]);
      const allowed = allowedActions(template, name).filter(
        (action) => action !== LISTING || expected.has(LISTING),
      );
      expect(allowed).toEqual([...expected].sort());
    },
  );

  it.each(FUNCTION_NAMES)('%s may use the customer key where there is one', (name) => {
    expect(allowedActions(encrypted, name)).toEqual(
      [...allowedActions(template, name), 'kms:Decrypt', 'kms:GenerateDataKey'].sort(),
    );
  });

  it.each(FUNCTION_NAMES)('%s may read under former keys, and write under none of them', (name) => {
    const former = 'arn:aws:kms:us-east-1:123456789012:key/former';
    for (const type of ['sse-s3', 'kms'] as const) {
      const moved = synthesize({ encryption: { type, formerKeyArns: [former] } });
      const about = statementsOf(moved, name).filter(({ resources }) => resources.includes(former));
      expect(about.flatMap(({ actions }) => actions)).toEqual(['kms:Decrypt']);
    }
  });

  it('lets the compaction tag deltas and nothing else, since the tag lets them expire', () => {
    const tagging = FUNCTION_NAMES.flatMap((name) => statementsOf(template, name)).filter(({ actions }) =>
      actions.includes('s3:PutObjectTagging'),
    );
    expect(tagging.flatMap(({ resources }) => resources)).toEqual([
      `\${aws_s3_bucket.chromadb.arn}/lines/delta/*`,
      `\${aws_s3_bucket.chromadb.arn}/words/delta/*`,
    ]);
  });

  it('lets no function write where another writes', () => {
    const writers = FUNCTION_NAMES.flatMap((name) =>
      statementsOf(template, name)
        .filter(({ actions }) => actions.includes('s3:PutObject'))
        .flatMap(({ resources }) => resources),
    ).filter((resource) => !resource.endsWith('/quarantine/*'));
    expect(new Set(writers).size).toBe(writers.length);
  });
});
