import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, startLocalAws } from 'local-aws';
import { COLLECTIONS } from '../contracts/collections';
import { receiptIdPrefix } from '../contracts/record-id';
import { makeOldBuckets } from './old-system/old-buckets';
import { startLocalPipeline } from './pipeline/local-pipeline';
import { dropOcrResults, finalRuns } from './story/ingestion';
import { type MigrationSurroundings, migrate, retire } from './story/migration';
import { ask } from './story/queries';
import { asData, asMarkdown } from './story/report';
import { Story } from './story/story';

const REPORT = 'demo-report.md';
/** The old system's function that still names the old bucket. */
const OLD_FUNCTION = 'chromadb-dev-lambdas-compaction';
/** A receipt is merged in a few seconds; a slow machine may take long, a broken pipeline forever. Seconds. */
const RECEIPT_LIMIT = 180;
const TROUBLE_SHOWN = 20;
const MIGRATED_QUESTION = "the cartographer's almanac from the bookshop";
const STRANDED_QUESTION = 'receipt no 1041';
const NEW_QUESTION = 'sourdough loaf and oat milk';

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
      environment: aws.environment,
      signal,
    };
    await migrate(story, surroundings);

    const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
    ending.push(async () => dynamodb.destroy());
    const table = { client: DynamoDBDocumentClient.from(dynamodb), name: pipeline.tableName };
    const receipts = await story.step('New receipts come in', async (step) => {
      const dropped = await dropOcrResults(s3, pipeline.bucket);
      step.say(`${dropped.length} OCR results are dropped into ${pipeline.bucket}/ocr/.`);
      const runs = await finalRuns(table, dropped, RECEIPT_LIMIT, signal);
      for (const [index, { lines, words }] of runs.entries()) {
        step.say(
          `${dropped[index]?.name}: lines ${lines.state} (${lines.merged_vectors} vectors), words ${words.state} (${words.merged_vectors} vectors)`,
        );
      }
      step.check(
        'Every receipt is merged into both collections',
        runs.every((run) =>
          COLLECTIONS.every(
            (each) => run[each].state === 'COMPLETED' && run[each].merged_vectors === run[each].records,
          ),
        ),
        `${runs.length} runs`,
      );
      const dead = Object.entries(await pipeline.deadLetterDepths());
      step.check(
        'No message is lost',
        dead.every(([, depth]) => depth === 0),
        dead.map(([name, depth]) => `${name} ${depth}`).join(', '),
      );
      return dropped;
    });

    await retire(
      story,
      surroundings,
      () => aws.withdraw(OLD_FUNCTION),
      () => countObjects(s3, old.truth),
    );

    await story.step('Ask the merged collection', async (step) => {
      const source = { s3, bucket: pipeline.bucket, table, mountPath: pipeline.mountPath };
      const isNew = (id: string) => receipts.some((receipt) => id.startsWith(receiptIdPrefix(receipt)));
      const expected = [
        { claim: 'A migrated record is found', question: MIGRATED_QUESTION, fresh: false, word: 'ALMANAC' },
        {
          claim: 'A rescued stranded record is found',
          question: STRANDED_QUESTION,
          fresh: false,
          word: '1041',
        },
        { claim: 'A newly ingested record is found', question: NEW_QUESTION, fresh: true, word: 'SOURDOUGH' },
      ];
      const { version, records, answers } = await ask(
        expected.map(({ question }) => question),
        pipeline.config.embedding.dimensions,
        source,
      );
      step.say(`The collection lines holds ${records} records in version ${version}.`);
      for (const [index, { claim, question, fresh, word }] of expected.entries()) {
        const [nearest] = answers[index] ?? [];
        step.say(`"${question}" finds, at a distance of ${nearest?.distance.toFixed(3)}:`);
        step.say(`  ${nearest?.document.replaceAll('\n', ' / ')}`);
        step.check(
          claim,
          nearest !== undefined && isNew(nearest.id) === fresh && nearest.document.includes(word),
          nearest?.id ?? 'nothing',
        );
      }
    });
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
      `\n${held} of ${story.checks.length} claims held, in ${seconds.toFixed(0)} s. The report: ${REPORT}`,
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
