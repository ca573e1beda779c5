import { DynamodbTable } from '@cdktf/provider-aws/lib/dynamodb-table';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import { TerraformHclModule, TerraformOutput, TerraformStack } from 'cdktf';
import { oneBucket } from '../../../stacks/guards/one-bucket';
import { oneRunTable } from '../../../stacks/guards/one-run-table';
import { addRaw, addressOf, complaints, moved, override, sentences } from '../../support/guarded-stack';
import { synthesize } from '../../support/template';

describe('exactly one Chroma bucket', () => {
  it('lets the untouched stack pass', () => {
    expect(complaints(() => {})).toBe('');
  });

  it.each([
    [
      'by its construct',
      (stack: TerraformStack) => void new S3Bucket(stack, 'chroma', { bucket: 'another' }),
    ],
    [
      'by the lowest-level construct',
      (stack: TerraformStack) => addRaw(stack, 'aws_s3_bucket', 'second', { bucket: 'another' }),
    ],
    [
      'by an override of the stack',
      (stack: TerraformStack) => stack.addOverride('resource.aws_s3_bucket.second', { bucket: 'another' }),
    ],
  ])('refuses a second bucket that was added %s', (_way, add) => {
    expect(complaints(add)).toMatch(/oneBucket: .*is a second bucket.*take the shared ChromaBucket/);
  });

  it('refuses a bucket whose address moved, since Terraform would replace it and its data', () => {
    expect(sentences(oneBucket, moved('aws_s3_bucket', 'chromadb'))).toMatch(
      /aws_s3_bucket.chromadb: The shared bucket is missing from its address/,
    );
  });

  it('refuses a second notification, which would overwrite the first in silence', () => {
    const message = complaints((stack) =>
      addRaw(stack, 'aws_s3_bucket_notification', 'mine', { bucket: `\${aws_s3_bucket.chromadb.bucket}` }),
    );
    expect(message).toMatch(/oneBucket: .*exactly one aws_s3_bucket_notification.*there are 2/);
  });
});

describe('one set of queues', () => {
  it.each([
    [
      'by its construct',
      (stack: TerraformStack) => void new SqsQueue(stack, 'lines-again', { name: 'lines' }),
    ],
    ['by the lowest-level construct', (stack: TerraformStack) => addRaw(stack, 'aws_sqs_queue', 'mine', {})],
    [
      'by an override of the stack',
      (stack: TerraformStack) => stack.addOverride('resource.aws_sqs_queue.mine', { name: 'mine' }),
    ],
  ])('refuses a queue of a second set that was added %s', (_way, add) => {
    expect(complaints(add)).toMatch(
      /oneSetOfQueues: .*is not one of the pipeline's queues.*take the shared Queues/,
    );
  });

  it('refuses a redrive policy from outside its queue', () => {
    const message = complaints((stack) =>
      addRaw(stack, 'aws_sqs_queue_redrive_policy', 'mine', { queue_url: `\${aws_sqs_queue.lines.url}` }),
    );
    expect(message).toMatch(/oneSetOfQueues: .*overrules the redrive policy/);
  });

  it('refuses two queues that aim at one hard-coded physical name', () => {
    const message = complaints((stack) => {
      override(stack, 'aws_sqs_queue.ocr_results', { name: 'pipeline-queue' });
      override(stack, 'aws_sqs_queue.embed_ndjson', { name: 'pipeline-queue' });
    });
    expect(message).toMatch(/uniqueNames: .*has the same name in AWS as .*: pipeline-queue/);
  });
});

describe('one run table', () => {
  it.each([
    [
      'by its construct',
      (stack: TerraformStack) =>
        void new DynamodbTable(stack, 'locks', {
          name: 'locks',
          hashKey: 'id',
          attribute: [{ name: 'id', type: 'S' }],
        }),
    ],
    [
      'by the lowest-level construct',
      (stack: TerraformStack) => addRaw(stack, 'aws_dynamodb_table', 'locks', { name: 'locks' }),
    ],
  ])('refuses a second table that was added %s', (_way, add) => {
    expect(complaints(add)).toMatch(/oneRunTable: .*is a second table.*take the shared RunTable/);
  });

  it('refuses a table that moved from its address', () => {
    expect(sentences(oneRunTable, moved('aws_dynamodb_table', 'compaction_runs'))).toMatch(
      /aws_dynamodb_table.compaction_runs: .*missing from its address/,
    );
  });
});

describe('the outputs', () => {
  it('hold exactly one that matches chromadb_bucket', () => {
    const matching = Object.keys(synthesize().outputs).filter((name) => /chromadb_bucket/i.test(name));
    expect(matching).toEqual(['chromadb_bucket_name']);
  });

  it.each(['chromadb_bucket_arn', 'shared-chromadb-bucket', 'ChromaDB_Bucket'])(
    'refuse a second one, %s',
    (name) => {
      const message = complaints((stack) => {
        new TerraformOutput(stack, name, { value: 'x', staticId: true });
      });
      expect(message).toMatch(/oneBucketOutput: .*2 outputs match chromadb_bucket/);
    },
  );

  it('refuse to name another bucket than the shared one', () => {
    const message = complaints((stack) => {
      stack.addOverride('output.chromadb_bucket_name.value', 'the-unused-one');
    });
    expect(message).toMatch(/oneBucketOutput: .*does not name the shared bucket/);
  });
});

describe('nothing hides a second of anything', () => {
  it('refuses a count or for_each', () => {
    expect(complaints((stack) => override(stack, 'aws_sqs_queue.lines', { count: 2 }))).toMatch(
      /nothingHidden: .*has a count or a for_each/,
    );
    expect(
      complaints((stack) =>
        override(stack, 'aws_lambda_event_source_mapping.lines_consumer', { for_each: { a: 1, b: 2 } }),
      ),
    ).toMatch(/nothingHidden/);
  });

  it('refuses a module', () => {
    const message = complaints(
      (stack) => void new TerraformHclModule(stack, 'bucket', { source: 'some/bucket/aws' }),
    );
    expect(message).toMatch(/nothingHidden: module\.bucket: A module is used/);
  });

  it.each(['aws_cloudformation_stack', 'aws_cloudcontrolapi_resource', 'null_resource'])(
    'refuses %s, which could make anything',
    (type) => {
      expect(complaints((stack) => addRaw(stack, type, 'maker', {}))).toMatch(
        /nothingHidden: .*maker can make anything/,
      );
    },
  );

  it('refuses a provisioner', () => {
    const provisioner = { provisioner: [{ 'local-exec': { command: 'aws s3 mb s3://second' } }] };
    expect(complaints((stack) => override(stack, 'aws_s3_bucket.chromadb', provisioner))).toMatch(
      /nothingHidden: .*can make anything/,
    );
  });

  it('refuses a second stack in the app', () => {
    const message = complaints((stack) => void new TerraformStack(stack.node.root, 'second'));
    expect(message).toMatch(/oneStack: second: .*an app of its own/);
  });
});

it('says what is wrong, where, and what to do, for a construct by its path', () => {
  const message = complaints((stack) =>
    override(stack, addressOf(stack, 'aws_s3_bucket_versioning'), { count: 1 }),
  );
  expect(message).toContain('chroma-pipeline/chroma-bucket/versioning');
});
