import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { ocrKey } from '../../contracts/bucket-layout';
import { isUnfinished } from '../../contracts/compaction-run';
import { parseRecordId, type ReceiptReference, receiptIdPrefix } from '../../contracts/record-id';
import { layOut } from '../../demo/receipts/lay-out';
import { visionResult } from '../../demo/receipts/ocr-results';
import { type EmbedProps, embedMessage } from '../../functions/embed-from-ndjson/embed-receipt';
import { type IngestProps, ingestMessage } from '../../functions/process-ocr-results/ingest';
import { runsOfReceipt } from '../../functions/shared/run-table';
import {
  DIMENSIONS,
  embed,
  MODEL,
  quietTelemetry,
  useCompactionHarness,
  type World,
} from '../support/compaction-harness';
import { intercepted } from '../support/intercepted-client';
import { type SeededRandom, seededRandom } from '../support/seeded-random';

/** How many receipts live through the test; `RECEIPTS=500` takes some minutes. */
const RECEIPTS = Number(process.env.RECEIPTS ?? 60);
/** That live at the same time. */
const AT_ONCE = 12;
/** What happens to one receipt: far more than in a year. */
const CHANGES = 4;

const world = useCompactionHarness();

interface Embedding {
  readonly done: Promise<void>;
  /** Lets the endpoint answer. */
  answer(): void;
}

/** One receipt, and everything of it that is under way: no queue promises an order, or to deliver once. */
class Life {
  readonly receipt: ReceiptReference;
  /** What the last of its OCR results says, one text a line; none once it was removed. */
  texts: readonly string[] = [];
  private changes = CHANGES;
  private readonly key: string;
  private readonly events: string[] = [];
  private readonly messages: string[] = [];
  private readonly embeddings: Embedding[] = [];

  constructor(
    private readonly random: SeededRandom,
    private readonly props: Pick<World, 's3' | 'bucket' | 'table'>,
  ) {
    this.receipt = { imageId: randomUUID(), receiptId: 1 + random.below(3) };
    this.key = ocrKey(this.receipt);
  }

  get isOver(): boolean {
    return this.steps().length === 0;
  }

  /** One thing happens, whichever. */
  async step(): Promise<void> {
    const steps = this.steps();
    if (steps.length > 0) await this.random.pick(steps).call(this);
  }

  private steps(): (() => Promise<void>)[] {
    return [
      ...(this.changes > 0 ? [this.change] : []),
      ...(this.events.length > 0 ? [this.ingest] : []),
      ...(this.messages.length > 0 ? [this.startEmbedding] : []),
      ...(this.embeddings.length > 0 ? [this.finishEmbedding] : []),
    ];
  }

  private async change(): Promise<void> {
    this.changes -= 1;
    const { s3, bucket: Bucket } = this.props;
    if (this.random.chance(0.3)) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: this.key }));
      this.texts = [];
    } else {
      // Few different texts, so that what was corrected is corrected back.
      this.texts = Array.from(
        { length: this.random.below(3) },
        (_, line) => `TEXT${line}${this.random.below(2)}`,
      );
      await world.put(this.key, JSON.stringify(visionResult(layOut(this.texts.map((text) => [text])))));
    }
    this.events.push(this.random.pick(['ObjectCreated:Put', 'ObjectRemoved:DeleteMarkerCreated']));
  }

  private async ingest(): Promise<void> {
    const eventName = taken(this.events, this.random);
    const { bucket } = this.props;
    const s3 = { bucket: { name: bucket }, object: { key: encodeURIComponent(this.key) } };
    const Records = [{ eventSource: 'aws:s3', eventName, s3 }];
    const props: IngestProps = {
      ...this.props,
      sqs: intercepted(new SQSClient({ region: 'us-east-1' }), async ({ input }) => {
        this.messages.push((input as { MessageBody: string }).MessageBody);
      }),
      embedQueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/embed',
      quarantine: async (_what, reason) => {
        throw new Error(`Nothing here is unreadable: ${reason}`);
      },
      telemetry: quietTelemetry(),
    };
    await ingestMessage(JSON.stringify({ Records }), props);
  }

  private async startEmbedding(): Promise<void> {
    const body = taken(this.messages, this.random);
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      const props: EmbedProps = {
        ...this.props,
        model: MODEL,
        dimensions: DIMENSIONS,
        telemetry: quietTelemetry(),
        embed: async (texts) => {
          resolve();
          await answered;
          return texts.map((text) => embed(text));
        },
      };
      const done = embedMessage(body, props);
      this.embeddings.push({ done, answer });
      done.then(resolve, resolve);
    });
    await asked;
  }

  private async finishEmbedding(): Promise<void> {
    const { done, answer } = taken(this.embeddings, this.random, 0);
    answer();
    await done;
  }
}

/** One of them, which is not always the last time: what is delivered at least once is delivered twice. */
function taken<Item>(items: Item[], random: SeededRandom, again = 0.15): Item {
  const item = random.pick(items);
  if (!random.chance(again)) items.splice(items.indexOf(item), 1);
  return item;
}

test(`the last state of each receipt wins, in whatever order its events, messages and answers come`, async () => {
  const random = seededRandom(8);
  const all: Life[] = [];
  while (all.length < RECEIPTS) {
    const lives = Array.from({ length: AT_ONCE }, () => new Life(random, world));
    all.push(...lives);
    for (;;) {
      const going = lives.filter(({ isOver }) => !isOver);
      if (going.length === 0) break;
      await random.pick(going).step();
      if (random.chance(1 / 60)) await world.compactOnce();
    }
    await world.compactOnce();
  }

  const published = [...(await world.published()).keys()].map(parseRecordId);
  for (const { receipt, texts } of all) {
    const lines = published.filter((id) => id && receiptIdPrefix(id) === receiptIdPrefix(receipt));
    const runs = await runsOfReceipt(world.table, receipt);
    expect([receipt, lines.length, runs.filter(({ lines: { state } }) => isUnfinished(state))]).toEqual([
      receipt,
      texts.length,
      [],
    ]);
  }
});
