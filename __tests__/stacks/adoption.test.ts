import { FUNCTION_NAMES } from '../../contracts/functions';
import type { ConfigInput } from '../../stacks/config';
import { statementsOf } from '../support/allowed-actions';
import { synthesize } from '../support/template';

const imports = (config: Parameters<typeof synthesize>[0]) => synthesize(config).json.import;

describe('an existing bucket', () => {
  it('comes under management under its own name, by an import', () => {
    const config = { adopt: { bucket: { name: 'receipts-chroma-prod' } } };
    expect(imports(config)).toEqual([{ id: 'receipts-chroma-prod', to: 'aws_s3_bucket.chromadb' }]);
    expect(synthesize(config).resource('aws_s3_bucket', 'chromadb')).toMatchObject({
      bucket: 'receipts-chroma-prod',
      lifecycle: { prevent_destroy: true },
    });
  });
});

describe('an existing run table', () => {
  const table = { as: 'import', name: 'ReceiptsTable' } as const;

  it('comes under management, with the indexes that it has already', () => {
    const index = { name: 'GSI1', hashKey: { name: 'GSI1PK', type: 'S' } } as const;
    const config = { adopt: { table: { ...table, indexes: [index] } } };
    expect(imports(config)).toEqual([{ id: 'ReceiptsTable', to: 'aws_dynamodb_table.compaction_runs' }]);
    const { global_secondary_index: indexes, attribute } = synthesize(config).resource(
      'aws_dynamodb_table',
      'compaction_runs',
    );
    expect(indexes).toEqual([
      expect.objectContaining({ name: 'lines-pending' }),
      expect.objectContaining({ name: 'words-pending' }),
      expect.objectContaining({ name: 'GSI1', hash_key: 'GSI1PK' }),
    ]);
    expect(attribute).toContainEqual({ name: 'GSI1PK', type: 'S' });
  });

  it('keeps the stream that it has: another view type would give it another ARN', () => {
    const config = { adopt: { table: { ...table, streamViewType: 'NEW_IMAGE' as const } } };
    expect(synthesize(config).resource('aws_dynamodb_table', 'compaction_runs')).toMatchObject({
      stream_enabled: true,
      stream_view_type: 'NEW_IMAGE',
    });
  });

  it('keeps how it is paid for, and its time-to-live', () => {
    const { lifecycle } = synthesize({ adopt: { table } }).resource('aws_dynamodb_table', 'compaction_runs');
    expect(lifecycle).toMatchObject({
      prevent_destroy: true,
      ignore_changes: expect.arrayContaining(['billing_mode', 'ttl']),
    });
  });

  it("stays its owner's as a data source, and is refused at plan when it lacks a stream or an index", () => {
    const template = synthesize({ adopt: { table: { as: 'data-source', name: 'ReceiptsTable' } } });
    expect(template.resources('aws_dynamodb_table').length).toBe(0);
    const [existing] = template.data('aws_dynamodb_table');
    expect(JSON.stringify(existing?.attributes.lifecycle)).toMatch(
      /has no stream.*lacks an index of lines-pending, words-pending/,
    );
    expect(template.resource('aws_lambda_event_source_mapping', 'run_stream_consumer')).toMatchObject({
      event_source_arn: `\${data.aws_dynamodb_table.compaction_runs.stream_arn}`,
    });
  });
});

describe('an existing VPC', () => {
  const vpc = { id: 'vpc-0abc', subnetIds: ['subnet-0a', 'subnet-0b'] };

  it('takes the place of ours', () => {
    const template = synthesize({ adopt: { vpc } });
    expect(
      ['aws_vpc', 'aws_subnet', 'aws_route_table'].map((type) => template.resources(type).length),
    ).toEqual([0, 0, 0]);
    expect(template.resource('aws_lambda_function', 'enhanced_compaction').vpc_config).toMatchObject({
      subnet_ids: ['subnet-0a', 'subnet-0b'],
    });
  });

  it('gets gateway endpoints only where its route tables are named: it may have its own', () => {
    expect(synthesize({ adopt: { vpc } }).resources('aws_vpc_endpoint').length).toBe(0);
    const named = synthesize({ adopt: { vpc: { ...vpc, endpointRouteTableIds: ['rtb-0a'] } } });
    expect(named.all('aws_vpc_endpoint')).toEqual([
      expect.objectContaining({ route_table_ids: ['rtb-0a'] }),
      expect.objectContaining({ route_table_ids: ['rtb-0a'] }),
    ]);
  });
});

describe('the customer key of what exists', () => {
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/theirs';
  const ofTable = { adopt: { table: { as: 'data-source', name: 'ReceiptsTable', keyArn } } } as const;
  const server = {
    mode: 'server',
    url: 'https://chroma.example',
    secretName: 's',
    secretKeyArn: keyArn,
  } as const;

  /** Who may do what with it, and by way of which service alone. */
  function allowed(config: ConfigInput): string[] {
    const template = synthesize(config);
    return FUNCTION_NAMES.flatMap((name) =>
      statementsOf(template, name)
        .filter(({ resources }) => resources.includes(keyArn))
        .map(({ actions, conditions }) => [name, ...actions, JSON.stringify(conditions)].join(' ')),
    );
  }
  const via = (service: string) =>
    `kms:Decrypt {"StringEquals":{"kms:ViaService":"${service}.us-east-1.amazonaws.com"}}`;

  it("lets whoever uses another stack's table decrypt it", () => {
    expect(allowed(ofTable)).toEqual([
      `embed-from-ndjson ${via('dynamodb')}`,
      `stream-processor ${via('dynamodb')}`,
      `enhanced-compaction ${via('dynamodb')}`,
      `reconcile-runs ${via('dynamodb')}`,
    ]);
  });

  it('lets whoever reads a secret decrypt it', () => {
    expect(allowed({ embedding: { secretKeyArn: keyArn } })).toEqual([
      `embed-from-ndjson ${via('secretsmanager')}`,
    ]);
    expect(allowed({ chroma: server })).toEqual([`enhanced-compaction ${via('secretsmanager')}`]);
  });

  it('lets every function read what lies in an adopted bucket', () => {
    expect(allowed({ adopt: { bucket: { name: 'receipts', keyArn } } })).toEqual(
      FUNCTION_NAMES.map((name) => `${name} kms:Decrypt {}`),
    );
  });
});
