import type { Draft, Planted, Statement } from './draft';

const ROLE_POLICY = 'aws_iam_role_policy';

const statement = (says: RegExp, what: string, plant: (draft: Draft) => void): Planted => ({
  what,
  guard: 'reviewedStatements',
  says,
  plant,
});

/** Adds a statement to a policy. */
const added = (type: string, word: string, extra: Statement): Planted =>
  statement(
    RegExp(
      `^The statement \`Planted\` of ${type}\\.\\S*${word}\\S* is not as reviewed: nobody has reviewed one of this name`,
    ),
    `${type} ${word} with ${JSON.stringify(extra)}`,
    (draft) => draft.rewrite(type, word, (all) => [...all, { Sid: 'Planted', Effect: 'Allow', ...extra }]),
  );

/** Changes the statement of a name. */
const changed = (type: string, word: string, sid: string, change: Statement, column: string): Planted =>
  statement(
    RegExp(`^The statement \`${sid}\` of ${type}\\.\\S*${word}\\S* is not as reviewed: .*its ${column} are`),
    `${sid} of ${type} ${word}: ${JSON.stringify(change)}`,
    (draft) =>
      draft.rewrite(type, word, (all) => {
        if (!all.some(({ Sid }) => Sid === sid)) throw new Error(`There is no statement ${sid}.`);
        return all.map((each) => (each.Sid === sid ? { ...each, ...change } : each));
      }),
  );

/** Takes away the statement of a name. */
const lost = (type: string, word: string, sid: string): Planted =>
  statement(
    RegExp(`^The statement \`${sid}\` of .*${word}.* is gone`),
    `${type} ${word} without ${sid}`,
    (draft) =>
      draft.rewrite(type, word, (all) => {
        const left = all.filter(({ Sid }) => Sid !== sid);
        if (left.length === all.length) throw new Error(`There is no statement ${sid}.`);
        return left;
      }),
  );

const trusted = (what: string, change: Statement): Planted =>
  statement(
    /^The statement "" of aws_iam_role\.\S*enhanced-compaction\S* is not as reviewed: its (principals|actions|conditions) are/,
    `a trust policy ${what}`,
    (draft) =>
      draft.rewrite(
        'aws_iam_role',
        'enhanced-compaction',
        (all) => all.map((each) => ({ ...each, ...change })),
        'assume_role_policy',
      ),
  );

const QUEUE = `\${aws_sqs_queue.lines.arn}`;
const FOREIGN = 'arn:aws:iam::999999999999:root';

const second: Planted = statement(
  /^The statement `Take` of aws_iam_role_policy\.planted is not as reviewed: .*sqs:ReceiveMessage/,
  'a second consumer: a role that may take messages',
  (draft) => {
    draft.add('aws_iam_role', {
      name: 'second',
      assume_role_policy: JSON.stringify({
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    });
    draft.add(ROLE_POLICY, {
      role: `\${aws_iam_role.planted.id}`,
      policy: JSON.stringify({
        Statement: [
          {
            Sid: 'Take',
            Effect: 'Allow',
            Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
            Resource: QUEUE,
          },
        ],
      }),
    });
  },
);

export const plantedStatements: readonly Planted[] = [
  second,
  statement(/^The statement "" of aws_iam_role\.planted is not as reviewed/, 'a second role', (draft) =>
    draft.add('aws_iam_role', {
      assume_role_policy: JSON.stringify({
        Statement: {
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      }),
    }),
  ),
  trusted('of everybody', { Principal: { AWS: '*' } }),
  trusted('of everybody, the short way', { Principal: '*' }),
  trusted('of another account', { Principal: { AWS: FOREIGN } }),
  trusted('of another service as well', {
    Principal: { Service: ['lambda.amazonaws.com', 'ec2.amazonaws.com'] },
  }),
  trusted('that lets sessions be tagged', { Action: ['sts:AssumeRole', 'sts:TagSession'] }),
  trusted('of all but one', { Principal: undefined, NotPrincipal: { AWS: FOREIGN } }),

  added(ROLE_POLICY, 'reconcile-runs', { Action: 's3:GetObject', Resource: 'arn:aws:s3:::*' }),
  added(ROLE_POLICY, 'reconcile-runs', {
    Action: 'iam:PassRole',
    Resource: 'arn:aws:iam::123456789012:role/Administrator',
  }),
  added(ROLE_POLICY, 'reconcile-runs', { Action: 'sqs:ReceiveMessage', Resource: QUEUE }),
  added(ROLE_POLICY, 'reconcile-runs', {
    Action: 'sts:AssumeRole',
    Resource: 'arn:aws:iam::999999999999:role/x',
  }),
  added(ROLE_POLICY, 'reconcile-runs', {
    Action: 'lambda:UpdateFunctionCode',
    Resource: `\${aws_lambda_function.enhanced_compaction.arn}`,
  }),
  added(ROLE_POLICY, 'reconcile-runs', {
    Action: 'dynamodb:DeleteTable',
    Resource: `\${aws_dynamodb_table.compaction_runs.arn}`,
  }),
  added(ROLE_POLICY, 'ocr-results', {
    Action: 's3:DeleteObject',
    Resource: `\${aws_s3_bucket.chromadb.arn}/*`,
  }),
  added(ROLE_POLICY, 'ocr-results', {
    Action: 's3:PutBucketPolicy',
    Resource: `\${aws_s3_bucket.chromadb.arn}`,
  }),
  added(ROLE_POLICY, 'enhanced-compaction', {
    NotAction: 'iam:*',
    Resource: `\${aws_s3_bucket.chromadb.arn}`,
  }),
  changed(
    ROLE_POLICY,
    'enhanced-compaction',
    'WriteAndCollectSnapshots',
    { Resource: `\${aws_s3_bucket.chromadb.arn}/*` },
    'resources',
  ),
  changed(ROLE_POLICY, 'enhanced-compaction', 'MountItsAccessPoint', { Condition: undefined }, 'conditions'),
  changed(
    ROLE_POLICY,
    'enhanced-compaction',
    'MountItsAccessPoint',
    {
      Action: [
        'elasticfilesystem:ClientMount',
        'elasticfilesystem:ClientWrite',
        'elasticfilesystem:ClientRootAccess',
      ],
    },
    'actions',
  ),
  changed(
    ROLE_POLICY,
    'enhanced-compaction',
    'ListItsPrefixes',
    { Condition: { StringLike: { 's3:prefix': ['*'] } } },
    'conditions',
  ),
  changed(
    ROLE_POLICY,
    'enhanced-compaction',
    'ConsumeItsQueue',
    { Resource: `\${aws_sqs_queue.ocr_results.arn}` },
    'resources',
  ),
  changed(
    ROLE_POLICY,
    'embed-from-ndjson',
    'ReadItsSecrets',
    { Resource: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:*' },
    'resources',
  ),
  changed(
    ROLE_POLICY,
    'embed-from-ndjson',
    'RegisterRuns',
    { Action: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'] },
    'actions',
  ),
  changed(
    ROLE_POLICY,
    'flow-log',
    'WriteFlowLogs',
    { Resource: 'arn:aws:logs:us-east-1:123456789012:log-group:*' },
    'resources',
  ),
  lost(ROLE_POLICY, 'enhanced-compaction', 'DenyTheNetworkToTheCode'),
  statement(
    /^aws_iam_role_policy\.\S*reconcile-runs\S* has a policy that is not JSON at synthesis/,
    'a policy that cannot be read',
    (draft) =>
      draft.set(ROLE_POLICY, 'reconcile-runs', { policy: `\${data.aws_iam_policy_document.mine.json}` }),
  ),
  statement(
    /^The statement `\w+` of aws_iam_role_policy\.\S*reconcile-runs\S* is not as reviewed/,
    "a role's policy on the role of another",
    (draft) =>
      draft.set(ROLE_POLICY, 'reconcile-runs', { role: draft.of(ROLE_POLICY, 'stream-processor').role }),
  ),
  statement(
    /^The statement `FindItsGroup` of aws_iam_role_policy\.planted is not as reviewed/,
    'a policy on a role of elsewhere',
    (draft) =>
      draft.add(ROLE_POLICY, { role: 'Administrator', policy: draft.of(ROLE_POLICY, 'flow-log').policy }),
  ),

  added('aws_sqs_queue_policy', 'queues_lines_policy', {
    Principal: { AWS: FOREIGN },
    Action: 'sqs:ReceiveMessage',
    Resource: QUEUE,
  }),
  added('aws_sqs_queue_policy', 'queues_lines_policy', {
    Principal: { AWS: FOREIGN },
    Action: 'sqs:SendMessage',
    Resource: QUEUE,
  }),
  added('aws_sqs_queue_policy', 'queues_lines_policy', {
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: QUEUE,
    Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } },
  }),
  changed(
    'aws_sqs_queue_policy',
    'ocr-results_policy',
    'AllowBucketNotifications',
    { Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } } },
    'conditions',
  ),
  changed(
    'aws_sqs_queue_policy',
    'ocr-results_policy',
    'AllowBucketNotifications',
    { Principal: { Service: 'events.amazonaws.com' } },
    'principals',
  ),
  added('aws_s3_bucket_policy', '', {
    Principal: { AWS: FOREIGN },
    Action: 's3:GetObject',
    Resource: `\${aws_s3_bucket.chromadb.arn}/*`,
  }),
  added('aws_s3_bucket_policy', '', {
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `\${aws_s3_bucket.chromadb.arn}/*`,
    Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } },
  }),
  added('aws_sns_topic_policy', '', {
    Principal: { AWS: FOREIGN },
    Action: 'sns:Subscribe',
    Resource: `\${aws_sns_topic.alarms.arn}`,
  }),
  added('aws_kms_key', 'encryption', { Principal: { AWS: '*' }, Action: 'kms:*', Resource: '*' }),
  added('aws_kms_key', 'encryption', { Principal: { AWS: FOREIGN }, Action: 'kms:Decrypt', Resource: '*' }),
  changed('aws_kms_key', 'encryption', 'AccountDecidesByIam', { Principal: { AWS: '*' } }, 'principals'),
  changed('aws_kms_key', 'encryption', 'Allowcloudwatch', { Condition: undefined }, 'conditions'),
  added('aws_efs_file_system_policy', '', { Principal: { AWS: '*' }, Action: '*', Resource: '*' }),
  changed('aws_efs_file_system_policy', '', 'OnlyTheCompaction', { Principal: { AWS: '*' } }, 'principals'),
  changed('aws_efs_file_system_policy', '', 'OnlyTheCompaction', { Action: '*' }, 'actions'),
  lost('aws_efs_file_system_policy', '', 'DenyWithoutTls'),
  changed('aws_vpc_endpoint', 'endpoints_s3', 'OnlyOurs', { Condition: undefined }, 'conditions'),
  changed('aws_vpc_endpoint', 'endpoints_s3', 'OnlyOurs', { Resource: '*' }, 'resources'),
];
