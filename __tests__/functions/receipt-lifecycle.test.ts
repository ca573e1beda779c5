import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { FIRST_RECEIPT, ocrKey } from '../../contracts/bucket-layout';
import { isUnfinished } from '../../contracts/compaction-run';
import { parseRecordId, receiptIdPrefix } from '../../contracts/record-id';
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

/** How many images live through the test, each with up to three receipts; `IMAGES=500` takes some minutes. */
const IMAGES = Number(process.env.IMAGES ?? 60);
const SEED = Number(process.env.SEED ?? 8);
/** That live at the same time. */
const AT_ONCE = 12;
/** What happens to the OCR results of one image: far more than in a year. */
const CHANGES = 6;

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

/** What an image's OCR results say, each by the receipt that its key names: the texts of each receipt that it holds. */
type Files = Map<number, ReadonlyMap<number, readonly string[]>>;

/** The receipts of each image: the first's file may hold all of them, and each may have a file of its own. */
const NUMBERS = [1, 2, 3] as const;

/** One image, and everything of it that is under way: no queue promises an order, or to deliver once. */
class Life {
  readonly imageId = randomUUID();
  /** Why a function found its message unreadable, which none here is. */
  unreadable: string | undefined;
  #changes = CHANGES;
  readonly #files: Files = new Map();
  readonly #events: Event[] = [];
  readonly #messages: string[] = [];
  #activities: Activity[] = [];

  constructor(private readonly random: SeededRandom) {}

  get isOver(): boolean {
    return this.#possible().length === 0;
  }

  /** What its OCR results say of a receipt, one text a line: its own file alone, if there is one. */
  textsOf(receiptId: number): readonly string[] {
    const file = this.#files.get(receiptId) ?? this.#files.get(FIRST_RECEIPT);
    return file?.get(receiptId) ?? [];
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
    const receiptId = this.random.pick([FIRST_RECEIPT, FIRST_RECEIPT, ...NUMBERS]);
    const key = ocrKey({ imageId: this.imageId, receiptId });
    if (this.random.chance(this.#files.has(receiptId) ? 0.45 : 0.1)) {
      await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: key }));
      this.#files.delete(receiptId);
    } else {
      const mayHold = receiptId === FIRST_RECEIPT && this.random.chance(0.7) ? NUMBERS : [receiptId];
      const held = mayHold.filter(() => this.random.chance(0.7));
      const file = new Map(held.map((each) => [each, this.#texts()]));
      this.#files.set(receiptId, file);
      await dropTogether(key, file);
    }
    // What the event says is not looked at: events come in any order.
    this.#events.push({
      key,
      eventName: this.random.pick(['ObjectCreated:Put', 'ObjectRemoved:DeleteMarkerCreated']),
    });
  }

  /** Few different ones, so that what was corrected is corrected back. */
  #texts(): string[] {
    return Array.from({ length: this.random.below(3) }, (_, line) => `TEXT${line}${this.random.below(2)}`);
  }

  async #ingest(event: Event): Promise<void> {
    this.#deliver(this.#events, event);
    const activity = new Activity(this.random.chance(0.3));
    await this.#begin(
      activity,
      () => ingest(activity, event, (message) => this.#messages.push(message)),
      () => this.#events.push(event),
    );
  }

  async #embed(body: string): Promise<void> {
    this.#deliver(this.#messages, body);
    const activity = new Activity(this.random.chance(0.3));
    await this.#begin(
      activity,
      () => embedIn(activity, body),
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

const drop = (key: string, texts: readonly string[]) =>
  world.put(key, JSON.stringify(visionResult(layOut(texts.map((text) => [text])))));

const dropTogether = (key: string, file: ReadonlyMap<number, readonly string[]>) =>
  world.put(
    key,
    JSON.stringify({
      receipts: [...file].map(([receipt_id, texts]) => ({
        receipt_id,
        ...visionResult(layOut(texts.map((text) => [text]))),
      })),
    }),
  );

interface Event {
  readonly key: string;
  readonly eventName: string;
}

function ingest(
  activity: Activity,
  { key, eventName }: Event,
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

const embedIn = (activity: Activity, body: string): Promise<void> =>
  embedMessage(body, {
    ...inTurns(activity),
    model: MODEL,
    dimensions: DIMENSIONS,
    embed: (texts) => activity.inTurn(async () => texts.map((text) => embed(text))),
  });

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
  const random = seededRandom(SEED);
  const all: Life[] = [];
  while (all.length < IMAGES) {
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

  const documents = new Map<string, (string | null)[]>();
  for (const [id, { document }] of await world.published()) {
    const of = parseRecordId(id);
    const prefix = of && receiptIdPrefix(of);
    documents.set(String(prefix), [...(documents.get(String(prefix)) ?? []), document]);
  }
  for (const life of all) {
    for (const receiptId of NUMBERS) {
      const receipt = { imageId: life.imageId, receiptId };
      const runs = await runsOfReceipt(world.table, receipt);
      const unfinished = runs.filter(({ lines: { state } }) => isUnfinished(state));
      const { unreadable } = life;
      const published = (documents.get(receiptIdPrefix(receipt)) ?? []).sort();
      expect({ receipt, published, unfinished, unreadable }).toEqual({
        receipt,
        published: [...life.textsOf(receiptId)].sort(),
        unfinished: [],
        unreadable: undefined,
      });
    }
  }
});

describe('A function that is overtaken after any of its requests', () => {
  /** More than either function sends. */
  const REQUESTS = 18;
  const CREATED = 'ObjectCreated:Put';
  const OLD = new Map(NUMBERS.map((receiptId) => [receiptId, ['OLD']]));
  const remove = (key: string) =>
    world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: key })).then(() => {});

  /** What comes over an image whose first file holds all receipts; it changes one file, and leaves these texts. */
  const CHANGES_OF_STATE: Readonly<
    Record<
      string,
      {
        file: number;
        before?: (key: string) => Promise<void>;
        ends: Record<number, string[]>;
        change: (key: string) => Promise<void>;
      }
    >
  > = {
    'a newer state of one receipt': {
      file: 1,
      ends: { 1: ['NEW', 'TEXT'] },
      change: (key) => drop(key, ['NEW', 'TEXT']),
    },
    'a newer state that holds fewer receipts': {
      file: 1,
      ends: { 1: ['NEW'], 3: ['TEXT'] },
      change: (key) =>
        dropTogether(
          key,
          new Map([
            [1, ['NEW']],
            [3, ['TEXT']],
          ]),
        ),
    },
    'its removal': { file: 1, ends: {}, change: remove },
    'a file of its own for the second': {
      file: 2,
      ends: { 1: ['OLD'], 2: ['NEW'], 3: ['OLD'] },
      change: (key) => drop(key, ['NEW']),
    },
    'the removal of the second’s own file': {
      file: 2,
      before: (key) => drop(key, ['ITS OWN']),
      ends: { 1: ['OLD'], 2: ['OLD'], 3: ['OLD'] },
      change: remove,
    },
  };

  const inOneGo = async (handle: (activity: Activity) => Promise<void>): Promise<void> => {
    const activity = new Activity(false);
    await activity.begin(() => handle(activity));
    await activity.toItsEnd();
  };
  const ingested = async (key: string): Promise<string[]> => {
    const sent: string[] = [];
    await inOneGo((activity) =>
      ingest(activity, { key, eventName: CREATED }, (message) => sent.push(message)),
    );
    return sent;
  };
  const embedded = async (messages: readonly string[]): Promise<void> => {
    for (const message of messages) await inOneGo((activity) => embedIn(activity, message));
  };

  const CASES = Object.keys(CHANGES_OF_STATE).flatMap((change) =>
    ['process-ocr-results', 'embed-from-ndjson'].map((name) => [change, name] as const),
  );
  it.each(CASES)('by %s never wins over it: %s', async (name, functionName) => {
    const { file, before, ends, change } = CHANGES_OF_STATE[name] ?? { file: 1, ends: {}, change: remove };
    const images: string[] = Array.from({ length: REQUESTS }, () => randomUUID());
    for (const [requests, imageId] of images.entries()) {
      const first = ocrKey({ imageId, receiptId: FIRST_RECEIPT });
      const key = ocrKey({ imageId, receiptId: file });
      await dropTogether(first, OLD);
      if (before !== undefined) {
        await before(key);
        await embedded(await ingested(key));
      }
      const slow = new Activity(true);
      const late: string[] = [];
      if (functionName === 'embed-from-ndjson') {
        // The second receipt's is slow; those of the others come late.
        const [one = '', two = '', ...others] = await ingested(first);
        late.push(one, ...others);
        await slow.begin(() => embedIn(slow, two));
      } else {
        // What was overwritten while it was read fails, and is delivered again.
        const handle = () =>
          ingest(slow, { key: first, eventName: CREATED }, (message) => late.push(message));
        await slow.begin(() => handle().catch(() => {}));
      }
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(requests));
      await change(key);
      const messages = await ingested(key);
      await embedded(messages);
      await slow.toItsEnd();
      await embedded(late);
      // A file that was overtaken while it was read is announced once more.
      if (file !== FIRST_RECEIPT) await embedded(await ingested(first));
    }
    await world.compactOnce();
    const found = new Map<string, (string | null)[]>();
    for (const [id, { document }] of await world.published()) {
      const of = parseRecordId(id);
      if (of === undefined || !images.includes(of.imageId)) continue;
      const name = `${images.indexOf(of.imageId)}/${of.receiptId}`;
      found.set(name, [...(found.get(name) ?? []), document].sort());
    }
    const expected = images.flatMap((_, index) =>
      Object.entries(ends).map(([receiptId, texts]) => [`${index}/${receiptId}`, [...texts].sort()] as const),
    );
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });
});
