import { createHash, randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { decodeNdjson, lineRowSchema, wordRowSchema } from '../../../contracts/ndjson-rows';
import { OCR_RESULTS } from '../../../demo/receipts/receipts';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { useHandlerHarness } from '../../support/handler-harness';

const NAME = 'process-ocr-results';
const harness = useHandlerHarness({ functions: [NAME] });

/** S3 encodes keys as a form does. */
const formEncoded = (key: string) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
const notification = (...keys: string[]) => ({
  Records: keys.map((key) => ({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventTime: '2026-03-14T17:42:00.000Z',
    eventName: 'ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'ocr-results',
      bucket: { name: harness.pipeline.bucket, arn: `arn:aws:s3:::${harness.pipeline.bucket}` },
      object: { key: formEncoded(key), size: 1, eTag: 'x', sequencer: '1' },
    },
  })),
});
/** Drops a receipt and returns its key. */
async function drop(body: string = OCR_RESULTS['vision-coffee-shop'], imageId = randomUUID()) {
  const key = `ocr/${imageId}/receipt-00001.json`;
  await harness.put(key, body);
  const etag = createHash('md5').update(body).digest('hex');
  return { key, imageId, etag, rows: `receipts/${imageId}/receipt-00001/${etag}/` };
}
const versionOf = async (Key: string) =>
  (await harness.s3.send(new HeadObjectCommand({ Bucket: harness.pipeline.bucket, Key }))).VersionId;
const embedMessages = async () =>
  (await harness.take(harness.pipeline.queues['embed-ndjson'].url)).map(({ Body = '' }) => JSON.parse(Body));

test('a receipt that is dropped into the bucket becomes NDJSON and one message, for both OCR sources', async () => {
  harness.pipeline.resumeConsumers();
  for (const name of ['vision-supermarket', 'textract-pharmacy'] as const) {
    const { key, imageId, etag, rows } = await drop(OCR_RESULTS[name]);
    const message = await eventually('the embed message', async () =>
      (await embedMessages()).find(({ image_id }) => image_id === imageId),
    );
    expect(message).toEqual({
      version: 1,
      image_id: imageId,
      receipt_id: 1,
      bucket: harness.pipeline.bucket,
      lines_key: `${rows}lines.ndjson`,
      words_key: `${rows}words.ndjson`,
      ocr: { key, etag: `"${etag}"`, version: await versionOf(key) },
    });
    const lines = decodeNdjson(String(await harness.get(message.lines_key)), lineRowSchema, 'lines');
    const words = decodeNdjson(String(await harness.get(message.words_key)), wordRowSchema, 'words');
    expect(lines.length).toBeGreaterThan(10);
    expect(words.length).toBeGreaterThan(lines.length);
    expect(lines.filter(({ is_noise }) => is_noise)).toHaveLength(1);
  }
});

test.each([0, 1, 2, 3])(
  'an S3 error at position %i of a batch reports that message and no other',
  async (position) => {
    const receipts = await Promise.all(Array.from({ length: 4 }, () => drop()));
    const failing = receipts[position]?.key ?? '';
    await harness.s3Faults.inject({ keyPrefix: failing, fail: 'AccessDenied', times: 0 });
    const bodies = receipts.map(({ key }) => notification(key));
    expect(await harness.deliver(NAME, bodies)).toEqual([position]);
    expect(await embedMessages()).toHaveLength(3);
  },
);

test.each([0, 1, 2])(
  'an unreadable file at position %i is kept whole with its reason, and its neighbours go on',
  async (position) => {
    const secret = `secret-${randomUUID()}`;
    const unreadable = `{"lines": "${secret}"}`;
    const receipts = await Promise.all(
      [0, 1, 2].map((index) => drop(index === position ? unreadable : undefined)),
    );
    expect(
      await harness.deliver(
        NAME,
        receipts.map(({ key }) => notification(key)),
      ),
    ).toEqual([]);
    expect(await embedMessages()).toHaveLength(2);

    const { key } = receipts[position] ?? {};
    const kept = (await harness.quarantined()).find(
      ({ reason }) => 'key' in reason.source && reason.source.key === key,
    );
    expect(kept?.content.toString()).toBe(unreadable);
    expect(kept?.reason.reason).toContain('lines');
    const said = harness
      .logged('Input was quarantined')
      .filter(({ source }) => (source as { key?: string }).key === key);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ level: 'ERROR', reason: kept?.reason.reason });
    expect(harness.lines.join()).not.toContain(secret);
  },
);

test('a message is not acknowledged before its file lies in quarantine', async () => {
  const { key } = await drop('no JSON');
  for (const operation of ['CopyObject', 'PutObject']) {
    await harness.s3Faults.inject({ operation, keyPrefix: 'quarantine/', fail: 'AccessDenied' });
    expect(await harness.deliver(NAME, [notification(key)])).toEqual([0]);
  }
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
});

test('a file that is replaced while it goes into quarantine is read anew, not kept under the wrong reason', async () => {
  const { key } = await drop('no JSON');
  const { bucket } = harness.pipeline;
  const body = OCR_RESULTS['vision-coffee-shop'];
  await harness.s3Faults.inject({
    operation: 'CopyObject',
    keyPrefix: `quarantine/${key}`,
    mutate: { put: { bucket, key, body } },
  });
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([0]);
  expect(await harness.keys(`quarantine/${key}`)).toEqual([]);
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  expect(await embedMessages()).toHaveLength(1);
});

test('keys with spaces, plus signs and accents arrive as they are', async () => {
  const key = `ocr/Straße 1+1 = 2 %20/receipt ${randomUUID()}.json`;
  await harness.put(key, OCR_RESULTS['vision-coffee-shop']);
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  const kept = (await harness.quarantined()).find(
    ({ reason }) => 'key' in reason.source && reason.source.key === key,
  );
  expect(kept?.reason.reason).toContain('ocr/{image uuid}/receipt-{five digits}.json');
  expect(kept?.content.toString()).toBe(OCR_RESULTS['vision-coffee-shop']);
});

test('B8: a file of another suffix or layout that is dropped under ocr/ is kept with a note, and a folder is passed over', async () => {
  harness.pipeline.resumeConsumers();
  const id = randomUUID();
  const keys = [`ocr/${id}/receipt-00001.JSON`, `ocr/${id}/receipt-00001.txt`, `ocr/${id}.json`, `ocr/${id}`];
  await harness.put(`ocr/${id}/`, '');
  for (const key of keys) await harness.put(key, OCR_RESULTS['vision-coffee-shop']);
  const notes = () => harness.quarantined();
  const sources = async () =>
    (await notes()).flatMap(({ reason }) => ('key' in reason.source ? [reason.source.key] : []));
  await eventually('the notes', async () => {
    const kept = await sources();
    return keys.slice(1).every((key) => kept.includes(key));
  });
  expect(await sources()).not.toContain(`ocr/${id}/`);
  expect(harness.logged('A folder was made, which holds nothing to read')).toEqual([
    expect.objectContaining({ key: `ocr/${id}/` }),
  ]);
});

test('a key that is as long as S3 allows can be quarantined', async () => {
  const key = `ocr/${'x'.repeat(1_015)}.json`;
  await harness.put(key, '{}');
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  expect((await harness.quarantined()).map(({ reason }) => reason.source)).toContainEqual(
    expect.objectContaining({ key }),
  );
});

test("S3's test event is neither work nor a failure", async () => {
  const event = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: harness.pipeline.bucket };
  const before = (await harness.quarantined()).length;
  expect(await harness.deliver(NAME, [event])).toEqual([]);
  expect(await harness.quarantined()).toHaveLength(before);
});

test.each([
  ['not JSON', 'hello', 'not JSON'],
  ['another service', JSON.stringify({ Records: [{ eventSource: 'aws:sns' }] }), 'not an S3 event'],
  [
    'an expiration by S3 itself',
    JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'LifecycleExpiration:Delete' }] }),
    'not an S3 event',
  ],
  ['an empty list', JSON.stringify({ Records: [] }), 'not an S3 event'],
])('a message that is %s is kept with its reason, and its neighbour goes on', async (_what, body, reason) => {
  const { key } = await drop();
  expect(await harness.deliver(NAME, [body, notification(key)])).toEqual([]);
  expect(await embedMessages()).toHaveLength(1);
  const kept = (await harness.quarantined()).find(({ content }) => content.toString() === body);
  expect(kept?.reason.reason).toContain(reason);
});

test('a notification for another prefix or bucket is never quarantined, since that would announce itself for ever', async () => {
  const foreign = JSON.parse(
    JSON.stringify(notification('ocr/a.json')).replaceAll(harness.pipeline.bucket, 'another-bucket'),
  );
  const { key } = await drop();
  const before = (await harness.keys('quarantine/')).length;
  const bodies = [notification('quarantine/x/content'), notification(key), foreign];
  expect(await harness.deliver(NAME, bodies)).toEqual([0, 2]);
  expect(await harness.keys('quarantine/')).toHaveLength(before);
});

test('a receipt that is removed, whatever the event says, gives two empty files and one message', async () => {
  const imageId = randomUUID();
  const key = `ocr/${imageId}/receipt-00001.json`;
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  const [message, ...others] = await embedMessages();
  expect(others).toEqual([]);
  expect(message).toMatchObject({ image_id: imageId, receipt_id: 1, ocr: { key, etag: null }, removal: '1' });
  for (const file of [message.lines_key, message.words_key]) {
    expect(file).toContain(`receipts/${imageId}/receipt-00001/removed/`);
    expect(await harness.get(file)).toHaveLength(0);
  }
  expect(harness.logged('An OCR result was removed')).toContainEqual(expect.objectContaining({ imageId }));
});

describe('B8: A file of the first receipt that holds several', () => {
  const one = (receipt_id: number) => ({ receipt_id, ...JSON.parse(OCR_RESULTS['vision-coffee-shop']) });
  const holding = (...numbers: number[]) => JSON.stringify({ receipts: numbers.map(one) });
  const keyOf = (imageId: string, number: number) => `ocr/${imageId}/receipt-0000${number}.json`;
  /** What a change of a file leads to: for each receipt that is told of, the rows' folder and the object that decided. */
  const told = async (imageId: string, number: number) => {
    expect(await harness.deliver(NAME, [notification(keyOf(imageId, number))])).toEqual([]);
    const messages = await embedMessages();
    const entries = messages.map(({ receipt_id, lines_key, words_key, ocr: { version, ...ocr } }) => {
      expect(version === undefined).toBe(ocr.etag === null);
      expect(words_key).toBe(lines_key.replace(/lines(?=\.ndjson$)/, 'words'));
      const [, folder] =
        new RegExp(`^receipts/${imageId}/receipt-0000${receipt_id}/(.*)/lines`).exec(lines_key) ?? [];
      return [receipt_id, { folder, ocr }] as const;
    });
    expect(new Set(entries.map(([id]) => id)).size).toBe(messages.length);
    return Object.fromEntries(entries);
  };
  const md5 = (body: string) => createHash('md5').update(body).digest('hex');
  const state = (key: string, body: string, isHeld = true) => ({
    folder: isHeld ? md5(body) : 'removed',
    ocr: { key, etag: `"${md5(body)}"` },
  });

  it('tells of each of them, and of those that it held before, each by its own state', async () => {
    const imageId = randomUUID();
    const first = keyOf(imageId, 1);
    await harness.put(first, holding(1, 2, 3));
    const held = state(first, holding(1, 2, 3));
    expect(await told(imageId, 1)).toEqual({ 1: held, 2: held, 3: held });

    await harness.put(first, holding(3));
    const [kept, gone] = [state(first, holding(3)), state(first, holding(3), false)];
    expect(await told(imageId, 1)).toEqual({ 1: gone, 2: gone, 3: kept });

    const alone = OCR_RESULTS['vision-coffee-shop'];
    await harness.put(first, alone);
    expect(await told(imageId, 1)).toEqual({
      1: state(first, alone),
      2: state(first, alone, false),
      3: state(first, alone, false),
    });
  });

  it('tells of no receipt that has a file of its own, nor of one that it never held', async () => {
    const imageId = randomUUID();
    const [first, second] = [keyOf(imageId, 1), keyOf(imageId, 2)];
    const alone = OCR_RESULTS['vision-coffee-shop'];
    await harness.put(first, holding(1, 2));
    await harness.put(second, alone);
    const held = state(first, holding(1, 2));
    expect(await told(imageId, 1)).toEqual({ 1: held });
    expect(await told(imageId, 2)).toEqual({ 2: state(second, alone) });
    await harness.put(keyOf(imageId, 3), alone);
    await harness.put(first, alone);
    expect(await told(imageId, 1)).toEqual({ 1: state(first, alone) });
  });

  it('decides again of a receipt whose own file goes', async () => {
    const imageId = randomUUID();
    const first = keyOf(imageId, 1);
    const removed = { folder: 'removed', ocr: { key: first, etag: null } };
    expect(await told(imageId, 2)).toEqual({ 2: removed });
    await harness.put(first, holding(1, 2));
    expect(await told(imageId, 2)).toEqual({ 2: state(first, holding(1, 2)) });
    expect(await told(imageId, 3)).toEqual({ 3: state(first, holding(1, 2), false) });
    await harness.put(first, 'no JSON');
    expect(await told(imageId, 2)).toEqual({ 2: state(first, 'no JSON', false) });
  });

  it('and is too large to be read holds none of them, also when the own file of one goes', async () => {
    const imageId = randomUUID();
    const first = keyOf(imageId, 1);
    const tooLarge = holding(1, 2) + ' '.repeat(33 * 1024 * 1024);
    await harness.put(first, tooLarge);
    expect(await told(imageId, 1)).toEqual({});
    expect(await told(imageId, 2)).toEqual({ 2: state(first, tooLarge, false) });
  });

  it('is quarantined whole under any other number, with the name of the file that may hold it', async () => {
    const imageId = randomUUID();
    await harness.put(keyOf(imageId, 4), holding(1, 2));
    expect(await told(imageId, 4)).toEqual({});
    const kept = (await harness.quarantined()).find(
      ({ reason }) => 'key' in reason.source && reason.source.key === keyOf(imageId, 4),
    );
    expect(kept?.reason.reason).toContain(keyOf(imageId, 1));
    expect(kept?.content.toString()).toBe(holding(1, 2));
  });
});

test('what is removed and never was a receipt, and the folders that the console makes, are no work', async () => {
  const folder = `ocr/${randomUUID()}/`;
  await harness.put(folder, '');
  const before = (await harness.quarantined()).length;
  expect(await harness.deliver(NAME, [notification('ocr/notes.txt', folder)])).toEqual([]);
  expect(await embedMessages()).toEqual([]);
  expect(await harness.quarantined()).toHaveLength(before);
});

test('one message may announce several files: the good ones are read, the bad one is kept', async () => {
  const receipts = [await drop(), await drop('no JSON'), await drop()];
  expect(await harness.deliver(NAME, [notification(...receipts.map(({ key }) => key))])).toEqual([]);
  expect(await embedMessages()).toHaveLength(2);
});

test('a receipt on which nothing was found gives two empty files and one message', async () => {
  const { key, rows } = await drop('{"lines":[]}');
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  const files = await Promise.all((await harness.keys(rows)).map(harness.get));
  expect(files.map(({ length }) => length)).toEqual([0, 0]);
  expect(await embedMessages()).toHaveLength(1);
});

test('a message that is delivered again writes the same bytes', async () => {
  const { key, rows } = await drop();
  const hashes = async () =>
    Promise.all(
      (await harness.keys(rows)).map(async (each) =>
        createHash('md5')
          .update(await harness.get(each))
          .digest('hex'),
      ),
    );
  await harness.deliver(NAME, [notification(key)]);
  const first = await hashes();
  await harness.deliver(NAME, [notification(key)]);
  expect(await hashes()).toEqual(first);
  expect(first).toHaveLength(2);
});

test('a function that is killed between its two files leaves a message that can be handled again', async () => {
  const { key, rows } = await drop();
  await harness.s3Faults.inject({ operation: 'PutObject', keyPrefix: `${rows}words`, delay: 60_000 });
  const killed = harness.deliver(NAME, [notification(key)]);
  killed.catch(() => {});
  await eventually('the first file', async () => (await harness.keys(rows)).length === 1);
  await harness.pipeline.runtimes.get(NAME)?.kill();
  await expect(killed).rejects.toThrow();

  await harness.s3Faults.clearFaults();
  expect(await embedMessages()).toEqual([]);
  expect(await harness.deliver(NAME, [notification(key)])).toEqual([]);
  expect(await harness.keys(rows)).toHaveLength(2);
  expect(await embedMessages()).toHaveLength(1);
});
