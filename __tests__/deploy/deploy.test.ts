import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { OCR_RESULTS } from '../../demo/receipts/receipts';
import { ask } from '../../demo/story/queries';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { eventually } from '../../packages/local-aws/__tests__/support/eventually';
import { describeWith, MOTO } from '../../packages/local-aws/__tests__/support/requirements';
import { STATEFUL } from '../stacks/transitions/resource-types';
import { AWS_PROVIDER, TERRAFORM } from '../support/requirements';
import type { PlannedChange } from '../support/terraform';
import { consumers, watchConsumers } from './consumers';
import { runDeployedPipeline } from './deployed-pipeline';
import { type Deployment, startDeployment } from './deployment';
import { driftOf, EMULATOR_DRIFT, knownDrift } from './emulator-drift';

const MINUTE = 60_000;

const ANOTHER_KEY = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';

/** What holds data and some setting can do without. */
const KEPT = ['aws_dynamodb_table.compaction_runs', 'aws_efs_file_system.chroma', 'aws_kms_key.encryption'];

/**
 * What Terraform names when it refuses to destroy: what holds data and has nothing before it in the order of
 * destruction. Dead letter queues and the key come after these; it does not get that far.
 */
const REFUSED = [
  'aws_dynamodb_table.compaction_runs',
  'aws_efs_file_system.chroma',
  'aws_s3_bucket.chromadb',
  'aws_sqs_queue.embed_ndjson',
  'aws_sqs_queue.lines',
  'aws_sqs_queue.ocr_results',
  'aws_sqs_queue.words',
];

describeWith([MOTO, TERRAFORM, AWS_PROVIDER], 'deployed by Terraform, the stack', () => {
  let deployment: Deployment;
  let firstPlan: PlannedChange[];
  let lambda: LambdaClient;
  const client = () => ({
    endpoint: deployment.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });
  const outputs = async () => (await deployment.terraform.outputs()) as Record<string, string>;
  const consumersByQueue = async () =>
    Object.fromEntries(
      [...(await consumers(lambda))].map(([arn, names]) => [
        arn.split(':').at(-1)?.replace('chroma-pipeline-deployed-', '') ?? arn,
        names.map((name) => name.replace('chroma-pipeline-deployed-', '')),
      ]),
    );

  beforeAll(async () => {
    deployment = await startDeployment();
    lambda = new LambdaClient(client());
    await deployment.settle();
    firstPlan = await deployment.terraform.plan();
  }, 3 * MINUTE);
  afterAll(async () => {
    lambda?.destroy();
    await deployment?.stop();
  });

  it('shows every resource of the JSON in its first plan, to be created', () => {
    const counts = new Map<string, number>();
    for (const { type } of firstPlan) counts.set(type, (counts.get(type) ?? 0) + 1);
    const synthesized = deployment.terraform.synthesizedCounts();
    expect(new Map([...counts].sort())).toEqual(new Map([...synthesized].sort()));
    expect(firstPlan.filter(({ actions }) => actions.join() !== 'create')).toEqual([]);
    process.stdout.write(`Plan: ${firstPlan.length} resources of ${counts.size} types to create\n`);
  });

  it(
    'applies, and a second plan wants nothing but what the emulator lost',
    async () => {
      await deployment.terraform.applyPlan();
      const second = await deployment.terraform.plan();
      const drift = [...new Set(second.flatMap(driftOf))].sort();
      expect(drift).toEqual(knownDrift().sort());
      expect(EMULATOR_DRIFT.every(({ reason }) => reason.length > 0)).toBe(true);
    },
    8 * MINUTE,
  );

  it('has one consumer for each queue and for the stream, and none for a dead letter queue', async () => {
    const { 'compaction-runs': _, ...queues } = await consumersByQueue();
    const streams = Object.entries(queues).filter(([name]) => !/^[a-z-]+(\.fifo)?$/.test(name));
    expect(streams.map(([, names]) => names)).toEqual([['stream-processor']]);
    expect(
      Object.fromEntries(Object.entries(queues).filter(([name]) => /^[a-z-]+(\.fifo)?$/.test(name))),
    ).toEqual({
      'ocr-results': ['process-ocr-results'],
      'embed-ndjson': ['embed-from-ndjson'],
      'lines.fifo': ['enhanced-compaction'],
      'words.fifo': ['enhanced-compaction'],
    });
  });

  it(
    'carries a receipt from its bucket, through its queues and its stream, to vectors that a query finds',
    async () => {
      const { chromadb_bucket_name: bucket = '', compaction_runs_table_name: name = '' } = await outputs();
      const [s3, dynamodb] = [new S3Client(client()), new DynamoDBClient(client())];
      const table = { client: DynamoDBDocumentClient.from(dynamodb), name };
      const receipt = { imageId: randomUUID(), receiptId: 1 };
      const pipeline = await runDeployedPipeline(deployment);
      try {
        // The policy refuses whoever does not speak TLS, and moto does not.
        await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
        await s3.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: ocrKey(receipt),
            Body: OCR_RESULTS['vision-supermarket'],
          }),
        );
        const run = await eventually(
          'the run to be merged into both collections',
          async () => {
            const [found] = await runsOfReceipt(table, receipt);
            return found && COLLECTIONS.every((each) => found[each].finished_at !== undefined) && found;
          },
          4 * MINUTE,
        );
        for (const collection of COLLECTIONS) {
          expect(run[collection]).toMatchObject({
            state: 'COMPLETED',
            merged_vectors: run[collection].records,
          });
          expect(run[collection].records).toBeGreaterThan(0);
        }
        const source = { s3, bucket, table, mountPath: pipeline.mountPath };
        const { answers } = await ask(['organic bananas'], deployment.config.embedding.dimensions, source);
        // Its row and the two beside it, which are embedded with it.
        expect(answers[0]?.map(({ document }) => document)).toContain('ORGANIC BANANAS 1.87');
        expect(pipeline.failures).toEqual([]);
      } finally {
        await pipeline.stop();
        for (const each of [s3, dynamodb]) each.destroy();
      }
    },
    5 * MINUTE,
  );

  it(
    'is switched to a legacy function and back, with never two consumers on one queue',
    async () => {
      const legacyFunction = await deployment.createLegacyFunction();
      await deployment.settle({ consumer: { legacyFunction } });
      const away = await watchConsumers(lambda, () => deployment.terraform.apply({ refresh: false }));
      expect(await consumersByQueue()).toMatchObject({
        'lines.fifo': [legacyFunction],
        'words.fifo': [legacyFunction],
      });
      await deployment.settle();
      const back = await watchConsumers(lambda, () => deployment.terraform.apply({ refresh: false }));
      expect(await consumersByQueue()).toMatchObject({
        'lines.fifo': ['enhanced-compaction'],
        'words.fifo': ['enhanced-compaction'],
      });
      for (const { most, looks } of [away, back]) {
        expect(most).toBe(1);
        expect(looks).toBeGreaterThan(10);
      }
    },
    6 * MINUTE,
  );

  it(
    'is not destroyed where data would be lost',
    async () => {
      const before = await deployment.terraform.state();
      await deployment.settle({ ephemeral: undefined });
      const refusal = await deployment.terraform.destroy({ refresh: false }).then(
        () => 'it was destroyed',
        (error: Error) => error.message,
      );
      const refused = [...refusal.matchAll(/Resource (\S+)\s+has\s+lifecycle\.prevent_destroy/g)];
      expect(refused.map(([, address]) => address)).toEqual(expect.arrayContaining(REFUSED));
      expect(await deployment.terraform.state()).toEqual(before);
    },
    3 * MINUTE,
  );

  it(
    'keeps the file system, the table and the key that settings no longer need',
    async () => {
      const { compaction_runs_table_name: name = '' } = await outputs();
      await deployment.settle({
        ephemeral: undefined,
        chroma: { mode: 'server', url: 'https://chroma.example' },
        encryption: { type: 'kms', keyArn: ANOTHER_KEY },
        adopt: { table: { as: 'data-source', name } },
      });
      const changes = await deployment.terraform.plan({ refresh: false });
      const planned = (action: string) =>
        changes.filter(({ actions }) => actions.includes(action)).map(({ address }) => address);
      expect(planned('forget').sort()).toEqual(KEPT);
      const destroyed = planned('delete').map((address) => address.split('.')[0]);
      expect(destroyed).toContain('aws_vpc');
      expect(destroyed.filter((type) => type !== undefined && type in STATEFUL)).toEqual([]);
    },
    3 * MINUTE,
  );

  it(
    "refuses a plan for another environment's state, or for other data than the state's, and says what to do",
    async () => {
      await deployment.settle({
        ephemeral: undefined,
        name: 'another-pipeline',
        encryption: { type: 'kms', keyArn: ANOTHER_KEY },
      });
      const refusal = await deployment.terraform.plan({ refresh: false }).then(
        () => 'it was planned',
        (error: Error) => error.message.replace(/\s+/g, ' '),
      );
      expect(refusal).toMatch(
        /This state is of chroma-pipeline-deployed in us-east-1, account \d{12}, and .* are of another-pipeline-deployed/,
      );
      expect(refusal).toMatch(
        /bucket of this state is chroma-pipeline-deployed-\d{12}, and .* Name it again/,
      );
      expect(refusal).toMatch(/run table of this state is chroma-pipeline-deployed-compaction-runs, and/);
      expect(refusal).toMatch(/encrypted with the stack's own key, .* Set chroma.cache to "none" and deploy/);
    },
    3 * MINUTE,
  );

  it(
    'leaves nothing behind when an ephemeral environment is destroyed, data included',
    async () => {
      expect((await deployment.tagged()).length).toBeGreaterThan(20);
      await deployment.settle();
      await deployment.terraform.destroy();
      expect(await deployment.terraform.state()).toEqual([]);
      expect(await deployment.tagged()).toEqual([]);
    },
    6 * MINUTE,
  );
});
