import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { App } from 'cdktf';
import { type Moto, startMoto } from '../../packages/local-aws/__tests__/support/moto';
import { describeWith, MOTO } from '../../packages/local-aws/__tests__/support/requirements';
import { type ConfigInput, parseConfig } from '../../stacks/config';
import { PipelineStack } from '../../stacks/pipeline-stack';
import { AWS_PROVIDER, TERRAFORM } from '../support/requirements';
import { smallPackages } from '../support/template';
import { type PlannedChange, Terraform } from '../support/terraform';

const REGION = 'us-east-1';
const BUCKET = 'receipts-chroma';
const TABLE = 'ReceiptsTable';

describeWith([MOTO, TERRAFORM, AWS_PROVIDER], 'adopting what exists', () => {
  let moto: Moto;
  let terraform: Terraform;
  let streamArn: string | undefined;
  const workspace = mkdtempSync(join(tmpdir(), 'adoption-'));
  const client = () => ({
    endpoint: moto.endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });

  const plan = async (adopt: ConfigInput['adopt']): Promise<PlannedChange[]> => {
    const app = new App({ outdir: join(workspace, 'out') });
    // Server mode: what is adopted here needs neither network nor file system, whose making takes minutes.
    const config = parseConfig({ adopt, chroma: { mode: 'server', url: 'https://chroma.example' } }, 'test');
    new PipelineStack(app, 'pipeline', { config, packages: smallPackages() });
    app.synth();
    await terraform.init(join(workspace, 'out', 'stacks', 'pipeline'));
    return terraform.plan();
  };
  const described = async () =>
    (await new DynamoDBClient(client()).send(new DescribeTableCommand({ TableName: TABLE }))).Table;

  beforeAll(async () => {
    moto = await startMoto();
    terraform = new Terraform({ workspace, endpoint: moto.endpoint, region: REGION });
    await new S3Client(client()).send(new CreateBucketCommand({ Bucket: BUCKET }));
    await new DynamoDBClient(client()).send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'PK', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: ['PK', 'SK', 'GSI1PK'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        })),
        GlobalSecondaryIndexes: [
          {
            IndexName: 'GSI1',
            KeySchema: [{ AttributeName: 'GSI1PK', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      }),
    );
    streamArn = (await described())?.LatestStreamArn;
  });
  afterAll(() => moto.stop());

  it('refuses a table as a data source that lacks the indexes of unfinished runs', async () => {
    await expect(plan({ table: { as: 'data-source', name: TABLE } })).rejects.toThrow(
      /The adopted table ReceiptsTable lacks an index/,
    );
  });

  it('imports bucket and table: neither is made, replaced or destroyed', async () => {
    const changes = await plan({
      bucket: { name: BUCKET },
      table: {
        as: 'import',
        name: TABLE,
        streamViewType: 'NEW_IMAGE',
        indexes: [{ name: 'GSI1', hashKey: { name: 'GSI1PK', type: 'S' } }],
      },
    });
    const stateful = changes.filter(({ type }) => ['aws_s3_bucket', 'aws_dynamodb_table'].includes(type));
    expect(stateful.map(({ address, actions }) => [address, actions])).toEqual([
      ['aws_dynamodb_table.compaction_runs', ['update']],
    ]);
    expect(changes.filter(({ actions }) => actions.includes('delete'))).toEqual([]);
  });

  it('keeps the bucket, the stream and the indexes through the apply', async () => {
    await terraform.applyPlan();
    expect(await terraform.outputs()).toMatchObject({ chromadb_bucket_name: BUCKET });
    const table = await described();
    expect(table?.LatestStreamArn).toBe(streamArn);
    expect(table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual([
      'GSI1',
      'lines-pending',
      'words-pending',
    ]);
  });
});
