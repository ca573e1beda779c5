import { createHash, randomUUID } from 'node:crypto';
import { GetObjectAttributesCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { COLLECTIONS } from '../../../contracts/collections';
import { decodeRun, hasDeltas } from '../../../contracts/compaction-run';
import { contentHash } from '../../../contracts/delta';
import { encodeNdjson } from '../../../contracts/ndjson-rows';
import { QUEUES } from '../../../contracts/queues';
import type { EmbeddingFault } from '../../../demo/embedding-endpoint/faults';
import { OCR_RESULTS } from '../../../demo/receipts/receipts';
import { endedRun } from '../../../functions/embed-from-ndjson/receipt-run';
import { decodeDelta } from '../../../functions/shared/delta-file';
import {
  changeUnembedded,
  completeRun,
  pendingItems,
  runsOfReceipt,
} from '../../../functions/shared/run-table';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { useHandlerHarness } from '../../support/handler-harness';
import { receiptOfFile } from '../../support/receipt-of-file';

const NAME = 'embed-from-ndjson';
/** The delivery after which a message would be a dead letter. */
const LAST = QUEUES['embed-ndjson'].maximumReceives;
const RECEIPTS = {
  coffee: 'vision-coffee-shop',
  market: 'vision-supermarket',
  pharmacy: 'textract-pharmacy',
} as const;
/** More than the market's receipt has tokens, and fewer than it has bytes. */
const REQUEST_TOKENS = 1_200;
const harness = useHandlerHarness({
  functions: [NAME],
  variables: { EMBEDDING_REQUEST_LENGTH: String(REQUEST_TOKENS) },
});

/** Writes a receipt's NDJSON and returns the message that announces it. */
async function write(name: keyof typeof RECEIPTS | 'empty' = 'coffee', imageId: string = randomUUID()) {
  const rows =
    name === 'empty'
      ? { lines: [], words: [] }
      : receiptOfFile(Buffer.from(OCR_RESULTS[RECEIPTS[name]]), { imageId, receiptId: 1 });
  const key = (collection: string) => `receipts/${imageId}/receipt-00001/${collection}.ndjson`;
  for (const collection of COLLECTIONS) await harness.put(key(collection), encodeNdjson(rows[collection]));
  return {
    version: 1,
    image_id: imageId,
    receipt_id: 1,
    bucket: harness.pipeline.bucket,
    lines_key: key('lines'),
    words_key: key('words'),
  };
}
const runsOf = ({ image_id }: { image_id: string }) =>
  runsOfReceipt(harness.table, { imageId: image_id, receiptId: 1 });
/** Where the receipt's runs stand, in order of creation. */
const statesOf = async (message: { image_id: string }) =>
  (await runsOf(message)).map((run) => {
    const states = new Set(COLLECTIONS.map((each) => run[each].state));
    return [...states].join(' and ') + (hasDeltas(run) ? '' : ' without deltas');
  });
const misbehave = (...faults: EmbeddingFault[]) => harness.pipeline.embedding?.misbehave(...faults);
const requests = async () => (await harness.pipeline.embedding?.requests()) ?? [];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a receipt becomes two checked deltas and one pending run', async () => {
  const message = await write('market');
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  const [run, ...others] = await runsOf(message);
  expect(others).toEqual([]);
  expect(run).toMatchObject({
    lines: { state: 'PENDING', records: 11 },
    words: { state: 'PENDING', records: 27 },
  });
  for (const collection of COLLECTIONS) {
    const Key = run?.[collection].delta_key ?? '';
    expect(Key).toBe(`${collection}/delta/${run?.run_id}/delta.arrow`);
    const bytes = await harness.get(Key);
    expect(sha256(bytes)).toBe(run?.[collection].delta_sha256);
    const { header, records } = decodeDelta(bytes, Key);
    expect(header).toMatchObject({
      run_id: run?.run_id,
      created_at: run?.created_at,
      collection,
      model: 'text-embedding-3-small',
      dimensions: 1536,
      text_format_version: 2,
      records: run?.[collection].records,
    });
    for (const record of records) expect(record.contentHash).toBe(contentHash(record));
    const attributes = await harness.s3.send(
      new GetObjectAttributesCommand({ Bucket: message.bucket, Key, ObjectAttributes: ['Checksum'] }),
    );
    expect(attributes.Checksum?.ChecksumSHA256).toBe(
      Buffer.from(run?.[collection].delta_sha256 ?? '', 'hex').toString('base64'),
    );
    const pending = await pendingItems(harness.table, collection);
    expect(pending.map((item) => decodeRun(item).run_id)).toContain(run?.run_id);
  }
});

test('C10: the bundle counts tokens, so that what fits into one request is one', async () => {
  const message = await write('market');
  const before = (await requests()).length;
  await harness.deliver(NAME, [message]);
  expect(await requests()).toHaveLength(before + 1);
  const [run] = await runsOf(message);
  const sent = await Promise.all(
    COLLECTIONS.map(
      async (each) => decodeDelta(await harness.get(run?.[each].delta_key ?? ''), each).records,
    ),
  );
  const texts = [...new Set(sent.flat().map(({ embeddedText }) => embeddedText))];
  expect(Buffer.byteLength(texts.join(''))).toBeGreaterThan(REQUEST_TOKENS);
});

test("records keep within Chroma Cloud's limits, and their numbers are integers", async () => {
  const message = await write('pharmacy');
  await harness.deliver(NAME, [message]);
  const [run] = await runsOf(message);
  const { records } = decodeDelta(await harness.get(run?.words.delta_key ?? ''), 'words');
  for (const { id, document, metadata } of records) {
    expect(Buffer.byteLength(id)).toBeLessThanOrEqual(128);
    expect(Buffer.byteLength(document)).toBeLessThanOrEqual(16_384);
    expect(Object.keys(metadata).length).toBeLessThanOrEqual(32);
    for (const key of Object.keys(metadata)) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(36);
    for (const field of ['receipt_id', 'line_id', 'word_id'])
      expect(Number.isInteger(metadata[field])).toBe(true);
  }
  const ibuprofen = records.find(({ metadata }) => metadata.text === 'IBUPROFEN');
  expect(ibuprofen).toMatchObject({
    id: `IMAGE#${message.image_id}#RECEIPT#00001#LINE#00005#WORD#00001`,
    document: 'IBUPROFEN',
    embeddedText: '<EDGE> <EDGE> IBUPROFEN 200MG 8.29',
    metadata: { image_id: message.image_id, receipt_id: 1, line_id: 5, word_id: 1, right: '200MG' },
  });
});

test('B5: two receipts without a line have a run each, with deltas of its own', async () => {
  const messages = [await write('empty'), await write('empty')];
  expect(await harness.deliver(NAME, messages)).toEqual([]);
  const runs = (await Promise.all(messages.map(runsOf))).flat();
  expect(new Set(runs.map(({ run_id }) => run_id)).size).toBe(2);
  for (const run of runs) {
    const { header } = decodeDelta(await harness.get(run.lines.delta_key), run.lines.delta_key);
    expect(header).toMatchObject({ image_id: run.image_id, run_id: run.run_id, records: 0 });
  }
});

test('a message that is delivered again embeds nothing twice', async () => {
  const message = await write();
  await harness.deliver(NAME, [message]);
  const before = await requests();
  expect(await harness.deliver(NAME, [message, message])).toEqual([]);
  expect(await requests()).toHaveLength(before.length);
  expect(await runsOf(message)).toHaveLength(1);
});

test('two deliveries at the same time make one run, whose checksum is that of the stored delta', async () => {
  const message = await write();
  expect(await harness.deliver(NAME, [message, message, message])).toEqual([]);
  const [run, ...others] = await runsOf(message);
  expect(others).toEqual([]);
  for (const collection of COLLECTIONS) {
    const bytes = await harness.get(run?.[collection].delta_key ?? '');
    expect(sha256(bytes)).toBe(run?.[collection].delta_sha256);
  }
});

test('a delivery that stalls until another one is done changes neither its deltas nor its run', async () => {
  const message = await write();
  await harness.s3Faults.inject({ operation: 'PutObject', keyPrefix: 'words/delta/', delay: 3_000 });
  const stalled = harness.deliver(NAME, [message]);
  await eventually('the stalled request', async () => (await harness.s3Faults.faults())[0]?.fired === 1);
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  const [run] = await runsOf(message);
  if (run === undefined) throw new Error('The second delivery made no run.');
  await completeRun(harness.table, run, 'lines', run.lines.records);

  expect(await stalled).toEqual([]);
  const [after, ...others] = await runsOf(message);
  expect(others).toEqual([]);
  expect(after?.lines.state).toBe('COMPLETED');
  for (const collection of COLLECTIONS) {
    expect(sha256(await harness.get(run[collection].delta_key))).toBe(after?.[collection].delta_sha256);
  }
});

test('a correction that is undone is a third run, later than the others', async () => {
  const message = await write('coffee');
  for (const name of ['coffee', 'market', 'coffee', 'coffee'] as const) {
    await harness.deliver(NAME, [await write(name, message.image_id)]);
  }
  const runs = await runsOf(message);
  expect(runs.map(({ lines }) => lines.records)).toEqual([6, 11, 6]);
  expect(new Set(runs.map(({ created_at }) => created_at)).size).toBe(3);
});

test('a receipt without any text makes a run of no records, which asks the endpoint nothing', async () => {
  const before = await requests();
  const message = await write('empty');
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  const [run] = await runsOf(message);
  expect(run).toMatchObject({
    lines: { state: 'PENDING', records: 0 },
    words: { state: 'PENDING', records: 0 },
  });
  expect(decodeDelta(await harness.get(run?.words.delta_key ?? ''), 'words').records).toEqual([]);
  expect(await requests()).toHaveLength(before.length);
});

const NONSENSE = ['nonsense', 'wrong-shape', 'wrong-dimensions', 'wrong-count', 'zero-vectors'] as const;

test.each(NONSENSE)(
  'C11: an endpoint that keeps answering with %s fails its receipt at the last delivery alone, and with the reason',
  async (kind) => {
    const message = await write();
    for (const receives of [1, LAST - 1]) {
      await misbehave({ kind }, { kind });
      expect(await harness.deliver(NAME, [message], receives)).toEqual([0]);
      expect(await statesOf(message)).toEqual(['PENDING without deltas']);
    }
    await misbehave({ kind }, { kind });
    expect(await harness.deliver(NAME, [message], LAST)).toEqual([]);
    const [run] = await runsOf(message);
    for (const collection of COLLECTIONS) {
      expect(run?.[collection]).toMatchObject({ state: 'FAILED', finished_at: expect.any(String) });
      expect(run?.[collection].error).toContain('The embedding endpoint answers nonsense.');
      expect(await harness.keys(`${collection}/delta/${run?.run_id}/`)).toEqual([]);
    }
    const said = harness
      .logged('A run ends FAILED before it was embedded')
      .filter(({ run_id }) => run_id === run?.run_id);
    expect(said).toMatchObject([{ level: 'ERROR', reason: run?.lines.error }]);
    expect(harness.lines.filter((line) => line.includes('"RunsFailed":1')).length).toBeGreaterThan(0);

    // Its neighbours, and the same receipt once it is dropped again, are embedded.
    const neighbour = await write('pharmacy');
    expect(await harness.deliver(NAME, [message, neighbour])).toEqual([]);
    expect(await statesOf(message)).toEqual(['FAILED without deltas', 'PENDING']);
    expect(await statesOf(neighbour)).toEqual(['PENDING']);
  },
);

test('C11: nonsense that passes before the last delivery costs nothing but time', async () => {
  const message = await write();
  await misbehave({ kind: 'nonsense' }, { kind: 'wrong-shape' });
  expect(await harness.deliver(NAME, [message])).toEqual([0]);
  const [arrived] = await runsOf(message);
  expect(await harness.deliver(NAME, [message], 2)).toEqual([]);
  const [run, ...others] = await runsOf(message);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ run_id: arrived?.run_id, created_at: arrived?.created_at });
  expect(await statesOf(message)).toEqual(['PENDING']);
});

test('an endpoint that answers nonsense once is asked again', async () => {
  await misbehave({ kind: 'zero-vectors' });
  const message = await write();
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  expect((await runsOf(message)).map(({ lines }) => lines.state)).toEqual(['PENDING']);
});

test('an endpoint that is busy for a moment is waited for, as long as it asks', async () => {
  await misbehave(
    { kind: 'rate-limited', retryAfterSeconds: 1 },
    { kind: 'server-error' },
    { kind: 'hang-up' },
  );
  const message = await write();
  const before = (await requests()).length;
  const start = Date.now();
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  expect(Date.now() - start).toBeGreaterThanOrEqual(1_000);
  expect(
    (await requests()).slice(before).map(({ status, encodingFormat }) => [status, encodingFormat]),
  ).toEqual(
    expect.arrayContaining([
      [429, 'base64'],
      [500, 'base64'],
      [200, 'base64'],
    ]),
  );
  expect(await runsOf(message)).toHaveLength(1);
});

test('C12: an endpoint that stays busy reports the message back, and the table shows the receipt', async () => {
  await misbehave(
    ...Array.from({ length: 5 }, () => ({ kind: 'rate-limited' as const, retryAfterSeconds: 0 })),
  );
  const message = await write();
  // Not even the last delivery fails the run: the message becomes a dead letter, which is redriven.
  expect(await harness.deliver(NAME, [message], LAST)).toEqual([0]);
  expect(await statesOf(message)).toEqual(['PENDING without deltas']);
  expect(harness.logged('A message failed and will be delivered again').at(-1)).toMatchObject({
    reason: expect.stringContaining('HTTP 429'),
  });
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  expect(await statesOf(message)).toEqual(['PENDING']);
});

test.each<[string, Record<string, string>, string]>([
  ['no secret', {}, 'cannot be read from Secrets Manager'],
  ['an empty secret', { secret: ' ' }, 'holds no text'],
  ['a key that the endpoint refuses', { secret: 'another-key' }, 'HTTP 401'],
])('with %s nothing is embedded, and it is said', async (_what, { secret }, reason) => {
  const { embedding } = harness.pipeline.config;
  const restart = () => harness.pipeline.runtimes.get(NAME)?.kill();
  if (secret === undefined) await harness.aws.withdraw(embedding.secretName);
  else await harness.aws.declare({ secrets: { [embedding.secretName]: secret } });
  await restart();
  const message = await write();
  expect(await harness.deliver(NAME, [message])).toEqual([0]);
  expect(await statesOf(message)).toEqual(['PENDING without deltas']);
  expect(harness.logged('A message failed and will be delivered again').at(-1)).toMatchObject({
    reason: expect.stringContaining(reason),
  });
  expect(harness.lines.join()).not.toContain('another-key');
  await harness.aws.declare({ secrets: { [embedding.secretName]: 'local-embedding-key' } });
  await restart();
});

test.each<[string, (good: Record<string, unknown>) => unknown, string]>([
  ['another version', (good) => ({ ...good, version: 2 }), 'version'],
  ['not JSON', () => 'hello', 'not JSON'],
  ['another bucket', (good) => ({ ...good, bucket: 'the-old-bucket' }), 'the-old-bucket'],
  ['a file that is not there', (good) => ({ ...good, words_key: 'receipts/none' }), 'does not exist'],
  ['rows of another receipt', (good) => ({ ...good, receipt_id: 2 }), 'another receipt'],
  ['words for lines', (good) => ({ ...good, words_key: good.lines_key }), 'word_id'],
])('a message of %s is kept with its reason, and its neighbours go on', async (_what, change, reason) => {
  const changed = change(await write());
  const body = typeof changed === 'string' ? changed : JSON.stringify(changed);
  const neighbours = [await write(), await write('pharmacy')];
  expect(await harness.deliver(NAME, [neighbours[0], body, neighbours[1]])).toEqual([]);
  for (const neighbour of neighbours) expect(await runsOf(neighbour)).toHaveLength(1);
  const kept = (await harness.quarantined()).find(({ content }) => content.toString() === body);
  expect(kept?.reason).toMatchObject({ quarantined_by: NAME, reason: expect.stringContaining(reason) });
});

test.each([0, 1, 2, 3])(
  'an S3 error at position %i of a batch reports that message and no other',
  async (position) => {
    const messages = await Promise.all(Array.from({ length: 4 }, () => write()));
    const failing = messages[position]?.lines_key ?? '';
    await harness.s3Faults.inject({ keyPrefix: failing, fail: 'AccessDenied', times: 0 });
    expect(await harness.deliver(NAME, messages)).toEqual([position]);
    const runs = await Promise.all(messages.map(runsOf));
    expect(runs.map(({ length }) => length)).toEqual(
      messages.map((_, index) => (index === position ? 0 : 1)),
    );
  },
);

test('a function that is killed between its deltas and its run leaves a message that can be handled again', async () => {
  const message = await write();
  await harness.s3Faults.inject({ operation: 'PutObject', keyPrefix: 'words/delta/', delay: 60_000 });
  const before = (await harness.keys('lines/delta/')).length;
  const killed = harness.deliver(NAME, [message]);
  killed.catch(() => {});
  await eventually('the first delta', async () => (await harness.keys('lines/delta/')).length > before);
  await harness.pipeline.runtimes.get(NAME)?.kill();
  await expect(killed).rejects.toThrow();
  expect(await statesOf(message)).toEqual(['PENDING without deltas']);

  await harness.s3Faults.clearFaults();
  expect(await harness.deliver(NAME, [message])).toEqual([]);
  const [run, ...others] = await runsOf(message);
  expect(others).toEqual([]);
  expect(sha256(await harness.get(run?.lines.delta_key ?? ''))).toBe(run?.lines.delta_sha256);
});

describe('C12: a run that waits for its deltas', () => {
  const ocrOf = async ({ image_id }: { image_id: string }, text: string) => {
    const key = `ocr/${image_id}/receipt-00001.json`;
    await harness.put(key, text);
    const { ETag } = await harness.s3.send(
      new HeadObjectCommand({ Bucket: harness.pipeline.bucket, Key: key }),
    );
    return { key, etag: ETag ?? '' };
  };
  /** A message that was delivered while the endpoint answered nonsense, with the OCR object that it is about. */
  const waiting = async () => {
    const written = await write();
    const message = { ...written, ocr: await ocrOf(written, 'first') };
    await misbehave({ kind: 'nonsense' }, { kind: 'nonsense' });
    expect(await harness.deliver(NAME, [message])).toEqual([0]);
    expect(await statesOf(message)).toEqual(['PENDING without deltas']);
    return message;
  };

  it('is SUPERSEDED when a newer state of its receipt arrives, even if that cannot be embedded either', async () => {
    const message = await waiting();
    await misbehave({ kind: 'nonsense' }, { kind: 'nonsense' });
    const newer = await write('market', message.image_id);
    expect(await harness.deliver(NAME, [newer])).toEqual([0]);
    expect(await statesOf(message)).toEqual(['SUPERSEDED without deltas', 'PENDING without deltas']);
    const [superseded, later] = await runsOf(message);
    expect(superseded?.words.error).toBe(`The later run ${later?.run_id} has arrived.`);
    expect(await harness.deliver(NAME, [newer], 2)).toEqual([]);
    expect(await statesOf(message)).toEqual(['SUPERSEDED without deltas', 'PENDING']);
  });

  it('is SUPERSEDED by its own message, when what it is about is no more and the newer state has no run', async () => {
    const message = await waiting();
    await ocrOf(message, 'second, which is quarantined');
    expect(await harness.deliver(NAME, [message], 2)).toEqual([]);
    expect(await statesOf(message)).toEqual(['SUPERSEDED without deltas']);
    // And the first state, when it is dropped once more, is embedded.
    await ocrOf(message, 'first');
    expect(await harness.deliver(NAME, [message])).toEqual([]);
    expect(await statesOf(message)).toEqual(['SUPERSEDED without deltas', 'PENDING']);
  });

  it('is left to its own message by an older one of the receipt', async () => {
    const message = await waiting();
    const older = { ...(await write('market')), ocr: { ...message.ocr, etag: '"0"' } };
    const rows = { lines_key: older.lines_key, words_key: older.words_key };
    expect(rows.lines_key).not.toBe(message.lines_key);
    for (const collection of COLLECTIONS) {
      const of = (key: string) => key.replace(/[^/]+$/, `${collection}.ndjson`);
      const text = (await harness.get(of(older.lines_key))).toString();
      await harness.put(of(older.lines_key), text.replaceAll(older.image_id, message.image_id));
    }
    expect(await harness.deliver(NAME, [{ ...message, ...rows, ocr: older.ocr }])).toEqual([]);
    expect(await statesOf(message)).toEqual(['PENDING without deltas']);
  });

  it('and ended while it was embedded sends its message back, so that a new one follows', async () => {
    const message = await write();
    await harness.s3Faults.inject({ operation: 'PutObject', keyPrefix: 'words/delta/', delay: 3_000 });
    const stalled = harness.deliver(NAME, [message]);
    await eventually('the stalled request', async () => (await harness.s3Faults.faults())[0]?.fired === 1);
    const [run] = await runsOf(message);
    if (run === undefined) throw new Error('The receipt has no run.');
    expect(await changeUnembedded(harness.table, endedRun(run, 'SUPERSEDED', 'by a test'))).toBe(true);
    expect(await stalled).toEqual([0]);
    expect(await harness.deliver(NAME, [message], 2)).toEqual([]);
    expect(await statesOf(message)).toEqual(['SUPERSEDED without deltas', 'PENDING']);
  });
});

test('nothing that the function printed holds document text or the key', async () => {
  expect(
    await harness.deliver(NAME, [await write('market'), await write('pharmacy'), '{"broken": "IBUPROFEN"}']),
  ).toEqual([]);
  expect(harness.lines.length).toBeGreaterThan(0);
  expect(harness.lines.join('\n')).not.toMatch(/IBUPROFEN|CARDAMOM|SOURDOUGH|local-embedding-key/);
});
