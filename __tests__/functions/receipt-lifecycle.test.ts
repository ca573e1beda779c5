import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { ocrKey } from '../../contracts/bucket-layout';
import { isUnfinished } from '../../contracts/compaction-run';
import { parseRecordId, type ReceiptReference, receiptIdPrefix } from '../../contracts/record-id';
import { layOut } from '../../demo/receipts/lay-out';
import { visionResult } from '../../demo/receipts/ocr-results';
import { embedMessage } from '../../functions/embed-from-ndjson/embed-receipt';
import { type IngestProps, ingestMessage } from '../../functions/process-ocr-results/ingest';
import { UnreadableInput } from '../../functions/shared/quarantine';
import { runsOfReceipt } from '../../functions/shared/run-table';
import {
  DIMENSIONS,
  embed,
  MODEL,
  quietTelemetry,
  useCompactionHarness,
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

/** What a function does with one message. It sends each of its requests only when it is its turn. */
class Activity {
  readonly #waiting: (() => Promise<void>)[] = [];
  #isOver = false;

  /** @param isSlow - so that others begin and end while it waits for an answer. */
  constructor(readonly isSlow: boolean) {}

  /** Begins, up to its first request. */
  async begin(handle: () => Promise<void>): Promise<void> {
    handle().finally(() => {
      this.#isOver = true;
    });
    await this.#untilItWaits();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  readonly inTurn = <Answer>(send: () => Promise<Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      this.#waiting.push(() => send().then(resolve, reject));
    });

  /** One of its requests is sent and answered. */
  async step(random: SeededRandom): Promise<void> {
    const request = random.pick(this.#waiting);
    this.#waiting.splice(this.#waiting.indexOf(request), 1);
    await request();
    await this.#untilItWaits();
  }

  async toItsEnd(): Promise<void> {
    while (!this.#isOver) await this.step(seededRandom(0));
  }

  async #untilItWaits(): Promise<void> {
    while (!this.#isOver && this.#waiting.length === 0) await setImmediate();
  }
}

interface Possible {
  happen(): Promise<void>;
  readonly isSlow: boolean;
}

/** One receipt, and everything of it that is under way: no queue promises an order, or to deliver once. */
class Life {
  readonly receipt: ReceiptReference;
  /** What the last of its OCR results says, one text a line; none once it was removed. */
  texts: readonly string[] = [];
  /** Why a function found its message unreadable, which none here is. */
  unreadable: string | undefined;
  #changes = CHANGES;
  readonly #key: string;
  readonly #events: string[] = [];
  readonly #messages: string[] = [];
  #activities: Activity[] = [];

  constructor(private readonly random: SeededRandom) {
    this.receipt = { imageId: randomUUID(), receiptId: 1 + random.below(3) };
    this.#key = ocrKey(this.receipt);
  }

  get isOver(): boolean {
    return this.#possible().length === 0;
  }

  /** One thing happens, whichever. */
  async step(): Promise<void> {
    const possible = this.#possible();
    const quick = this.random.chance(0.97) ? possible.filter(({ isSlow }) => !isSlow) : [];
    await this.random.pick(quick.length > 0 ? quick : possible).happen();
    this.#activities = this.#activities.filter(({ isOver }) => !isOver);
  }

  #possible(): Possible[] {
    const changes = this.#changes > 0 ? [() => this.#change()] : [];
    const events = this.#events.map((event) => () => this.#ingest(event));
    const messages = this.#messages.map((message) => () => this.#embed(message));
    return [
      ...[...changes, ...events, ...messages].map((happen) => ({ happen, isSlow: false })),
      ...this.#activities.map((activity) => ({
        happen: () => activity.step(this.random),
        isSlow: activity.isSlow,
      })),
    ];
  }

  async #change(): Promise<void> {
    this.#changes -= 1;
    if (this.random.chance(0.3)) {
      await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: this.#key }));
      this.texts = [];
    } else {
      // Few different texts, so that what was corrected is corrected back.
      this.texts = Array.from(
        { length: this.random.below(3) },
        (_, line) => `TEXT${line}${this.random.below(2)}`,
      );
      await drop(this.#key, this.texts);
    }
    // What the event says is not looked at: events come in any order.
    this.#events.push(this.random.pick(['ObjectCreated:Put', 'ObjectRemoved:DeleteMarkerCreated']));
  }

  async #ingest(eventName: string): Promise<void> {
    this.#deliver(this.#events, eventName);
    const activity = new Activity(this.random.chance(0.3));
    await this.#begin(
      activity,
      () => ingest(activity, this.#key, eventName, (message) => this.#messages.push(message)),
      () => this.#events.push(eventName),
    );
  }

  async #embed(body: string): Promise<void> {
    this.#deliver(this.#messages, body);
    const activity = new Activity(this.random.chance(0.3));
    // What fails leaves its run without deltas until it is delivered again, or is overtaken.
    const fails = this.random.chance(0.3);
    await this.#begin(
      activity,
      () => embedIn(activity, body, fails),
      () => this.#messages.push(body),
    );
  }

  /** What a queue has delivered it sometimes delivers again. */
  #deliver(queue: string[], message: string): void {
    if (!this.random.chance(0.15)) queue.splice(queue.indexOf(message), 1);
  }

  /** An object that is overwritten while it is read fails, and its message is delivered again. */
  async #begin(activity: Activity, handle: () => Promise<void>, redeliver: () => void): Promise<void> {
    this.#activities.push(activity);
    await activity.begin(() =>
      handle().catch((error: unknown) => {
        if (error instanceof UnreadableInput) this.unreadable = error.message;
        else redeliver();
      }),
    );
  }
}

const drop = (key: string, texts: readonly string[]) =>
  world.put(key, JSON.stringify(visionResult(layOut(texts.map((text) => [text])))));

function ingest(
  activity: Activity,
  key: string,
  eventName: string,
  send: (message: string) => void,
): Promise<void> {
  const s3 = { bucket: { name: world.bucket }, object: { key: encodeURIComponent(key) } };
  const props: IngestProps = {
    ...inTurns(activity),
    sqs: intercepted(new SQSClient({ region: 'us-east-1' }), ({ input }) =>
      activity.inTurn(async () => send((input as { MessageBody: string }).MessageBody)),
    ),
    embedQueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/embed',
    quarantine: async (_what, reason) => {
      throw new Error(`Nothing here is unreadable: ${reason}`);
    },
  };
  return ingestMessage(JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName, s3 }] }), props);
}

const embedIn = (activity: Activity, body: string, fails = false): Promise<void> =>
  embedMessage(
    { body, receives: 1 },
    {
      ...inTurns(activity),
      model: MODEL,
      dimensions: DIMENSIONS,
      embed: (texts) =>
        activity.inTurn(async () => {
          if (fails) throw new Error('The endpoint is down.');
          return texts.map((text) => embed(text));
        }),
    },
  );

/** What every function works with, each request in its turn. */
function inTurns({ inTurn }: Activity) {
  const { s3, bucket, table } = world;
  return {
    s3: intercepted(s3, (_command, send) => inTurn(send)),
    bucket,
    table: { ...table, client: intercepted(table.client, (_command, send) => inTurn(send)) },
    telemetry: quietTelemetry(),
  };
}

test('the last state of each receipt wins, in whatever order its events, messages and requests come', async () => {
  const random = seededRandom(8);
  const all: Life[] = [];
  while (all.length < RECEIPTS) {
    const lives = Array.from({ length: AT_ONCE }, () => new Life(random));
    all.push(...lives);
    for (;;) {
      const going = lives.filter(({ isOver }) => !isOver);
      if (going.length === 0) break;
      await random.pick(going).step();
      if (random.chance(1 / 400)) await world.compactOnce();
    }
    await world.compactOnce();
  }

  const published = [...(await world.published()).keys()].map(parseRecordId);
  for (const { receipt, texts, unreadable } of all) {
    const lines = published.filter((id) => id && receiptIdPrefix(id) === receiptIdPrefix(receipt));
    const runs = await runsOfReceipt(world.table, receipt);
    const unfinished = runs.filter(({ lines: { state } }) => isUnfinished(state));
    expect({ receipt, lines: lines.length, unfinished, unreadable }).toEqual({
      receipt,
      lines: texts.length,
      unfinished: [],
      unreadable: undefined,
    });
  }
});

describe('A function that is overtaken after any of its requests by a newer OCR result', () => {
  /** More than either function sends. */
  const REQUESTS = 12;
  const CREATED = 'ObjectCreated:Put';
  const ingested = async (key: string): Promise<string> => {
    const activity = new Activity(false);
    let sent = '';
    await activity.begin(() =>
      ingest(activity, key, CREATED, (message) => {
        sent = message;
      }),
    );
    await activity.toItsEnd();
    return sent;
  };
  const embedded = async (message: string): Promise<void> => {
    const activity = new Activity(false);
    await activity.begin(() => embedIn(activity, message));
    await activity.toItsEnd();
  };

  it.each(['process-ocr-results', 'embed-from-ndjson'])('never wins over it: %s', async (name) => {
    const receipts = Array.from({ length: REQUESTS }, () => ({ imageId: randomUUID(), receiptId: 1 }));
    for (const [requests, receipt] of receipts.entries()) {
      const key = ocrKey(receipt);
      await drop(key, ['OLD']);
      const slow = new Activity(true);
      const late: string[] = [];
      if (name === 'embed-from-ndjson') {
        const message = await ingested(key);
        // So does what lost its run to a newer one before it was embedded.
        await slow.begin(() => embedIn(slow, message).catch(() => void late.push(message)));
      } else {
        // What was overwritten while it was read fails, and is delivered again.
        const handle = () => ingest(slow, key, CREATED, (message) => late.push(message));
        await slow.begin(() => handle().catch(() => {}));
      }
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(0));
      await drop(key, ['NEW', 'TEXT']);
      await embedded(await ingested(key));
      await slow.toItsEnd();
      for (const message of late) await embedded(message);
    }
    await world.compactOnce();
    const published = [...(await world.published()).values()].map(({ document }) => document);
    expect(published.filter((document) => document === 'OLD')).toEqual([]);
    expect(published).toHaveLength(2 * REQUESTS);
    const runs = (await Promise.all(receipts.map((receipt) => runsOfReceipt(world.table, receipt)))).flat();
    expect(runs.filter(({ lines }) => isUnfinished(lines.state))).toEqual([]);
  });
});
