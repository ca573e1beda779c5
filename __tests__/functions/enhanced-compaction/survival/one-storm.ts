import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type EventSourceMapping, type LocalAws, startSqsMapping } from 'local-aws';
import { COLLECTIONS, type Collection, perCollection } from '../../../../contracts/collections';
import { type CompactionRun, isUnfinished } from '../../../../contracts/compaction-run';
import { functionEnvironment } from '../../../../demo/pipeline/environment';
import { deadLetterDepths, queueDepths } from '../../../../demo/pipeline/queue-depths';
import { createResources, type Resources } from '../../../../demo/pipeline/resources';
import { reconcile } from '../../../../functions/reconcile-runs/reconcile';
import { createDoorbellSender, type Doorbell } from '../../../../functions/shared/doorbell';
import { messageOf } from '../../../../functions/shared/logging';
import { type RunTable, runsOfReceipt } from '../../../../functions/shared/run-table';
import { loadConfig } from '../../../../stacks/config';
import { DIMENSIONS, MODEL, quietTelemetry } from '../../../support/compaction-harness';
import { doorbellTo } from '../../../support/runs';
import { type SeededRandom, seededRandom } from '../../../support/seeded-random';
import type { ChromaHost } from './chroma-host';
import { damageCheckpoints } from './damage';
import { judge, type Verdict } from './judge';
import { readContents } from './read-contents';
import { createReceipts, type Receipts } from './receipts';
import { type Sandbox, startSandbox } from './sandbox';
import type { Arrival, Beat, Ring, Storm, Trouble } from './storm';
import { TIMES } from './times';
import { Ambush } from './troubles';

export interface StormPlace {
  readonly aws: LocalAws;
  readonly clients: {
    readonly s3: S3Client;
    readonly sqs: SQSClient;
    readonly dynamodb: DynamoDBDocumentClient;
  };
  /** The function's bundle. */
  readonly bundle: string;
  /** The server of server mode. */
  readonly chroma: ChromaHost | undefined;
}

export interface StormReport extends Verdict {
  readonly seed: number;
  readonly runs: number;
  /** Processes that were ended with -9 while they lived. */
  readonly kills: number;
  /** Faults that met a request, stalls, damages and full disks. */
  readonly faults: number;
  readonly seconds: number;
  /** What went wrong, and what the sandboxes printed. */
  readonly lines: readonly string[];
}

/** Sandboxes that may be alive at once. */
const SANDBOXES = 4;
/** Milliseconds after which something has come to its end, however slow the machine is. */
const PATIENCE = 300_000;
/** Deliveries before a message is a dead letter: here they follow soon, and one that fails for ever is seen to be left. */
const RECEIVES = 500;
/** How often the reconciler's round comes, which is every five minutes in production. Milliseconds. */
const ROUND = 3_000;

/** Carries one storm out, and judges what it has left. */
export async function carryOut(place: StormPlace, storm: Storm): Promise<StormReport> {
  const folder = await mkdtemp(join(tmpdir(), 'survival-'));
  const running = new RunningStorm(place, storm, folder);
  try {
    return await running.whole();
  } finally {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class RunningStorm {
  readonly #name: string;
  readonly #mountPath: string;
  readonly #table: RunTable;
  readonly #receipts: Receipts;
  readonly #random: SeededRandom;
  readonly #counted = { kills: 0, faults: 0 };
  readonly #lines: string[] = [];
  readonly #sandboxes: Sandbox[] = [];
  readonly #mappings: EventSourceMapping[] = [];

  constructor(
    private readonly place: StormPlace,
    private readonly storm: Storm,
    private readonly folder: string,
  ) {
    this.#name = `storm-${storm.seed}-${randomBytes(4).toString('hex')}`;
    this.#mountPath = join(folder, 'efs');
    this.#table = { client: place.clients.dynamodb, name: `${this.#name}-compaction-runs` };
    this.#receipts = createReceipts({ s3: place.clients.s3, bucket: this.#name, table: this.#table });
    this.#random = seededRandom(storm.seed);
  }

  async whole(): Promise<StormReport> {
    const began = Date.now();
    const resources = await this.#start();
    const send = this.#sender(resources);
    const ambush = new Ambush({
      sandboxes: this.#sandboxes,
      killChroma: (of) => this.place.chroma?.kill() ?? of.killChroma(),
      damage: (damage) => damageCheckpoints(this.#mountPath, damage),
      meanwhile: (arrivals) => this.#meanwhile(arrivals),
      met: (what, trouble, count) => {
        this.#counted[what] += count;
        if (count > 0) this.#say(describe(trouble));
      },
    });
    for (const [index, beat] of this.storm.beats.entries()) {
      ambush.lay(beat.troubles);
      await this.#beat(beat, index === 0 ? this.storm.burst : 0, send);
    }
    await ambush.lift();
    await Promise.all(this.#sandboxes.map((each) => each.limitFiles(undefined)));
    await this.#settle(resources, send);
    await this.#stopFunctions();
    const verdict = await this.#judge(resources);
    const { seed } = this.storm;
    const seconds = Math.round((Date.now() - began) / 1000);
    const runs = this.#receipts.runs.length;
    return { seed, runs, ...this.#counted, ...verdict, seconds, lines: this.#lines };
  }

  async stop(): Promise<void> {
    await this.#stopFunctions();
    await Promise.all(this.#sandboxes.map((each) => each.stop()));
  }

  async #start(): Promise<Resources> {
    const { aws, bundle, chroma, clients } = this.place;
    await mkdir(this.#mountPath);
    const config = { ...loadConfig('dev'), prefix: this.#name };
    const options = {
      bucketName: this.#name,
      visibilityTimeoutSeconds: TIMES.visibility,
      maximumReceives: RECEIVES,
    };
    const resources = await createResources(clients, config, options);
    await chroma?.createDatabase(this.#name);
    for (let number = 1; number <= SANDBOXES; number++) {
      const sandbox = await startSandbox({
        bundle,
        temporaryDirectory: join(this.folder, `tmp-${number}`),
        services: {
          s3: aws.endpoints.s3,
          dynamodb: aws.endpoints.dynamodb,
          ...(chroma && { chroma: chroma.url }),
        },
        environmentAt: ({ s3 = '', dynamodb = '', chroma: url }) =>
          functionEnvironment('enhanced-compaction', this.#variables(url), {
            ...aws.environment,
            AWS_ENDPOINT_URL_S3: s3,
            AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
          }),
        onLine: (line) => this.#say(`${number} ${line}`),
      });
      this.#sandboxes.push(sandbox);
    }
    for (const collection of COLLECTIONS) {
      const queueUrl = resources.queues[collection].url;
      this.#mappings.push(
        startSqsMapping({
          client: clients.sqs,
          queueUrl,
          invoke: (event) => this.#deliver(queueUrl, event as SQSEvent),
        }),
      );
    }
    return resources;
  }

  #say(line: string): void {
    this.#lines.push(`${new Date().toISOString()} ${line}`);
  }

  #variables(url: string | undefined) {
    return {
      CHROMADB_BUCKET: this.#name,
      COMPACTION_RUNS_TABLE: this.#table.name,
      EMBEDDING_MODEL: MODEL,
      EMBEDDING_DIMENSIONS: String(DIMENSIONS),
      CHECKPOINT_RECORDS: String(this.storm.checkpointRecords),
      SNAPSHOTS_KEPT: '3',
      ...(url === undefined
        ? { CHROMA_MODE: 'embedded', CHROMA_MOUNT_PATH: this.#mountPath }
        : { CHROMA_MODE: 'server', CHROMA_URL: url, CHROMA_DATABASE: this.#name }),
    };
  }

  #sender({ queues }: Resources) {
    const urls = perCollection((collection) => queues[collection].url);
    return createDoorbellSender(this.place.clients.sqs, urls, 'stream-processor');
  }

  /** What a batch leaves undone need not stay hidden for the rest of the visibility timeout: nobody works on it. */
  async #deliver(queueUrl: string, event: SQSEvent): Promise<unknown> {
    const comeAgain = async (failed: readonly string[]) => {
      for (const { messageId, receiptHandle } of event.Records) {
        if (!failed.includes(messageId)) continue;
        const VisibilityTimeout = TIMES.redelivery;
        await this.place.clients.sqs
          .send(
            new ChangeMessageVisibilityCommand({
              QueueUrl: queueUrl,
              ReceiptHandle: receiptHandle,
              VisibilityTimeout,
            }),
          )
          // It may be visible already.
          .catch(() => {});
      }
    };
    try {
      const answer = (await this.#invoke(event)) as SQSBatchResponse;
      await comeAgain(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      return answer;
    } catch (error) {
      await comeAgain(event.Records.map(({ messageId }) => messageId));
      throw error;
    }
  }

  /** In whichever sandbox is free, as Lambda does it. */
  async #invoke(event: unknown): Promise<unknown> {
    for (;;) {
      const free = this.#sandboxes.find((each) => !each.isBusy);
      if (free === undefined) {
        await delay(20);
        continue;
      }
      try {
        return await free.invoke(event);
      } catch (error) {
        this.#say(`An invocation failed: ${messageOf(error)}`);
        throw error;
      }
    }
  }

  async #beat({ arrivals, strays }: Beat, burst: number, send: Send): Promise<void> {
    const doorbells: Doorbell[] = [];
    for (const arrival of arrivals) {
      for (const run of await this.#receipts.arrive(arrival)) doorbells.push(...ringing(run, arrival.ring));
    }
    const [run] = this.#receipts.runs;
    if (run !== undefined) {
      for (let rung = 0; rung < burst; rung++) doorbells.push(...ringing(run.run, 'once'));
    }
    await send(shuffled(doorbells, this.#random));
    await Promise.all(strays.map((collection) => this.#stray([collection])));
  }

  /** Delivers doorbells past the queue, as it is when a message is delivered twice. Whatever comes of it. */
  async #stray(collections: readonly Collection[]): Promise<void> {
    const { runs } = this.#receipts;
    const some = Array.from({ length: 5 }, () => this.#random.pick(runs).run);
    const Records = collections.flatMap((collection) =>
      some.map((run, index) => ({
        messageId: `${collection}-${index}`,
        body: JSON.stringify(doorbellTo(collection, run)),
        attributes: { ApproximateReceiveCount: '2' },
        messageAttributes: {},
      })),
    );
    await this.#invoke({ Records }).catch(() => {});
  }

  /** While one sandbox is stalled, others take its lease over and merge what is newer. */
  async #meanwhile(arrivals: readonly Arrival[]): Promise<void> {
    for (const arrival of arrivals) await this.#receipts.arrive(arrival);
    await Promise.all(COLLECTIONS.map((collection) => this.#stray([collection])));
  }

  /** Until every run has its end and every queue is empty, or nothing comes nearer to that any more. */
  async #settle(resources: Resources, send: Send): Promise<void> {
    let least = Number.POSITIVE_INFINITY;
    let deadline = 0;
    for (;;) {
      const open = await this.#open(resources);
      if (open < least) deadline = Date.now() + PATIENCE;
      least = Math.min(least, open);
      if (open === 0 || Date.now() > deadline) return;
      for (const collection of COLLECTIONS) {
        const props = { table: this.#table, send, telemetry: quietTelemetry() };
        const round = randomBytes(8).toString('hex');
        await reconcile(collection, round, new Date(), {
          ...props,
          after: TIMES.lease,
          checkpointAfter: 3600,
        });
      }
      await delay(ROUND);
    }
  }

  /** Messages that wait or are in hand, and runs that have not ended in a collection. */
  async #open(resources: Resources): Promise<number> {
    const depths = await queueDepths(this.place.clients.sqs, resources);
    const runs = await this.#runsNow();
    return COLLECTIONS.reduce((sum, each) => {
      const unfinished = runs.filter((run) => isUnfinished(run[each].state)).length;
      return sum + depths[each].waiting + depths[each].inFlight + unfinished;
    }, 0);
  }

  async #runsNow(): Promise<CompactionRun[]> {
    const images = new Set(this.#receipts.runs.map(({ run }) => run.image_id));
    const runs = await Promise.all(
      [...images].map((imageId) => runsOfReceipt(this.#table, { imageId, receiptId: 1 })),
    );
    return runs.flat();
  }

  async #stopFunctions(): Promise<void> {
    const mappings = this.#mappings.splice(0).map((each) => each.stop());
    await Promise.all(mappings);
    await Promise.all(this.#sandboxes.map((each) => each.kill()));
  }

  async #judge(resources: Resources): Promise<Verdict> {
    const { clients, chroma } = this.place;
    const [runs, depths, dead] = await Promise.all([
      this.#runsNow(),
      queueDepths(clients.sqs, resources),
      deadLetterDepths(clients.sqs, resources),
    ]);
    const source = { s3: clients.s3, bucket: this.#name, table: this.#table, mountPath: this.#mountPath };
    const server = chroma && { url: chroma.url, database: this.#name };
    const remainsOf = async (collection: Collection) => ({
      expected: this.#receipts.expected(collection),
      contents: await readContents(collection, source, server, join(this.folder, 'lost')),
      runs,
      messages: depths[collection].waiting + depths[collection].inFlight,
      deadLetters: dead[collection],
    });
    const [lines, words] = [await remainsOf('lines'), await remainsOf('words')];
    return judge(this.#receipts.runs, { lines, words });
  }
}

type Send = ReturnType<typeof createDoorbellSender>;

const RINGS: Record<Ring, number> = { lost: 0, once: 1, twice: 2 };

const ringing = (run: CompactionRun, ring: Ring): Doorbell[] =>
  COLLECTIONS.flatMap((collection) =>
    Array.from({ length: RINGS[ring] }, () => ({
      collection,
      run,
      deduplicationId: randomBytes(16).toString('hex'),
    })),
  );

const describe = (trouble: Trouble): string =>
  trouble.kind === 'fault'
    ? `${trouble.service} ${trouble.fault} request ${trouble.nth}`
    : `${trouble.kind} at "${trouble.moment.name}" ${trouble.moment.nth} ${JSON.stringify({ ...trouble, moment: undefined, kind: undefined })}`;

/** Every order is as likely. */
function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(random.below(rest.length), 1));
}
