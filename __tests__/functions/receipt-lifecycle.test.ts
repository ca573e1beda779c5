import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { annotationKey, FIRST_RECEIPT, ocrKey } from '../../contracts/bucket-layout';
import { isUnfinished } from '../../contracts/compaction-run';
import { parseRecordId, type ReceiptReference, receiptIdPrefix } from '../../contracts/record-id';
import { layOut } from '../../demo/receipts/lay-out';
import { visionResult } from '../../demo/receipts/ocr-results';
import { UnreadableInput } from '../../functions/shared/quarantine';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { useCompactionHarness } from '../support/compaction-harness';
import { intercepted } from '../support/intercepted-client';
import {
  announce,
  dropReceipt,
  embedIn,
  ingest,
  nextSequencer,
  putOcrResult,
  removeObject,
  untilTheNextSecond,
} from '../support/receipt-functions';
import { type SeededRandom, seededRandom } from '../support/seeded-random';

/** How many images live through the test, each with up to three receipts; `IMAGES=500` takes a quarter of an hour. */
const IMAGES = Number(process.env.IMAGES ?? 12);
/** Ends what hangs: ten times what an image takes on a quiet machine. */
const MILLISECONDS_PER_IMAGE = 15_000;
const SEED = Number(process.env.SEED ?? 8);
/** That live at the same time. */
const AT_ONCE = 12;
/** What happens to the objects of one image: far more than in a year. */
const CHANGES = 8;

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

/** What an annotation says of each line, and of the first. */
interface Annotation {
  readonly every: number;
  readonly first: number;
}

/** The receipts of each image: the first's file may hold all of them, and each may have a file of its own. */
const NUMBERS = [1, 2, 3] as const;

/** One image, and everything of it that is under way: no queue promises an order, or to deliver once. */
class Life {
  readonly imageId = randomUUID();
  /** Why a function found its message unreadable, which none here is. */
  unreadable: string | undefined;
  #changes = CHANGES;
  readonly #files: Files = new Map();
  readonly #annotations = new Map<number, Annotation>();
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

  /** What is said of a receipt; undefined once that was removed, or before there was any. */
  annotationOf(receiptId: number): Annotation | undefined {
    return this.#annotations.get(receiptId);
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
    const key = await (this.random.chance(0.25) ? this.#annotate() : this.#drop());
    // What the event says is not looked at: events come in any order.
    const eventName = this.random.pick(['ObjectCreated:Put', 'ObjectRemoved:DeleteMarkerCreated']);
    this.#events.push({ key, eventName, sequencer: nextSequencer() });
  }

  async #drop(): Promise<string> {
    const receiptId = this.random.pick([FIRST_RECEIPT, FIRST_RECEIPT, ...NUMBERS]);
    const key = ocrKey({ imageId: this.imageId, receiptId });
    if (this.random.chance(this.#files.has(receiptId) ? 0.45 : 0.1)) {
      await removeObject(world, key);
      this.#files.delete(receiptId);
      return key;
    }
    const mayHold = receiptId === FIRST_RECEIPT && this.random.chance(0.7) ? NUMBERS : [receiptId];
    const held = mayHold.filter(() => this.random.chance(0.7));
    const file = new Map(held.map((each) => [each, this.#texts()]));
    this.#files.set(receiptId, file);
    await dropTogether(key, file);
    return key;
  }

  async #annotate(): Promise<string> {
    const receiptId = this.random.pick(NUMBERS);
    const key = annotationKey({ imageId: this.imageId, receiptId });
    if (this.random.chance(0.2)) {
      await removeObject(world, key);
      this.#annotations.delete(receiptId);
      return key;
    }
    const [every, first] = [this.random.below(3), this.random.below(3)];
    this.#annotations.set(receiptId, { every, first });
    const lines = [{ line_id: 1, metadata: { first } }];
    await world.put(key, JSON.stringify({ receipt: { every }, lines }));
    return key;
  }

  /** Few different ones, so that what was corrected is corrected back. */
  #texts(): string[] {
    return Array.from({ length: this.random.below(3) }, (_, line) => `TEXT${line}${this.random.below(2)}`);
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
    // What fails leaves its run without deltas until it is delivered again, or is overtaken.
    const fails = this.random.chance(0.3);
    await this.#begin(
      activity,
      () => embedIn(world, body, { inTurn: activity.inTurn, fails }),
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
  readonly sequencer: string;
}

test(
  'the last state of each receipt wins, in whatever order its events, messages and requests come',
  async () => {
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

    const lines = new Map<string, Line[]>();
    for (const [id, { document, metadata }] of await world.published()) {
      const of = parseRecordId(id);
      if (of === undefined) continue;
      const prefix = receiptIdPrefix(of);
      lines.set(prefix, [...(lines.get(prefix) ?? []), { lineId: of.lineId, document, metadata }]);
    }
    let annotated = 0;
    for (const life of all) {
      for (const receiptId of NUMBERS) {
        const receipt = { imageId: life.imageId, receiptId };
        const runs = await runsOfReceipt(world.table, receipt);
        const unfinished = runs.filter(({ lines: { state } }) => isUnfinished(state));
        const { unreadable } = life;
        const published = lines.get(receiptIdPrefix(receipt)) ?? [];
        const documents = published.map(({ document }) => document).sort();
        expect({ receipt, documents, unfinished, unreadable }).toEqual({
          receipt,
          documents: [...life.textsOf(receiptId)].sort(),
          unfinished: [],
          unreadable: undefined,
        });
        // One that was removed says nothing: what it had set may stay, or go with its record.
        const annotation = life.annotationOf(receiptId);
        if (annotation === undefined) continue;
        annotated += published.length;
        const { every, first } = annotation;
        for (const { lineId, metadata } of published)
          expect({ receipt, lineId, metadata }).toMatchObject({
            receipt,
            metadata: { every, ...(lineId === 1 && { first }) },
          });
      }
    }
    expect(annotated).toBeGreaterThan(0);
  },
  IMAGES * MILLISECONDS_PER_IMAGE,
);

interface Line {
  readonly lineId: number;
  readonly document: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

describe('A function that is overtaken after any of its requests', () => {
  /** More than either function sends. */
  const REQUESTS = 21;
  /** Of a case each third request, another third for the next case; `EVERY=1` overtakes after each of all cases. */
  const EVERY = Number(process.env.EVERY ?? 3);
  const OLD = new Map(NUMBERS.map((receiptId) => [receiptId, ['OLD']]));
  type Change = (receipt: ReceiptReference) => Promise<unknown>;
  const remove: Change = (receipt) => removeObject(world, ocrKey(receipt));
  const drop = (receipt: ReceiptReference, texts: readonly string[]) => putOcrResult(world, receipt, texts);

  /** What comes over an image whose first file holds all receipts; it changes one file, and leaves these texts. */
  const CHANGES_OF_STATE: Readonly<
    Record<
      string,
      {
        file: number;
        before?: Change;
        ends: Record<number, string[]>;
        change: Change;
      }
    >
  > = {
    'a newer state of one receipt': {
      file: 1,
      ends: { 1: ['NEW', 'TEXT'] },
      change: (receipt) => drop(receipt, ['NEW', 'TEXT']),
    },
    'a newer state that holds fewer receipts': {
      file: 1,
      ends: { 1: ['NEW'], 3: ['TEXT'] },
      change: (receipt) =>
        dropTogether(
          ocrKey(receipt),
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
      change: (receipt) => drop(receipt, ['NEW']),
    },
    'the removal of the second’s own file': {
      file: 2,
      before: (receipt) => drop(receipt, ['ITS OWN']),
      ends: { 1: ['OLD'], 2: ['OLD'], 3: ['OLD'] },
      change: remove,
    },
  };

  const ingested = async (key: string): Promise<string[]> => {
    const sent: string[] = [];
    await ingest(world, key, (message) => sent.push(message));
    return sent;
  };
  const embedded = async (messages: readonly string[]): Promise<void> => {
    for (const message of messages) await embedIn(world, message);
  };

  const CASES = Object.keys(CHANGES_OF_STATE)
    .flatMap((change) => ['process-ocr-results', 'embed-from-ndjson'].map((name) => [change, name] as const))
    .map(([change, name], index) => [change, name, index % EVERY] as const);
  it.each(CASES)('by %s never wins over it: %s', async (name, functionName, offset) => {
    const { file, before, ends, change } = CHANGES_OF_STATE[name] ?? { file: 1, ends: {}, change: remove };
    const images: string[] = Array.from({ length: REQUESTS / EVERY }, () => randomUUID());
    for (const [index, imageId] of images.entries()) {
      const requests = index * EVERY + offset;
      const first = ocrKey({ imageId, receiptId: FIRST_RECEIPT });
      const receipt = { imageId, receiptId: file };
      const key = ocrKey(receipt);
      await dropTogether(first, OLD);
      if (before !== undefined) {
        await before(receipt);
        await embedded(await ingested(key));
      }
      const slow = new Activity(true);
      const late: string[] = [];
      if (functionName === 'embed-from-ndjson') {
        // The second receipt's is slow; those of the others come late.
        const [one = '', two = '', ...others] = await ingested(first);
        late.push(one, ...others);
        // So does what lost its run to a newer one before it was embedded.
        await slow.begin(() => embedIn(world, two, slow).catch(() => void late.push(two)));
      } else {
        // What was overwritten while it was read fails, and is delivered again.
        const send = (message: string) => late.push(message);
        const handle = () => ingest(world, first, send, { inTurn: slow.inTurn });
        await slow.begin(() => handle().catch(() => {}));
      }
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(requests));
      await change(receipt);
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
    const receipts = images.flatMap((imageId) => NUMBERS.map((receiptId) => ({ imageId, receiptId })));
    const runs = (await Promise.all(receipts.map((receipt) => runsOfReceipt(world.table, receipt)))).flat();
    expect(runs.filter(({ lines }) => isUnfinished(lines.state))).toEqual([]);
  });

  it('never wins over a newer annotation', async () => {
    const say = (receipt: ReceiptReference, what: string) =>
      world.put(annotationKey(receipt), JSON.stringify({ receipt: { what } }));
    for (let requests = 0; requests < REQUESTS; requests += EVERY) {
      const receipt = { imageId: randomUUID(), receiptId: 1 };
      await dropReceipt(world, receipt, ['TEXT']);
      const key = annotationKey(receipt);
      await say(receipt, 'OLD');
      const [message = ''] = await ingested(key);
      const slow = new Activity(true);
      await slow.begin(() => embedIn(world, message, slow));
      for (let sent = 0; sent < requests && !slow.isOver; sent++) await slow.step(seededRandom(0));
      await say(receipt, 'NEW');
      await embedded(await ingested(key));
      await slow.toItsEnd();
    }
    await world.compactOnce();
    const said = [...(await world.published()).values()].flatMap(({ metadata }) => metadata.what ?? []);
    expect(said).toEqual(Array.from({ length: REQUESTS / EVERY }, () => 'NEW'));
  });
});

describe('A receipt whose image’s id is spelled in two ways', () => {
  const lettersOf = (imageId: string) => ({ small: imageId, capitals: imageId.toUpperCase() });
  const drop = (imageId: string, receiptId: number, texts: readonly string[] | undefined) =>
    dropReceipt(world, { imageId, receiptId }, texts);

  it.each(['small', 'capitals'] as const)(
    'stays while one of its OCR results stands, and goes with the last: the one in %s goes first',
    async (first) => {
      const { small, capitals } = lettersOf(randomUUID());
      for (const imageId of [small, capitals]) await drop(imageId, 1, ['SHOP']);
      await drop(first === 'small' ? small : capitals, 1, undefined);
      await world.compactOnce();
      expect(await world.documents()).toEqual(['SHOP']);
      await drop(first === 'small' ? capitals : small, 1, undefined);
      await world.compactOnce();
      expect(await world.documents()).toEqual([]);
    },
  );

  it('is what was written last, whichever event comes last', async () => {
    const { small, capitals } = lettersOf(randomUUID());
    await drop(small, 1, ['OLD']);
    await untilTheNextSecond();
    await drop(capitals, 1, ['NEW']);
    const late: string[] = [];
    const said: string[] = [];
    const say = (line: string) => said.push(line);
    await ingest(world, ocrKey({ imageId: small, receiptId: 1 }), (message) => late.push(message), { say });
    expect(said).toContainEqual(expect.stringContaining('under the other spelling of its image id'));
    for (const message of late) await embedIn(world, message);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['NEW']);
  });

  it.each([
    ['small', 'capitals'],
    ['capitals', 'small'],
  ] as const)(
    'is that in small letters where both were written in one second, and what is left when one goes: the event of %s comes first',
    async (first, second) => {
      const inOneSecond = intercepted(world.s3, async (command, send) => {
        const answer = await send();
        return command instanceof HeadObjectCommand
          ? Object.assign(answer as object, { LastModified: new Date('2026-01-01T00:00:00Z') })
          : answer;
      });
      const place = { ...world, s3: inOneSecond };
      for (const [goes, stays] of [
        ['small', 'CAPITALS'],
        ['capitals', 'SMALL'],
      ] as const) {
        const ids = lettersOf(randomUUID());
        const keyOf = (letters: 'small' | 'capitals') => ocrKey({ imageId: ids[letters], receiptId: 1 });
        await putOcrResult(place, { imageId: ids.small, receiptId: 1 }, ['SMALL']);
        await putOcrResult(place, { imageId: ids.capitals, receiptId: 1 }, ['CAPITALS']);
        const said: string[] = [];
        const say = (line: string) => said.push(line);
        for (const letters of [first, second]) {
          await ingest(place, keyOf(letters), (message) => embedIn(place, message), { say });
          expect(said.splice(0)).toContainEqual(
            expect.stringContaining('of one second the one in small letters'),
          );
        }
        await world.compactOnce();
        expect(await world.documents()).toEqual(['SMALL']);
        await dropReceipt(place, { imageId: ids[goes], receiptId: 1 }, undefined);
        await world.compactOnce();
        expect(await world.documents()).toEqual([stays]);
        await dropReceipt(
          place,
          { imageId: ids[goes === 'small' ? 'capitals' : 'small'], receiptId: 1 },
          undefined,
        );
      }
    },
  );

  it('takes precedence over what the first says of it, and falls back to it', async () => {
    const { small, capitals } = lettersOf(randomUUID());
    await drop(capitals, 2, ['ITS OWN']);
    const first = ocrKey({ imageId: small, receiptId: 1 });
    await dropTogether(first, new Map([[2, ['OF THE FIRST']]]));
    await announce(world, first);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['ITS OWN']);
    await drop(capitals, 2, undefined);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['OF THE FIRST']);
  });
});
