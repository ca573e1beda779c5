import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { COLLECTIONS } from '../../../../contracts/collections';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { createBucket, put, putDelta, putSnapshot, putSnapshotManifest } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, numbered } from '../migration-setting';

/** D23: a certificate proves a bucket later, by somebody else, without the old bucket. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

let number = 0;
const ODD = 'odd/ü +%</script>\u2028.txt';

async function certified(...more: string[]) {
  const objects = { ...numbered(3), [ODD]: 'odd' };
  const setting = await migratedSetting(harness, objects);
  const file = `certificate-${++number}.json`;
  const made = await harness.json('verify', setting.plan, '--certificate', file, ...more);
  const text = await harness.read(file);
  const lines: Record<string, unknown>[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const against = (...also: string[]) => harness.json('verify', '--against', file, ...also);
  const rewrite = (changed: string) => writeFile(join(harness.folder, file), changed);
  return { ...setting, objects, file, made, text, lines, against, rewrite };
}

describe('a certificate', () => {
  it('writes key, size, ETag, checksum and version of every object, under one digest that anybody can check', async () => {
    const { made, text, lines, objects, source, destination } = await certified();
    expect(made.code).toBe(0);
    const [header, ...rest] = lines;
    expect(header).toEqual({
      kind: 'certificate',
      version: 1,
      tool: expect.stringMatching(/^migrate-buckets \d/),
      at: expect.any(String),
      source,
      destination,
      plan: expect.stringMatching(/^[0-9a-f]{64}$/),
      deep: false,
    });
    expect(rest.slice(0, -2)).toEqual(
      Object.entries(objects).map(([key, body]) => ({
        kind: 'object',
        key,
        size: body.length,
        etag: createHash('md5').update(body).digest('hex'),
        version_id: null,
        checksum: { algorithm: 'CRC32', value: expect.any(String), type: 'FULL_OBJECT' },
        sha256: null,
        level: 'P3',
      })),
    );
    expect(rest.at(-2)).toMatchObject({
      kind: 'summary',
      objects: 4,
      levels: { P4: 0, P3: 4, P2: 0, P1: 0, P0: 0 },
      fidelity: { compared: 4, differing: 0 },
    });
    const sealed = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
    const digest = createHash('sha256').update(sealed).digest('hex');
    expect(rest.at(-1)).toEqual({ kind: 'seal', digest });
    expect(made.result).toMatchObject({ by: 'source', proven: true, certificate: { digest } });
  });

  it('is not written where an object is not proven, and never replaces a file', async () => {
    const { file, text, plan, destination } = await certified();
    const again = await harness.json('verify', plan, '--certificate', file);
    expect({ code: again.code, message: again.result.message }).toEqual({
      code: 2,
      message: `There is a file at ${file} already, and a certificate never replaces one. Name another file.`,
    });
    expect(await harness.read(file)).toBe(text);
    await put(harness.s3, destination, ODD, 'ODD');
    const { code, result } = await harness.json('verify', plan, '--certificate', `other-${file}`);
    expect({ code, certificate: result.certificate }).toEqual({ code: 3, certificate: null });
    expect(await readdir(harness.folder)).not.toContain(`other-${file}`);
    expect((await readdir(harness.folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is not written while an object changes after it was listed', async () => {
    const { plan } = await certified();
    await harness.admin.inject({
      operation: 'HeadObject',
      keyPrefix: ODD,
      fail: 'PreconditionFailed',
      times: 1,
    });
    const { code, events } = await harness.json('verify', plan, '--certificate', 'none.json');
    expect({ code, end: events.at(-1) }).toMatchObject({
      code: 3,
      end: { message: expect.stringContaining('was changed after it was listed. Run verify again.') },
    });
    await harness.admin.clearFaults();
    expect(await readdir(harness.folder)).not.toContain('none.json');
  });

  it('holds the SHA-256 of the bytes with --deep', async () => {
    const { lines, objects, against } = await certified('--deep');
    expect(lines.slice(1, -2).map(({ sha256 }) => sha256)).toEqual(
      Object.values(objects).map((body) => createHash('sha256').update(body).digest('hex')),
    );
    expect((await against()).result).toMatchObject({ proven: true, bytes_compared: 0 });
    expect((await against('--deep')).result).toMatchObject({ proven: true, bytes_compared: 4, deep: true });
  });

  it('holds the version of every object where versions are kept', async () => {
    const setting = await migratedSetting(harness, async (source) => {
      const destination = source.replace('old', 'new');
      for (const Bucket of [source, destination]) {
        await harness.s3.send(
          new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
        );
      }
      await put(harness.s3, source, 'a', 'first');
    });
    const { plan, destination: Bucket } = setting;
    expect((await harness.json('verify', plan, '--certificate', 'versions.json')).code).toBe(0);
    const [, object] = (await harness.read('versions.json')).split('\n');
    const { version_id: VersionId } = JSON.parse(object ?? '');
    const { Body } = await harness.s3.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId }));
    expect(await Body?.transformToString()).toBe('first');

    const against = () => harness.json('verify', '--against', 'versions.json');
    await put(harness.s3, Bucket, 'a', 'first');
    expect((await against()).result).toMatchObject({ proven: true, same: 1, rewritten: 1 });
    await put(harness.s3, Bucket, 'a', 'other');
    const changed = await against();
    expect(changed.code).toBe(3);
    expect(changed.result.problems).toEqual([
      {
        key: 'a',
        why: expect.stringContaining(`Its certified version ${VersionId} is still there, as an older one.`),
      },
    ]);
    await harness.s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    expect((await against()).result.problems).toEqual([
      {
        key: 'a',
        why: `It is missing. Its certified version ${VersionId} is still there, as an older one.`,
      },
    ]);
  });
});

describe('verify --against', () => {
  it('reads the certificate of a plan that archives a part of its source, in the order of the destination', async () => {
    const snapshot = await makeSnapshot(1);
    const { s3 } = harness;
    for (const name of ['part-a', 'part-b', 'part-new']) await createBucket(s3, name);
    for (const name of ['part-a', 'part-b']) {
      for (const collection of COLLECTIONS)
        await putSnapshot(s3, name, collection, '20260101_120000', snapshot);
    }
    for (const key of ['a-first', 'zzz']) await put(s3, 'part-a', key, key);
    const named = ['--source', 'lines=part-a', '--source', 'words=part-b', '--dest', 'part-new'];
    const searched = ['--bucket', 'part-a', '--bucket', 'part-b', '--out', 'part.json'];
    expect((await harness.json('plan', ...named, ...searched)).code).toBe(0);
    const applied = ['--confirm', 'part-a', '--settle', '0'];
    expect((await harness.json('apply', 'part-part-a.json', ...applied)).code).toBe(0);
    const made = await harness.json('verify', 'part-part-a.json', '--certificate', 'part-certificate.json');
    expect(made).toMatchObject({ code: 0, result: { proven: true } });
    const { code, result } = await harness.json('verify', '--against', 'part-certificate.json');
    expect({ code, result }).toMatchObject({ code: 0, result: { same: made.result.objects, proven: true } });
    expect((await readdir(harness.folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('proves a bucket without the old bucket and without the plan, and counts what is extra', async () => {
    const { source, destination, plan, objects, against } = await certified();
    for (const Key of Object.keys(objects)) {
      await harness.s3.send(new DeleteObjectCommand({ Bucket: source, Key }));
    }
    await writeFile(join(harness.folder, plan), 'lost');
    await put(harness.s3, destination, 'written/later', 'by the pipeline');
    const { code, result } = await against();
    expect(code).toBe(0);
    expect(result).toMatchObject({
      by: 'certificate',
      bucket: destination,
      certificate: { source, destination },
      objects: 4,
      same: 4,
      rewritten: 0,
      checksums_compared: 4,
      extra: 1,
      problems: [],
      proven: true,
    });
    await harness.s3.send(new DeleteBucketCommand({ Bucket: source })).catch(() => undefined);
    const said = (await harness.run(['verify', '--against', `certificate-${number}.json`])).stdout;
    expect(said).toContain(`${destination} holds what was certified.`);
  });

  it('names what is missing, and an object that was replaced by one of the same size', async () => {
    const { destination: Bucket, against, objects } = await certified();
    const [first = '', second = ''] = Object.keys(objects);
    await harness.s3.send(new DeleteObjectCommand({ Bucket, Key: first }));
    await put(harness.s3, Bucket, second, 'BODY 1');
    const { code, result } = await against();
    expect(code).toBe(3);
    expect(result).toMatchObject({ same: 2, problem_count: 2, proven: false });
    expect(result.problems).toEqual([
      { key: first, why: 'It is missing.' },
      { key: second, why: expect.stringMatching(/^Its ETag is [0-9a-f]{32}; [0-9a-f]{32} was certified\.$/) },
    ]);
  });

  it('proves another bucket than the certified one by its name', async () => {
    const { against } = await certified();
    const other = await migratedSetting(harness, { 'lines/delta/run-0000/delta.tar.gz': 'body 0' });
    const { code, result } = await against('--bucket', other.destination);
    expect(code).toBe(3);
    expect(result).toMatchObject({ bucket: other.destination, same: 1, problem_count: 3 });
  });

  it('explains a pointer that the pipeline moved on, and does not hide one that leads elsewhere', async () => {
    const [old, newer] = ['20260101_120000', '20260202_120000'];
    const snapshot = await makeSnapshot(3);
    const { plan, destination } = await migratedSetting(harness, async (source) => {
      await putSnapshot(harness.s3, source, 'lines', old, snapshot);
      await putDelta(harness.s3, source, 'lines', 'a');
    });
    expect((await harness.json('verify', plan, '--certificate', 'pointer.json')).code).toBe(0);
    await putSnapshot(harness.s3, destination, 'lines', newer, snapshot);
    const pointer = 'lines/snapshot/latest-pointer.txt';
    const against = () => harness.json('verify', '--against', 'pointer.json');
    const elsewhere = await against();
    expect(elsewhere.code).toBe(3);
    expect(elsewhere.result).toMatchObject({ moved_on: [], problem_count: 1 });
    expect(elsewhere.result.problems).toEqual([
      { key: pointer, why: expect.stringContaining(`without having adopted ${old}`) },
    ]);

    const more = { archive: snapshot.archive, lineage: [old] };
    await putSnapshotManifest(harness.s3, destination, 'lines', newer, more);
    const moved = await against();
    expect(moved.code).toBe(0);
    expect(moved.result.moved_on).toEqual([
      {
        key: pointer,
        why: `It names a newer snapshot, which is sound and was built from the certified one, ${old}.`,
      },
    ]);
  });

  let sound: Awaited<ReturnType<typeof certified>>;
  beforeAll(async () => {
    sound = await certified();
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['altered', (text) => text.replace('"size":6', '"size":7'), /was altered: its digest is [0-9a-f]{64}/],
    ['cut between lines', (text) => text.slice(0, text.lastIndexOf('{')), /is cut off: the seal/],
    ['cut within a line', (text) => text.slice(0, -9), /is not a certificate .*\(line 7\)/],
    ['cut to its header', (text) => text.slice(0, text.indexOf('\n') + 1), /is cut off: the seal/],
    ['empty', () => '', /is cut off: the seal/],
    ['longer than its seal', (text) => `${text}${text}`, /goes on after its seal/],
    ['of another version', (text) => text.replace('"version":1', '"version":2'), /\(line 1\)/],
    ['something else', () => '{"kind":"plan"}', /\(line 1\)/],
    ['without its first line', (text) => text.slice(text.indexOf('\n') + 1), /\(line 1\)/],
  ])('refuses a certificate that is %s, by a sentence', async (_what, change, said) => {
    const { text, rewrite, against } = sound;
    expect(change(text)).not.toBe(text);
    await rewrite(change(text));
    const { code, events } = await against();
    expect({ code, end: events.at(-1) }).toEqual({
      code: 2,
      end: { event: 'error', message: expect.stringMatching(said), exit_code: 2 },
    });
  });

  it.each([
    [['--against', 'none.json'], 'There is no certificate at none.json.'],
    [['plan.json', '--against', 'none.json'], 'verify takes a plan'],
    [['plan.json', '--bucket', 'new'], 'verify takes a plan'],
  ])('says what it takes: %j', async (args, said) => {
    const { code, events } = await harness.json('verify', ...args);
    expect({ code, message: events.at(-1)?.message }).toEqual({
      code: 2,
      message: expect.stringContaining(said),
    });
  });
});
