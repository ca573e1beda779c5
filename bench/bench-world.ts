import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { LocalAws } from 'local-aws';
import { doorbell } from '../__tests__/support/runs';
import type { CompactionRun } from '../contracts/compaction-run';
import { createResources } from '../demo/pipeline/resources';
import type { createDoorbellHandler } from '../functions/enhanced-compaction/doorbells';
import { createRun, type RunTable } from '../functions/shared/run-table';
import { loadConfig } from '../stacks/config';
import { makeReceipt } from './made-receipt';

/** What the compaction of `lines` is measured with. */
export const EMBEDDING = { model: 'text-embedding-3-small', dimensions: 1536 };

export interface BenchWorld {
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly bucket: string;
  readonly table: RunTable;
  /** Stores the delta of a receipt of so many new lines, and its run. */
  arrive(records: number): Promise<CompactionRun>;
  close(): void;
}

type Handler = ReturnType<typeof createDoorbellHandler>;
type Context = Parameters<Handler>[1];

const CONTEXT = { getRemainingTimeInMillis: () => 3_600_000 } as Context;

/**
 * Delivers a batch of doorbells.
 *
 * @throws {Error} when one of them is to come again.
 */
export async function deliver(handler: Handler, runs: readonly CompactionRun[]): Promise<void> {
  const Records = runs.map((run, index) => ({
    messageId: String(index),
    body: JSON.stringify(doorbell(run)),
  }));
  const { batchItemFailures } = await handler({ Records } as Parameters<Handler>[0], CONTEXT);
  if (batchItemFailures.length > 0) throw new Error('The handler could not finish a batch.');
}

/** The stack's bucket and table on the embedded AWS, under a name of their own. */
export async function createBenchWorld(aws: LocalAws, bucket: string): Promise<BenchWorld> {
  const s3 = new S3Client(aws.clientOptions('s3'));
  const sqs = new SQSClient(aws.clientOptions('sqs'));
  const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
  const { tableName: name } = await createResources(
    { s3, sqs, dynamodb },
    { ...loadConfig('dev'), prefix: bucket },
    { bucketName: bucket, visibilityTimeoutSeconds: 60 },
  );
  const client = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } });
  const table = { client, name };
  return {
    s3,
    dynamodb,
    bucket,
    table,
    async arrive(records) {
      const { run, bytes } = makeReceipt(EMBEDDING, records);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: run.lines.delta_key, Body: bytes }));
      await createRun(table, run);
      return run;
    },
    close() {
      for (const each of [s3, sqs, dynamodb]) each.destroy();
    },
  };
}
