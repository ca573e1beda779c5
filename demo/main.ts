import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, startLocalAws } from 'local-aws';
import { makeOldBuckets } from './old-system/old-buckets';
import { startLocalPipeline } from './pipeline/local-pipeline';
import { ingest } from './story/ingestion';
import { keepLabels } from './story/labels';
import { loseFileSystem } from './story/lost-file-system';
import { account, type MigrationSurroundings, migrate, retire } from './story/migration';
import { query } from './story/queries';
import { asData, asMarkdown } from './story/report';
import { Story } from './story/story';

const REPORT = 'demo-report.md';
/** What `migrate-buckets report` says of the demo's migration. */
const PAGE = 'demo-report.html';
/** The old system's function that still names the old bucket. */
const OLD_FUNCTION = 'chromadb-dev-lambdas-compaction';
const TROUBLE_SHOWN = 20;

/** The whole mission on an embedded AWS: two old buckets in, one proven bucket and merged collections out. */
async function demo(story: Story, signal: AbortSignal): Promise<void> {
  const ending: (() => Promise<unknown>)[] = [];
  try {
    const directory = await mkdtemp(join(tmpdir(), 'chroma-pipeline-demo-'));
    ending.push(() => rm(directory, { recursive: true, force: true }));

    const { aws, s3, old } = await story.step('An old system with two Chroma buckets', async (step) => {
      const started: LocalAws = await startLocalAws();
      ending.push(() => started.stop());
      const client = new S3Client(started.clientOptions('s3'));
      ending.push(async () => client.destroy());
      signal.throwIfAborted();
      const buckets = await makeOldBuckets(client);
      await started.declare({
        functions: [{ name: OLD_FUNCTION, environment: { CHROMADB_BUCKET: buckets.truth } }],
      });
      step.say('An embedded AWS runs: S3, SQS, DynamoDB with streams, and a control plane.');
      step.say(
        `${buckets.truth} and ${buckets.decoy} hold real Chroma snapshots; nobody remembers which is the truth.`,
      );
      step.fact('records', buckets.records);
      return { aws: started, s3: client, old: buckets };
    });

    const pipeline = await story.step('The new system, with one bucket', async (step) => {
      signal.throwIfAborted();
      const started = await startLocalPipeline(aws, { onLine: (name, line) => story.overhear(name, line) });
      ending.push(() => started.stop());
      step.say(
        `${started.bucket} is made once and handed to the five functions, which run as built bundles.`,
      );
      return started;
    });

    const surroundings: MigrationSurroundings = {
      old,
      destination: pipeline.bucket,
      planPath: join(directory, 'plan.json'),
      certificatePath: join(directory, 'certificate.json'),
      reportPath: PAGE,
      environment: aws.environment,
      signal,
    };
    await migrate(story, surroundings);

    const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
    ending.push(async () => dynamodb.destroy());
    const table = { client: DynamoDBDocumentClient.from(dynamodb), name: pipeline.tableName };
    const receipts = await ingest(story, s3, table, pipeline, signal);
    const source = { s3, bucket: pipeline.bucket, table, mountPath: pipeline.mountPath };
    await keepLabels(story, source, signal);
    await loseFileSystem(story, source, pipeline, signal);

    await retire(
      story,
      surroundings,
      () => aws.withdraw(OLD_FUNCTION),
      () => countObjects(s3, old.truth),
    );
    await account(story, surroundings);

    await query(story, receipts, pipeline.config.embedding.dimensions, source);
  } finally {
    for (const end of ending.reverse()) await end();
  }
}

async function countObjects(s3: S3Client, bucket: string): Promise<number> {
  let count = 0;
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
    count += page.KeyCount ?? 0;
  return count;
}

/** The outermost layer: only here is anything printed, and only here does the process end. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  // The SDK's advice to leave Node 20 would stand between the lines of the story.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const startedAt = new Date();
  const story = new Story((line) => {
    if (!values.json) console.log(line);
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    await demo(story, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) {
      console.error('Interrupted; everything that was started is stopped.');
      return 130;
    }
    for (const line of story.trouble.slice(-TROUBLE_SHOWN)) console.error(line);
    throw error;
  } finally {
    await writeFile(REPORT, `${asMarkdown(story, startedAt)}\n`);
  }
  if (values.json) console.log(JSON.stringify(asData(story, startedAt), null, 2));
  const held = story.checks.filter(({ holds }) => holds).length;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  if (!values.json) {
    console.log(
      `\n${held} of ${story.checks.length} claims held, in ${seconds.toFixed(0)} s. The report: ${REPORT}; of the migration: ${PAGE}`,
    );
  }
  return story.holds ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
