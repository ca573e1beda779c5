import type { ConfigInput } from '../../../stacks/config';
import { reviewedSettings } from '../../../stacks/guards/reviewed-settings';
import { findings } from '../../support/guard-findings';

const refused = (sections: Record<string, unknown>, config: ConfigInput = {}) =>
  findings(reviewedSettings, { 'aws_sqs_queue.lines': {}, 'aws_sqs_queue.words': {} }, config, sections);

it('accepts all that the stack states', () => {
  expect(
    refused({
      '//': {},
      terraform: {
        backend: { local: { path: 'x' } },
        required_providers: { aws: { source: 'aws', version: '5.100.0' } },
        required_version: '>= 1.11.0',
      },
      provider: { aws: [{ region: 'us-east-1', default_tags: [{ tags: {} }] }] },
      locals: {},
      output: {},
      module: {},
    }),
  ).toEqual([]);
});

it.each(['variable', 'check', 'ephemeral', 'action', 'list'])(
  'refuses %s, which no guard reads',
  (section) => {
    expect(refused({ [section]: {} })).toEqual([
      `${section}: ${section} is a part of the stack that no guard reads.`,
    ]);
  },
);

describe("Terraform's settings", () => {
  it.each(['cloud', 'experiments', 'provider_meta'])('refuse %s', (setting) => {
    expect(refused({ terraform: { [setting]: {} } })).toEqual([
      `terraform.${setting}: terraform.${setting} was reviewed by nobody.`,
    ]);
  });

  it('keep the state where the configuration says', () => {
    const backend = { s3: { bucket: 'state' } };
    expect(refused({ terraform: { backend } })).toEqual([
      'terraform.backend.s3: terraform.backend.s3 keeps the state where the configuration does not say.',
    ]);
    expect(refused({ terraform: { backend } }, { backend: { type: 's3', bucket: 'state' } })).toEqual([]);
  });

  it('take the AWS provider of the registry, and no other', () => {
    const required = (required_providers: object) => refused({ terraform: { required_providers } });
    for (const aws of [{}, { source: 'aws' }, { source: 'hashicorp/aws' }])
      expect(required({ aws })).toEqual([]);
    expect(required({ aws: { source: 'someone/aws' } })).toEqual([
      'terraform.required_providers.aws: terraform.required_providers.aws takes a provider from "someone/aws", which nobody has reviewed.',
    ]);
    expect(required({ awscc: { source: 'aws' } })).toEqual([
      expect.stringContaining('terraform.required_providers.awscc takes a provider from "aws"'),
    ]);
  });
});

describe('a provider', () => {
  it('is that of AWS, which is told of a region', () => {
    expect(refused({ provider: { awscc: [{ region: 'us-east-1' }] } })).toEqual([
      expect.stringMatching(/^provider\.awscc: provider\.awscc is another provider than that of AWS/),
    ]);
    expect(refused({ provider: { aws: { region: 'us-east-1' } } })).toEqual([]);
    expect(refused({ provider: { aws: [{ region: 'eu-west-1' }] } }, { region: 'eu-west-1' })).toEqual([]);
    for (const region of ['eu-west-1', undefined]) {
      expect(refused({ provider: { aws: [{ region }] } })).toEqual([
        `provider.aws.region: provider.aws.region is ${JSON.stringify(region)}, and the configuration has us-east-1.`,
      ]);
    }
  });

  it.each(['alias', 'assume_role', 'endpoints', 'profile'])('is not told of its %s', (setting) => {
    expect(refused({ provider: { aws: [{ region: 'us-east-1', [setting]: 'x' }] } })).toEqual([
      expect.stringMatching(RegExp(`^provider\\.aws\\.${setting}: .* decides whose account`)),
    ]);
  });
});

describe('an import', () => {
  const imported = (block: object, config?: ConfigInput) => refused({ import: [block] }, config);
  const bucket = { to: 'aws_s3_bucket.chromadb', id: 'receipts' };
  const table = { to: 'aws_dynamodb_table.compaction_runs', id: 'ReceiptsTable' };
  const adopt = {
    bucket: { name: 'receipts' },
    table: { as: 'import', name: 'ReceiptsTable' },
  } as const;

  it('is of what the configuration adopts', () => {
    expect(imported(bucket, { adopt })).toEqual([]);
    expect(imported(table, { adopt })).toEqual([]);
  });

  it.each([
    [bucket, {}],
    [table, {}],
    [table, { adopt: { table: { as: 'data-source', name: 'ReceiptsTable' } } }],
    [{ ...bucket, id: 'another' }, { adopt }],
    [{ ...bucket, id: table.id }, { adopt }],
    [{ to: 'aws_sqs_queue.lines', id: 'receipts' }, { adopt }],
    [{ ...bucket, provider: 'aws.other' }, { adopt }],
    [{ to: bucket.to }, {}],
  ] as [{ to: string; id?: string }, ConfigInput][])('of %j is refused under %j', (block, config) => {
    expect(imported(block, config)).toEqual([
      `import of ${block.to}: import of ${block.to} brings ${JSON.stringify(block.id)} under this stack, which the configuration does not adopt.`,
    ]);
  });
});

describe('a move', () => {
  const moved = (from: string) => refused({ moved: [{ from, to: 'aws_sqs_queue.other' }] });

  it('is of an address that nothing has any more', () => {
    expect(moved('aws_sqs_queue.former')).toEqual([]);
  });

  it.each(['aws_sqs_queue.lines', 'aws_efs_file_system.chroma'])('of %s is refused', (from) => {
    expect(moved(from)).toEqual([
      `moved from ${from}: moved from ${from} hands to aws_sqs_queue.other what is deployed at an address that must keep it.`,
    ]);
  });
});

describe('a removed block', () => {
  const KEPT = { from: 'aws_efs_file_system.chroma', lifecycle: { destroy: false } };

  it('keeps what a setting leaves out', () => {
    expect(refused({ removed: [KEPT] })).toEqual([]);
  });

  it.each([
    { ...KEPT, from: 'aws_s3_bucket.chromadb' },
    { ...KEPT, lifecycle: { destroy: true } },
    { from: KEPT.from },
    { ...KEPT, provisioner: {} },
  ])('does nothing else: %j', (removed) => {
    expect(refused({ removed: [removed] })).toEqual([
      `removed from ${removed.from}: removed from ${removed.from} drops what the stack would still have to look after, or destroys it.`,
    ]);
  });
});
