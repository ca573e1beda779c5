import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { annotationKey, ocrKey } from '../../contracts/bucket-layout';
import { isUnfinished } from '../../contracts/compaction-run';
import { parseRecordId, type ReceiptReference } from '../../contracts/record-id';
import { UnreadableInput } from '../../functions/shared/quarantine';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { useCompactionHarness } from '../support/compaction-harness';
import { dropReceipt, embedIn, ingest, putOcrResult, removeObject } from '../support/receipt-functions';
import { type SeededRandom, seededRandom } from '../support/seeded-random';

/** How many receipts live through the test; `RECEIPTS=500` takes some minutes. */
const RECEIPTS = Number(process.env.RECEIPTS ?? 48);
/** That live at the same time. */
const AT_ONCE = 12;
/** What happens to one receipt: far more than in a year. */
const CHANGES = 5;

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

/** S3 tells of an object. */
interface Event {
  readonly key: string;
  readonly eventName: string;
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
  /** What its annotation says of each line, and of the first; none once it was removed, or before there was one. */
  annotation: { readonly every: number; readonly first: number } | undefined;
  /** Why a function found its message unreadable, which none here is. */
  unreadable: string | undefined;
  #changes = CHANGES;
  readonly #events: Event[] = [];
  readonly #messages: string[] = [];
  #activities: Activity[] = [];

  constructor(private readonly random: SeededRandom) {
    this.receipt = { imageId: randomUUID(), receiptId: 1 + random.below(3) };
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
    const isAnnotated = this.random.chance(0.4);
    await (isAnnotated ? this.#annotate() : this.#drop());
    this.#events.push({
      key: isAnnotated ? annotationKey(this.receipt) : ocrKey(this.receipt),
      // What the event says is not looked at: events come in any order.
      eventName: this.random.pick(['ObjectCreated:Put', 'ObjectRemoved:DeleteMarkerCreated']),
    });
  }

  async #drop(): Promise<void> {
    if (this.random.chance(0.3)) {
      await removeObject(world, ocrKey(this.receipt));
      this.texts = [];
      return;
    }
    // Few different texts, so that what was corrected is corrected back.
    this.texts = Array.from(
      { length: this.random.below(3) },
      (_, line) => `TEXT${line}${this.random.below(2)}`,
    );
    await putOcrResult(world, this.receipt, this.texts);
  }

  async #annotate(): Promise<void> {
    if (this.random.chance(0.2)) {
      await removeObject(world, annotationKey(this.receipt));
      this.annotation = undefined;
      return;
    }
    const annotation = { every: this.random.below(3), first: this.random.below(3) };
    this.annotation = annotation;
    await world.put(
      annotationKey(this.receipt),
      JSON.stringify({
        receipt: { every: annotation.every },
        lines: [{ line_id: 1, metadata: { first: annotation.first } }],
      }),
    );
  }

  async #ingest(event: Event): Promise<void> {
    this.#deliver(this.#events, event);
    const activity = new Activity(this.random.chance(0.3));
    const send = (message: string) => this.#messages.push(message);
    await this.#begin(
      activity,
      () => ingest(world, event.key, send, { ...event, inTurn: activity.inTurn }),
      () => this.#events.push(event),
    );
  }

  async #embed(body: string): Promise<void> {
    this.#deliver(this.#messages, body);
    const activity = new Activity(this.random.chance(0.3));
    await this.#begin(
      activity,
      () => embedIn(world, body, activity.inTurn),
      () => this.#messages.push(body),
    );
  }

  /** What a queue has delivered it sometimes delivers again. */
  #deliver<Message>(queue: Message[], message: Message): void {
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

  const published = [...(await world.published())].map(([id, { metadata }]) => ({
    ...parseRecordId(id),
    metadata,
  }));
  for (const { receipt, texts, annotation, unreadable } of all) {
    const lines = published.filter(
      ({ imageId, receiptId }) => imageId === receipt.imageId && receiptId === receipt.receiptId,
    );
    const runs = await runsOfReceipt(world.table, receipt);
    const unfinished = runs.filter(({ lines: { state } }) => isUnfinished(state));
    expect({ receipt, lines: lines.length, unfinished, unreadable }).toEqual({
      receipt,
      lines: texts.length,
      unfinished: [],
      unreadable: undefined,
    });
    // One that was removed says nothing: what it had set may stay, or go with its record.
    if (annotation === undefined) continue;
    const said = lines.map(({ lineId, metadata: { every, first } }) => ({
      lineId,
      every,
      ...(lineId === 1 && { first }),
    }));
    expect({ receipt, said }).toEqual({
      receipt,
      said: texts.map((_, index) => ({
        lineId: index + 1,
        every: annotation.every,
        ...(index === 0 && { first: annotation.first }),
      })),
    });
  }
  expect(all.filter(({ annotation, texts }) => annotation !== undefined && texts.length > 0)).not.toEqual([]);
});

describe('A function that is overtaken after any of its requests by a newer OCR result', () => {
  /** More than either function sends. */
  const REQUESTS = 12;
  const ingested = async (key: string): Promise<string> => {
    let sent = '';
    await ingest(world, key, (message) => {
      sent = message;
    });
    return sent;
  };

  it.each(['process-ocr-results', 'embed-from-ndjson'])('never wins over it: %s', async (name) => {
    const receipts = Array.from({ length: REQUESTS }, () => ({ imageId: randomUUID(), receiptId: 1 }));
    for (const [requests, receipt] of receipts.entries()) {
      const key = ocrKey(receipt);
      await putOcrResult(world, receipt, ['OLD']);
      const slow = new Activity(true);
      const late: string[] = [];
      if (name === 'embed-from-ndjson') {
        const message = await ingested(key);
        await slow.begin(() => embedIn(world, message, slow.inTurn));
      } else {
        // What was overwritten while it was read fails, and is delivered again.
        const send = (message: string) => late.push(message);
        const handle = () => ingest(world, key, send, { inTurn: slow.inTurn });
        await slow.begin(() => handle().catch(() => {}));
      }
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(0));
      await putOcrResult(world, receipt, ['NEW', 'TEXT']);
      await embedIn(world, await ingested(key));
      await slow.toItsEnd();
      for (const message of late) await embedIn(world, message);
    }
    await world.compactOnce();
    const published = [...(await world.published()).values()].map(({ document }) => document);
    expect(published.filter((document) => document === 'OLD')).toEqual([]);
    expect(published).toHaveLength(2 * REQUESTS);
  });

  it('never wins over a newer annotation', async () => {
    const say = (receipt: ReceiptReference, what: string) =>
      world.put(annotationKey(receipt), JSON.stringify({ receipt: { what } }));
    for (let requests = 0; requests < REQUESTS; requests++) {
      const receipt = { imageId: randomUUID(), receiptId: 1 };
      await dropReceipt(world, receipt, ['TEXT']);
      const key = annotationKey(receipt);
      await say(receipt, 'OLD');
      const message = await ingested(key);
      const slow = new Activity(true);
      await slow.begin(() => embedIn(world, message, slow.inTurn));
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(0));
      await say(receipt, 'NEW');
      await embedIn(world, await ingested(key));
      await slow.toItsEnd();
    }
    await world.compactOnce();
    const said = [...(await world.published()).values()].map(({ metadata }) => metadata.what);
    expect(said).toEqual(Array.from({ length: REQUESTS }, () => 'NEW'));
  });
});
